"""data/policy → rule(id, as of a moment), cited and fresh, or PolicyUnknown: no rule is a refusal, never a default.

A rule's days are UTC and both inclusive. Rows for SQL carry the same span as TIMESTAMPs, [since, until): naive UTC,
FOREVER for "no end".
"""

import difflib
import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from pipelines.errors import PolicyError, PolicyUnknown
from pipelines.rulebook import Rule, Source, build, faults

UNKNOWN_REGION = "unknown"
"""The region of a person whose time zone is not known, or belongs to no country."""

_RULE_FILE_KEYS = {"rule"}
_REGION_FILE_KEYS = {"rule", "region", "country"}


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole rule book. Made by `load_policy`; `rules` are in order of id and date, `histories` the same by id."""

    rules: tuple[Rule, ...]
    histories: Mapping[str, tuple[Rule, ...]]
    sources: Mapping[str, Source]
    zones: tuple[tuple[str, str], ...]
    fingerprint: str
    """sha256 over all that can change a number (not words, sources or dates of verification)."""

    def rule(self, rule_id: str, as_of: datetime) -> Rule:
        """Return the rule in force at that moment (a naive one is UTC). Raises PolicyUnknown."""
        day = utc_day(as_of)
        history = self.history(rule_id)
        for rule in history:
            if rule.in_force(day):
                return rule
        ended = [f"the last one before ended on {rule.until}" for rule in history if rule.until and rule.until < day]
        begins = [f"the next begins on {rule.since}" for rule in history if rule.since > day]
        msg = f"No rule {rule_id} is in force on {day}: {'; '.join(ended[-1:] + begins[:1])}."
        raise PolicyUnknown(msg)

    def history(self, rule_id: str) -> tuple[Rule, ...]:
        """Return every dated value of a rule, oldest first. Raises PolicyUnknown for an id without any."""
        if rule_id in self.histories:
            return self.histories[rule_id]
        near = difflib.get_close_matches(rule_id, self.histories)
        hint = f" Near it: {', '.join(near)}." if near else ""
        msg = f"The rule book has no rule {rule_id}.{hint} Add it to data/policy, with its source."
        raise PolicyUnknown(msg)

    def stale(self, as_of: datetime, days: int = 90) -> list[Rule]:
        """Return the rules that nobody has verified for more than that many days."""
        oldest = utc_day(as_of) - timedelta(days=days)
        return [rule for rule in self.rules if rule.verified_on < oldest]

    def replacements(self, kind: str, as_of: datetime) -> list[Rule]:
        """Return what can replace a closed lane on that day, the surest first; the value is the lane to move to.

        `kind` is a token's kind ("marketing"), a tag ("tag:ACCOUNT_UPDATE") or "sponsored". Empty where nothing can.
        """
        day = utc_day(as_of)
        named = [rule for rule in self.rules if rule.id.startswith("replacement.") and rule.in_force(day)]
        return [rule for rule in named if rule.applies["kind"] == kind]

    def closings(self, kind: str, as_of: datetime) -> list[Rule]:
        """Return the rules that keep the lane of a kind of token closed on that day, somewhere or for some."""
        day = utc_day(as_of)
        closed = [rule for rule in self.rules if rule.id.startswith("lane.") and rule.value is False]
        return [rule for rule in closed if rule.applies["kind"] == kind and rule.in_force(day)]

    def window_lengths(self) -> list[tuple[float, datetime, datetime, str]]:
        """Rows (hours, since, until, rule_id): how long a window lasts that is opened in [since, until)."""
        return [
            (float(rule.value), rule.from_at, rule.to_at, rule.id)
            for rule in self.rules
            if rule.id == "window.standard.hours"
        ]

    def window_openers(self) -> list[tuple[Any, ...]]:
        """Rows that say of an event whether it opens the person's window.

        (kind, object, equals_path, equals_value, present_path, absent_path, opens, since, until, rule_id). A row
        applies to an event of its kind in [since, until) whose object is `object`, whose payload holds `equals_value`
        at `equals_path`, something (not null, not '') at `present_path` and nothing at `absent_path`; '' is no
        condition. An event opens the window if a row with opens applies and none without does.
        """
        conditions = ("kind", "object", "equals_path", "equals_value", "present_path", "absent_path")
        return [
            (*(rule.applies.get(key, "") for key in conditions), rule.value, rule.from_at, rule.to_at, rule.id)
            for rule in self.rules
            if rule.id.startswith("window.opener.") and rule.applies
        ]

    def lane_closures(self) -> list[tuple[str, str, datetime, datetime, datetime, str]]:
        """Rows (kind, region, since, until, given_before, rule_id): closed in [since, until).

        Closed to tokens given before `given_before`. One row for each single region, "unknown" among them, so that an
        equality joins; there is no region "all".
        """
        return [
            (
                rule.applies["kind"],
                region,
                rule.from_at,
                rule.to_at,
                rule.from_at if "given" in rule.applies else rule.to_at,
                rule.id,
            )
            for rule in self.rules
            if rule.id.startswith("lane.") and rule.value is False
            for region in self._regions_of(rule)
        ]

    def token_lifetimes(self) -> list[tuple[str, str, int | None, int | None, datetime, datetime, str]]:
        """Rows (kind, frequency, months, days, since, until, rule_id), for an opt-in in [since, until).

        The token expires months + days after its opt-in; the margin is taken off already. Both None: it has no expiry
        of its own. Frequency is '' where the opt-in names none.
        """
        return [
            (
                rule.applies["kind"],
                rule.applies.get("frequency", ""),
                *self._months_and_days(rule),
                rule.from_at,
                rule.to_at,
                rule.id,
            )
            for rule in self.rules
            if rule.id.startswith("token.") and ".lifetime" in rule.id
        ]

    def regions(self) -> list[tuple[str, str]]:
        """Rows (zone, region), one for each IANA time zone that lies in a country; any other zone is "unknown"."""
        return list(self.zones)

    def _regions_of(self, rule: Rule) -> list[str]:
        every = {region for _, region in self.zones} | {UNKNOWN_REGION}
        return sorted(rule.applies.get("regions", every - set(rule.applies.get("except_regions", ()))))

    def _months_and_days(self, lifetime: Rule) -> tuple[int | None, int | None]:
        if isinstance(lifetime.value, str):
            return None, None
        margins = [rule for rule in self.rules if rule.id == f"token.{lifetime.applies['kind']}.margin"]
        margin = next((int(rule.value) for rule in margins if rule.in_force(lifetime.since)), 0)
        months, days = (int(lifetime.value), 0) if lifetime.unit == "months" else (0, int(lifetime.value))
        return months, days - margin


def load_policy(folder: Path) -> Policy:
    """Read a folder of rule files. Raises PolicyError, which lists every fault with its file and key."""
    problems: list[str] = []
    tables = {path.name: _read(path, problems) for path in sorted(folder.glob("*.toml"))}
    if not tables:
        msg = f"There is no rule book in {folder}. Install Clear to Send again, or name the folder that has the *.toml."
        raise PolicyError(msg)
    sources = _sources(tables.pop("sources.toml", {}), problems)
    zones = _zones(tables.get("regions.toml", {}), problems)
    known_regions = {region for _, region in zones} | {UNKNOWN_REGION}
    entries = [
        (name, rule) for name, table in tables.items() for rule in _rules(name, table, sources, known_regions, problems)
    ]
    entries.sort(key=lambda entry: (entry[1].id, entry[1].since))
    problems += _overlaps(entries)
    if problems:
        raise PolicyError("\n- ".join([f"The rule book in {folder} cannot be trusted; mend these entries:", *problems]))
    rules = tuple(rule for _, rule in entries)
    histories = {rule_id: tuple(history) for rule_id, history in groupby(rules, key=lambda rule: rule.id)}
    return Policy(rules, histories, sources, zones, _fingerprint(rules, zones))


def utc_day(moment: datetime) -> date:
    """Return the UTC day of a moment; a naive one is UTC."""
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date()


def _read(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # ValueError: broken TOML, or not UTF-8
        problems.append(f"{path.name}: cannot be read: {error}")
        return {}
    if path.name != "sources.toml":
        allowed = _REGION_FILE_KEYS if path.name == "regions.toml" else _RULE_FILE_KEYS
        problems += [f"{path.name}: {key}: unknown key" for key in table.keys() - allowed]
        if not all(isinstance(entry, dict) for entry in table.get("rule", [])):
            problems.append(f"{path.name}: rule: must be tables, each under [[rule]]")
            return {}
    return table


def _sources(table: dict[str, Any], problems: list[str]) -> dict[str, Source]:
    wanted = {each.name for each in fields(Source)} - {"id"}
    sources = {}
    for name, entry in table.items():
        if not isinstance(entry, dict) or entry.keys() != wanted or not all(isinstance(v, str) for v in entry.values()):
            problems.append(f"sources.toml: {name}: must hold exactly {', '.join(sorted(wanted))}, all text")
        else:
            sources[name] = Source(name, **entry)
    return sources


def _lists(table: dict[str, Any], key: str, problems: list[str]) -> dict[str, list[str]]:
    section = table.get(key, {})
    if isinstance(section, dict) and all(isinstance(names, list) for names in section.values()):
        return section
    problems.append(f"regions.toml: {key}: must hold a list of names for each code")
    return {}


def _zones(table: dict[str, Any], problems: list[str]) -> tuple[tuple[str, str], ...]:
    zones_of = _lists(table, "country", problems)
    region_of: dict[str, str] = {}
    for region, countries in _lists(table, "region", problems).items():
        for code in countries:
            if code not in zones_of:
                problems.append(f"regions.toml: region {region}: {code} is no country of this file")
            if region_of.setdefault(code, region) != region:
                problems.append(f"regions.toml: region {region}: {code} is in {region_of[code]} too")
    zones: dict[str, str] = {}
    for code, names in zones_of.items():
        for name in names:
            if name in zones:
                problems.append(f"regions.toml: country {code}: {name} is listed twice")
            zones[name] = region_of.get(code, code)
    return tuple(sorted(zones.items()))


def _rules(
    name: str, table: dict[str, Any], sources: Mapping[str, Source], regions: set[str], problems: list[str]
) -> Iterator[Rule]:
    for number, entry in enumerate(table.get("rule", []), start=1):
        found = list(faults(entry, sources, regions))
        problems += [f"{name}: {entry.get('id', f'rule {number}')}: {fault}" for fault in found]
        if not found:
            yield build(entry)


def _overlaps(entries: list[tuple[str, Rule]]) -> list[str]:
    return [
        f"{file}: {later.id}: since: the value since {later.since} begins before the one since {earlier.since} ends"
        f"{'' if file == earlier_file else f', in {earlier_file}'}"
        for (earlier_file, earlier), (file, later) in pairwise(entries)
        if earlier.id == later.id and earlier.in_force(later.since)
    ]


def _fingerprint(rules: tuple[Rule, ...], zones: tuple[tuple[str, str], ...]) -> str:
    decisive = [[rule.id, rule.value, rule.unit, rule.since, rule.until, dict(rule.applies)] for rule in rules]
    canonical = json.dumps([decisive, zones], default=str, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
