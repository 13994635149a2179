"""The rule book as the platform reads it: a rule's value at a moment, what opens a window, how long a token lives."""

import re
from typing import Any

from pipelines.errors import PolicyUnknown
from pipelines.policy import UNKNOWN_REGION, Policy
from pipelines.rulebook import FOREVER
from pipelines.sandbox.moments import DAY, HOUR, from_ms, in_ms, later_by_months

NEVER = in_ms(FOREVER)
"""The moment that does not come."""

_TAG = re.compile(r"[A-Z][A-Z_]*")
_VERSION = re.compile(r"v(\d+)\.(\d+)")

Path = tuple[str, ...]
Opener = tuple[str, Path, str, Path, Path, bool, int, int]
"""(object, equals path and value, present path, absent path, opens, since, until); "" and () are no condition."""


class Book:
    """Dated rules, asked by milliseconds. Every answer is for the moment given."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._values: dict[tuple[str, int], Any] = {}
        self._regions = dict(policy.regions())
        self._lengths = [
            (round(hours * HOUR), in_ms(since), in_ms(until)) for hours, since, until, _ in policy.window_lengths()
        ]
        self._lifetimes = [
            (kind, frequency, months, days, in_ms(since), in_ms(until))
            for kind, frequency, months, days, since, until, _ in policy.token_lifetimes()
        ]
        fields = policy.histories.get("webhook.fields", ())
        self.webhook_fields = frozenset(str(name) for rule in fields for name in rule.value)
        self._openers: dict[str, list[Opener]] = {}
        for kind, object_, equals, value, present, absent, opens, since, until, _ in policy.window_openers():
            paths = (_path(equals), value, _path(present), _path(absent))
            self._openers.setdefault(kind, []).append((object_, *paths, opens, in_ms(since), in_ms(until)))

    def value(self, rule_id: str, at: int) -> Any:
        """Return the value of the rule in force. Raises PolicyUnknown."""
        key = (rule_id, at // DAY)
        if key not in self._values:
            self._values[key] = self._policy.rule(rule_id, from_ms(at)).value
        return self._values[key]

    def knows(self, rule_id: str) -> bool:
        """Whether there ever was a rule of that id."""
        return rule_id in self._policy.histories

    def tag(self, tag: str, at: int) -> str:
        """Return allow, warn or block for a tag; "" for one that is not known at that moment."""
        if not _TAG.fullmatch(tag):
            return ""
        try:
            return str(self.value(f"tag.{tag.lower()}", at))
        except PolicyUnknown:
            return ""

    def version(self, version: str, at: int) -> str:
        """Return allow for a version that may be called, block for one that has ended, "" for one not known yet."""
        match = _VERSION.fullmatch(version)
        if not match:
            return ""
        rule_id = f"graph.v{match[1]}_{match[2]}"
        if not self.knows(rule_id):
            numbers = [int(each.removeprefix("graph.v").split("_")[0]) for each in self._versions()]
            return "block" if int(match[1]) < min(numbers) else ""
        try:
            return str(self.value(rule_id, at))
        except PolicyUnknown:
            return ""

    def newest_version(self, at: int) -> str:
        """Return the newest version that may be called, as in v26.0."""
        named = {each.removeprefix("graph.").replace("_", ".") for each in self._versions()}
        live = [each for each in named if self.version(each, at) == "allow"]
        return max(live, key=lambda each: float(each[1:]), default="")

    def closes_at(self, object_: str, kind: str, item: dict[str, Any], at: int) -> int:
        """Return when the window closes that this event opens; 0 if it opens none."""
        openers = self._openers.get(kind)
        if not openers or not any(opener[5] for opener in openers):
            return 0
        said = [opener[5] for opener in openers if _applies(opener, object_, item, at)]
        if not said or not all(said):
            return 0
        return next((at + length for length, since, until in self._lengths if since <= at < until), 0)

    def expires_at(self, kind: str, frequency: str, at: int) -> int:
        """Return when a token given at that moment dies by itself; NEVER where nothing says so."""
        for of_kind, of_frequency, months, days, since, until in self._lifetimes:
            if (of_kind, of_frequency) == (kind, frequency) and since <= at < until:
                return NEVER if months is None else later_by_months(at, months) + (days or 0) * DAY
        return NEVER

    def region(self, zone: str) -> str:
        """Return the region of a time zone."""
        return self._regions.get(zone, UNKNOWN_REGION)

    def is_closed(self, kind: str, region: str, given_at: int, at: int) -> bool:
        """Whether the lane of a kind of token is closed, at that moment, to one given then in that region."""
        key = (f"closures {kind} {region}", at // DAY)
        if key not in self._values:
            self._values[key] = [
                in_ms(given_before)
                for of_kind, of_region, since, until, given_before, _ in self._policy.lane_closures()
                if (of_kind, of_region) == (kind, region) and in_ms(since) <= at < in_ms(until)
            ]
        return any(given_at < given_before for given_before in self._values[key])

    def _versions(self) -> list[str]:
        return [each for each in self._policy.histories if re.fullmatch(r"graph\.v\d+_\d+", each)]


def _applies(opener: Opener, object_: str, item: dict[str, Any], at: int) -> bool:
    of_object, equals, value, present, absent, _, since, until = opener
    return (
        since <= at < until
        and (not of_object or of_object == object_)
        and (not equals or _text(item, equals) == value)
        and (not present or _text(item, present) != "")
        and (not absent or _text(item, absent) == "")
    )


def _path(written: str) -> Path:
    return tuple(written.removeprefix("$.").split(".")) if written else ()


def _text(item: Any, path: Path) -> str:
    for name in path:
        item = item.get(name) if isinstance(item, dict) else None
    return "" if item is None else str(item)
