"""Messages as JSON, one object a line, and answers in the same order; a line that cannot be read is answered too."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, time
from itertools import islice
from typing import Any

from pipelines.errors import UsageError
from pipelines.lint.linter import Linter
from pipelines.lint.message import Answer, Message
from pipelines.policy import Policy

_CHUNK = 2_000
_LANE = re.compile(r"standard_window|otn|marketing|utility|private_reply|optin_prompt|tag:\w+")
_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}")
_TIMES = ("event_at", "event_ends_at", "sent_at")
_TEXTS = ("text", "lane", "topic", "lang", "purpose")


def answer_lines(
    linter: Linter, lines: Iterable[str], now: datetime, lane: str | None = None
) -> Iterator[dict[str, Any]]:
    """Answer JSON lines in their order, a few thousand at a time; blank lines are none.

    A line that is no message is answered with {"error": "line 3: ..."}. `lane` holds where a line names none.
    """
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    while chunk := list(islice(numbered, _CHUNK)):
        read = [_read(number, line, lane) for number, line in chunk]
        answers = iter(linter.lint([each for each in read if isinstance(each, Message)], now))
        yield from (
            as_json(next(answers), linter.policy) if isinstance(each, Message) else {"error": each} for each in read
        )


def as_json(answer: Answer, policy: Policy) -> dict[str, Any]:
    """Return an answer as it is printed: findings, promotional (0 to 1), because, verdict, explanation.

    Each finding's source is written out: title, date of the page, address.
    """
    return {
        "findings": [asdict(each) | {"source": cited(each.source, policy)} for each in answer.findings],
        "promotional": answer.promotional,
        "because": list(answer.because),
        "verdict": answer.verdict,
        "explanation": answer.explanation,
    }


def cited(source: str, policy: Policy) -> str:
    """Return the ids of sources, as in "S19, S11", written out and parted by semicolons."""
    named = [policy.sources[name] for name in source.split(", ") if name in policy.sources]
    return "; ".join(f"{each.title}, {each.page_date}, {each.address}" for each in named)


def message_of(fields: dict[str, Any]) -> Message:
    """Make a message of named fields; unknown ones are ignored. Raises UsageError, which names the field."""
    if "text" not in fields:
        raise UsageError('text: is missing. Write {"text": "..."}')
    for name in _TEXTS:
        if not isinstance(fields.get(name), str | None) or (name == "text" and fields[name] is None):
            raise UsageError(f"{name}: must be text")
    variables = fields.get("variables") or {}
    if not isinstance(variables, dict):
        raise UsageError('variables: must be an object, as in {"first_name": "Ana"}')
    lane = fields.get("lane") or None
    if lane is not None and not _LANE.fullmatch(lane):
        raise UsageError(
            f"lane: {lane} is none. Lanes are standard_window, otn, marketing, utility, private_reply, tag:NAME "
            "and optin_prompt"
        )
    return Message(
        text=fields["text"],
        lane=lane,
        topic=fields.get("topic") or None,
        lang=fields.get("lang"),
        purpose=fields.get("purpose"),
        variables={str(name): str(value) for name, value in variables.items()},
        **{name: _moment(name, fields.get(name)) for name in _TIMES},
    )


def _read(number: int, line: str, lane: str | None) -> Message | str:
    """Return the message of a line, or what is wrong with it."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return f'line {number}: is not JSON. Write one object a line, as in {{"text": "..."}}'
    if not isinstance(fields, dict):
        return f'line {number}: is no object. Write one object a line, as in {{"text": "..."}}'
    try:
        return message_of({"lane": lane} | fields if lane else fields)
    except UsageError as error:
        return f"line {number}: {error}"


def _moment(name: str, value: object) -> datetime | None:
    """Read a moment, ISO 8601; without an offset it is UTC. Naive UTC.

    An event that names a day and no hour lasts until the day's end: on that day it is not past.
    """
    if value is None or value == "":
        return None
    try:
        given = datetime.fromisoformat(value) if isinstance(value, str) else None
        if given is not None and name != "sent_at" and _DAY.fullmatch(str(value)):
            return datetime.combine(given, time.max)
        if given is not None:
            return given.astimezone(UTC).replace(tzinfo=None) if given.tzinfo else given
    except (ValueError, OverflowError):
        pass
    raise UsageError(f"{name}: {str(value)[:40]} is no moment. Write it like 2026-11-22T08:00:00Z")
