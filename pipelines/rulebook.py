"""One entry of the rule book: its shape, and every reason for which it is refused."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

FOREVER = datetime.combine(date(9999, 12, 31), time())
"""Stands for "no end" in the rows handed to SQL: naive UTC, as in every table of the warehouse."""

BEGINNING = date.min
"""The first day of a rule whose beginning nobody recorded: `since = "unrecorded"`."""

UNITS = (
    *("seconds", "minutes", "hours", "days", "months"),
    *("characters", "megabytes", "percent"),
    *("messages", "requests", "calls", "events", "people"),
    *("messages_per_second", "calls_per_second", "calls_per_hour"),
)
CONFIDENCE = ("high", "medium", "low", "limit")  # limit: Meta does not say, and this is the careful choice

_UNRECORDED = "unrecorded"
_CONDITIONS = {"kind", "object", "equals_path", "equals_value", "present_path", "absent_path"}
_PLACES = {"regions", "except_regions"}
_APPLIES = {  # what `applies` may hold, by the beginning of the rule's id; any other rule may name its regions
    "window.opener.": _CONDITIONS,
    "token.": {"kind", "frequency"},
    "lane.": {"kind", "given", *_PLACES},
    "replacement.": {"kind", "lane"},
}


@dataclass(frozen=True, slots=True)
class Source:
    """A page that says so. `page_date` is the date it prints, or the day it stood so."""

    id: str
    title: str
    page_date: str
    address: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One dated value of one rule. `since` and `until` are UTC days, both inclusive; no `until` means in force.

    `since` is BEGINNING where nobody recorded the rule's first day.
    """

    id: str
    words: str
    value: Any  # true, false, a number, text, or a tuple of texts; which one, a rule's readers know
    since: date
    source: tuple[str, ...]
    verified_on: date
    confidence: str
    unit: str | None = None
    until: date | None = None
    applies: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def in_force(self, day: date) -> bool:
        """Whether the rule holds on that UTC day."""
        return self.since <= day and (self.until is None or day <= self.until)

    @property
    def from_at(self) -> datetime:
        """The first moment of the rule, naive UTC."""
        return datetime.combine(self.since, time())

    @property
    def to_at(self) -> datetime:
        """The first moment after the rule, naive UTC; FOREVER where it has no end."""
        return FOREVER if self.until is None else datetime.combine(self.until + timedelta(days=1), time())


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_beginning(value: object) -> bool:
    return value == _UNRECORDED or _is_day(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_text(item) for item in value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_value(value: object) -> bool:
    return isinstance(value, bool | str) or _is_number(value) or _are_texts(value)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", value))


_DAY = (_is_day, "must be a day, as in 2020-03-04")
_KEYS: dict[str, tuple[Callable[[object], bool], str]] = {
    "id": (_is_id, "must be lower-case words joined by dots"),
    "words": (_is_text, "must be a sentence"),
    "value": (_is_value, "must be true, false, a number, text or a list of texts"),
    "since": (
        lambda value: value == _UNRECORDED or _is_day(value),
        f'must be a day, as in 2020-03-04, or "{_UNRECORDED}"',
    ),
    "source": (_are_texts, "must name at least one source"),
    "verified_on": _DAY,
    "confidence": (lambda value: value in CONFIDENCE, f"must be one of {', '.join(CONFIDENCE)}"),
    "unit": (lambda value: value in UNITS, f"must be one of {', '.join(UNITS)}"),
    "until": _DAY,
    "applies": (lambda value: isinstance(value, dict), "must be a table"),
}
_OPTIONAL = {"unit", "until", "applies"}


def build(entry: Mapping[str, Any]) -> Rule:
    """Make the rule of an entry without faults."""
    since = BEGINNING if entry["since"] == _UNRECORDED else entry["since"]
    value = tuple(entry["value"]) if isinstance(entry["value"], list) else entry["value"]
    return Rule(**{**entry, "since": since, "value": value, "source": tuple(entry["source"])})


def faults(entry: Mapping[str, Any], sources: Mapping[str, Source], regions: set[str]) -> Iterator[str]:
    """Say `key: what is wrong`, for everything that keeps an entry out of the rule book."""
    shape = [*_shape_faults(entry)]
    yield from shape
    if shape:
        return  # the checks below read the keys whose shape has just been refused
    yield from (f"source: {name} is not in sources.toml" for name in entry["source"] if name not in sources)
    if _is_number(entry["value"]) and "unit" not in entry:
        yield f"unit: a number needs one of {', '.join(UNITS)}"
    if "unit" in entry and not _is_number(entry["value"]):
        yield "unit: only a number has one"
    if "until" in entry and entry["since"] != _UNRECORDED and entry["until"] < entry["since"]:
        yield f"until: {entry['until']} is before since, {entry['since']}"
    yield from (f"applies: {fault}" for fault in _applies_faults(entry, regions))


def _shape_faults(entry: Mapping[str, Any]) -> Iterator[str]:
    for key in entry.keys() - _KEYS.keys():
        yield f"{key}: unknown key; allowed are {', '.join(_KEYS)}"
    for key, (fits, demand) in _KEYS.items():
        if key in entry and not fits(entry[key]):
            yield f"{key}: {demand}"
        elif key not in entry and key not in _OPTIONAL:
            yield f"{key}: missing; it {demand}"


def _applies_faults(entry: Mapping[str, Any], regions: set[str]) -> Iterator[str]:
    applies = entry.get("applies", {})
    family = next((prefix for prefix in _APPLIES if entry["id"].startswith(prefix)), None)
    allowed = _APPLIES.get(family or "", _PLACES)
    for key in applies.keys() - allowed:
        yield f"unknown key {key}; allowed here are {', '.join(sorted(allowed)) or 'none'}"
    for key, value in applies.items():
        if not (_are_texts(value) if key in _PLACES else isinstance(value, str)):
            yield f"{key} must be text (a list of texts for regions)"
            return
    if "kind" not in applies and family and (applies or family != "window.opener."):
        yield "kind is missing"
    for key in _PLACES & applies.keys():
        yield from (f"{key}: {code} is no region of regions.toml" for code in applies[key] if code not in regions)
    if family == "token.":
        yield from _lifetime_faults(entry)
    if family == "window.opener.":
        yield from _opener_faults(entry, applies)
    if family == "lane.":
        yield from _lane_faults(entry, applies)


def _lifetime_faults(entry: Mapping[str, Any]) -> Iterator[str]:
    if entry["value"] != "unlimited" and entry.get("unit") not in {"days", "months"}:
        yield 'value must be "unlimited", or a number of days or months'


def _opener_faults(entry: Mapping[str, Any], applies: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(entry["value"], bool):
        yield "value must be true (opens) or false (does not open)"
    if ("equals_path" in applies) != ("equals_value" in applies):
        yield "equals_path and equals_value go together"
    for key in ("equals_path", "present_path", "absent_path"):
        if not applies.get(key, "$.").startswith("$."):
            yield f"{key} must begin with $."


def _lane_faults(entry: Mapping[str, Any], applies: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(entry["value"], bool):
        yield "value must be true (open) or false (closed)"
    if len(_PLACES & applies.keys()) != (0 if entry["value"] is True else 1):
        yield "a closed lane names its regions, or the regions except which; an open one names none"
    if applies.get("given", "before") != "before":
        yield 'given can only be "before": the tokens given before the lane closed'
