"""A campaign's form as the page changes it: each value under the path that its faults name, as button[2].url."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from pipelines.plan.form import Form

BUTTON_KINDS = ("url", "payload", "phone")
MOST_WORDINGS = 6
"""More are not offered: each would be read by too few to tell which is better. Ours; the platform knows no limit."""

_STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")
_EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Wording:
    """One text of a form: the path of what belongs to it ('' at the top, else variant[n].), its name, its words."""

    place: str
    name: str
    text: str


def find(form: Form, path: str) -> Any:
    """Return what stands at a path; None where nothing does."""
    at: Any = form
    for key, number in _steps(path):
        at = at.get(key) if isinstance(at, dict) else None
        if number and isinstance(at, list):
            at = at[number - 1] if number <= len(at) else None
    return at


def put(form: Form, path: str, value: Any, *, keep_empty: bool = False) -> None:
    """Write a value at a path, with the tables that it needs.

    What is empty is taken out, and so are tables that this leaves empty, but for rows of a list.
    """
    above: list[tuple[Form, str]] = []
    at = form
    *tables, (last, _) = _steps(path)
    for key, number in tables:
        if number:
            at, above = at[key][number - 1], []  # a row stays, though nothing be in it
        else:
            above.append((at, key))
            at = at.setdefault(key, {})
    if keep_empty or value not in _EMPTY:
        at[last] = value
        return
    at.pop(last, None)
    for table, key in reversed(above):
        if not table[key]:
            del table[key]


def rows(form: Form, table: str) -> list[Form]:
    """Return the rows of a list of tables."""
    return form.get(table, [])  # type: ignore[no-any-return]


def add_row(form: Form, table: str, **values: Any) -> None:
    """Add a row at the end."""
    form.setdefault(table, []).append(values)


def drop_row(form: Form, table: str, number: int) -> None:
    """Take a row out; they count from 1."""
    del form[table][number - 1]
    if not form[table]:
        del form[table]


def wordings(form: Form) -> list[Wording]:
    """Return the texts: those of the variants, or the one at the top."""
    variants = rows(form, "variant")
    if not variants:
        return [Wording("", "A", form.get("text", ""))]
    return [
        Wording(f"variant[{number}].", row.get("name", ""), row.get("text", ""))
        for number, row in enumerate(variants, start=1)
    ]


def add_wording(form: Form) -> None:
    """Add a text, to be read by an equal share of the people; the one at the top becomes a variant too."""
    if "variant" not in form:
        add_row(form, "variant", name="A")
        put(form, "variant[1].text", form.pop("text", ""))
    taken = {row.get("name") for row in form["variant"]}
    add_row(form, "variant", name=next(letter for letter in ascii_uppercase if letter not in taken))
    share_equally(form)


def drop_wording(form: Form, number: int) -> None:
    """Take a text out; the last that is left stands at the top again."""
    drop_row(form, "variant", number)
    if len(form["variant"]) == 1:
        (left,) = form.pop("variant")
        put(form, "text", left.get("text"))
    else:
        share_equally(form)


def share_equally(form: Form) -> None:
    """Give every text the same share, in whole percent; what is left over goes to the first ones."""
    count = len(form["variant"])
    for number, row in enumerate(form["variant"]):
        row["share"] = (100 // count + (number < 100 % count)) / 100


def give_share(form: Form, number: int, percent: int) -> None:
    """Give one text its share in percent; of two, the other has the rest."""
    form["variant"][number - 1]["share"] = percent / 100
    if len(form["variant"]) == 2:
        form["variant"][2 - number]["share"] = (100 - percent) / 100


def button_kind(button: Form) -> str:
    """Return what a button does: url, payload or phone."""
    return next((kind for kind in BUTTON_KINDS if kind in button), "url")


def turn_button(button: Form, kind: str) -> None:
    """Make a button do something else; what the old thing needed goes."""
    for each in BUTTON_KINDS:
        button.pop(each, None)
    button[kind] = ""  # an empty one is a fault that says what to write; none at all would forget the kind


def _steps(path: str) -> Iterator[tuple[str, int]]:
    for match in _STEP.finditer(path):
        yield match[1], int(match[2] or 0)
