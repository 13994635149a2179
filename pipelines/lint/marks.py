"""Prices, dates, order numbers and other things with a form, as the markets of the eleven languages write them."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from pipelines import DATA
from pipelines.lint.fold import Folded
from pipelines.lint.numbers import is_card, is_identity

_CARD = re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])")
_VARIABLE = re.compile(r"\{\{[^{}]{1,60}\}\}")
_HINTS = re.compile(r"[\d@.$%={:折]")


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing with a form: its kind, and [start, end) in the folded text."""

    kind: str
    start: int
    end: int


def marks(folded: Folded) -> list[Mark]:
    """Find what has a form, from left to right.

    Kinds: those of data/marks.toml, `card` (a payment card's number, checked by its digits) and `variable` ({{name}}).
    """
    text = folded.text
    if not _HINTS.search(text):
        return []
    found = [Mark(kind, *each.span()) for kind, pattern in _patterns().items() for each in pattern.finditer(text)]
    found = [mark for mark in found if mark.kind != "national_id" or is_identity(text[mark.start : mark.end])]
    orders = [mark for mark in found if mark.kind == "order_number"]
    found += [
        Mark("card", *each.span())
        for each in _CARD.finditer(text)
        if is_card(each[0]) and not any(order.start < each.end() and each.start() < order.end for order in orders)
    ]
    found += [Mark("variable", *each.span()) for each in _VARIABLE.finditer(text)]
    return sorted(found, key=lambda mark: (mark.start, mark.kind, mark.end))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    table = tomllib.loads((DATA / "marks.toml").read_text(encoding="utf-8"))
    parts = {"{" + name + "}": "|".join(ways) for name, ways in table["part"].items()}
    patterns = {}
    for kind, ways in table["form"].items():
        form = "|".join(f"(?:{way})" for way in ways)
        for name, part in parts.items():
            form = form.replace(name, part)
        patterns[kind] = re.compile(form)
    return patterns
