"""Utility templates: promotion hidden in their variables, and templates that are little but variables."""

import re
from collections.abc import Iterable

from pipelines.lint.message import Finding
from pipelines.lint.reading import Reading
from pipelines.lint.rules.promotion import offer_spans

_VARIABLE = re.compile(r"\{\{\s*([^{}]{1,60}?)\s*\}\}")
_WORDS_A_VARIABLE = 3


def mostly_variables(reading: Reading) -> Iterable[Finding]:
    """Too few words around the variables: Meta refuses the template."""
    found = list(_VARIABLE.finditer(reading.message.text)) if reading.message.lane == "utility" else []
    rest = _VARIABLE.sub(" ", reading.message.text)
    words = len(rest.split()) if rest.isascii() else len(rest.replace(" ", "")) // 2
    if found and words < _WORDS_A_VARIABLE * len(found):
        reason = f"{len(found)} variables stand among {words} words."
        yield from reading.finding(
            "utility.disallows.mostly_variables", "content", found[0].span(), reason, "Write more of it out."
        )


def promotional_variable(reading: Reading) -> Iterable[Finding]:
    """A variable whose name says that an offer will be filled in."""
    spans = reading.spans("promotional_variable") if reading.message.lane == "utility" else []
    if spans:
        reason = f"{reading.quoted(spans[0])} will hold an offer."
        yield from reading.finding(
            "utility.disallows.promotional_variable", "content", spans[0], reason, "Leave it out."
        )


def promotion_in_parameters(reading: Reading) -> Iterable[Finding]:
    """An offer in what is filled in: the person reads it all the same."""
    if reading.message.lane != "utility":
        return
    for found in _VARIABLE.finditer(reading.message.text):
        filled = reading.message.variables.get(found[1])
        if filled and offer_spans(reading.of(filled)):
            reason = f"{found[0]} is filled with “{filled[:60]}”, an offer."
            advice = "Fill in what the template was approved for."
            yield from reading.finding(
                "utility.disallows.promotion_in_parameters", "content", found.span(), reason, advice
            )
            return
