"""HUMAN_AGENT: a person's own answer to one person's question. What needs the log's times is judged in SQL."""

from collections.abc import Iterable

from pipelines.lint.message import Finding
from pipelines.lint.reading import Reading

_TAG = "HUMAN_AGENT"
_ADVICE = "Let a person write it, to the one who asked."


def automated(reading: Reading) -> Iterable[Finding]:
    """A text that says itself that no human wrote it."""
    yield from _says(reading, "automated", "automated", "says that a machine wrote it.")


def bulk(reading: Reading) -> Iterable[Finding]:
    """A text that speaks to everybody, or one that a program was to fill in."""
    yield from _says(reading, "broadcast", "bulk", "speaks to many at once.")
    blanks = reading.marked("variable") if reading.tag == _TAG else []
    if blanks:
        reason = f"{reading.quoted(blanks[0])} is a blank of a template: whoever answers one person leaves none."
        yield from reading.finding("tag.human_agent.disallows.bulk", "content", blanks[0], reason, _ADVICE, "warn")


def unrelated(reading: Reading) -> Iterable[Finding]:
    """Surveys and invitations answer nobody's question."""
    for concept in ("survey", "vote", "invitation"):
        found = list(_says(reading, concept, "unrelated", "answers no question of the person."))
        if found:
            yield from found
            return


def _says(reading: Reading, concept: str, what: str, says: str) -> Iterable[Finding]:
    spans = reading.spans(concept) if reading.tag == _TAG else []
    if spans:
        reason = f"{reading.quoted(spans[0])} {says}"
        yield from reading.finding(f"tag.human_agent.disallows.{what}", "content", spans[0], reason, _ADVICE)
