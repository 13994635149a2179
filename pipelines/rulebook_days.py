"""The rule book as a reader sees it: the rules in force on a day, and what changed between two days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from pipelines.policy import Policy, utc_day
from pipelines.rulebook import BEGINNING, Rule


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule in force, ready to be shown. Days are UTC and inclusive; `source` holds ids, as in "S11, S12".

    `since` is None where nobody recorded it, `until` where no end is known.
    """

    subject: str
    rule: str
    words: str
    value: str
    since: date | None
    until: date | None
    source: str
    verified_on: date
    confidence: str


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one rule between two days: `before` is None if it was added, `after` if it ended."""

    before: Rule | None
    after: Rule | None

    @property
    def kind(self) -> str:
        """Return added, ended or changed."""
        return "added" if self.before is None else "ended" if self.after is None else "changed"

    @property
    def rule(self) -> Rule:
        """The rule as it is now, or as it last was."""
        return self.after or self.before  # type: ignore[return-value]  # one of the two is always there

    @property
    def on(self) -> date:
        """The day (UTC) of the newer state: the first day of a value, or the last of a rule that ended."""
        return self.after.since if self.after else self.rule.until or self.rule.since

    @property
    def values(self) -> str:
        """Return "allow → warn", "24 hours" for what was added, "24 hours → no rule" for what ended."""
        told = [value_in_words(rule) if rule else "no rule" for rule in (self.before, self.after)]
        return told[1] if self.before is None else " → ".join(told)

    @property
    def source(self) -> str:
        """Return the ids of the sources of both states, as in "S09, S39"."""
        named = [source for rule in (self.before, self.after) if rule for source in rule.source]
        return ", ".join(dict.fromkeys(named))


def in_force(policy: Policy, as_of: datetime) -> list[RuleRow]:
    """Return the rules of that day (UTC), in order of id."""
    day = utc_day(as_of)
    return [_row(rule) for rule in policy.rules if rule.in_force(day)]


def changes(policy: Policy, earlier: datetime, later: datetime) -> list[Change]:
    """Return each rule whose value, unit or application differs between the two days, the latest change first."""
    then, now = _by_id(policy.rules, utc_day(earlier)), _by_id(policy.rules, utc_day(later))
    found = [Change(then.get(rule_id), now.get(rule_id)) for rule_id in sorted(then.keys() | now.keys())]
    return sorted((each for each in found if _decisive(each.before) != _decisive(each.after)), key=_newest_first)


def value_in_words(rule: Rule) -> str:
    """Return a rule's value as "24 hours", "1 day", "yes", "US, VN", "allow"."""
    if isinstance(rule.value, bool):
        return "yes" if rule.value else "no"
    if isinstance(rule.value, tuple):
        return ", ".join(rule.value)
    if rule.unit is None:
        return str(rule.value)
    unit = {"percent": "%", "megabytes": "MB", "people": "people"}.get(rule.unit, rule.unit.replace("_", " "))
    first, *rest = unit.split(" ")
    is_one = rule.value == 1 and first.endswith("s")
    return " ".join([f"{rule.value:,}", first.removesuffix("s") if is_one else first, *rest])


def _row(rule: Rule) -> RuleRow:
    return RuleRow(
        rule.id.split(".")[0].replace("_", " "),
        rule.id,
        rule.words,
        value_in_words(rule),
        None if rule.since == BEGINNING else rule.since,
        rule.until,
        ", ".join(rule.source),
        rule.verified_on,
        rule.confidence,
    )


def _by_id(rules: Iterable[Rule], day: date) -> dict[str, Rule]:
    return {rule.id: rule for rule in rules if rule.in_force(day)}


def _decisive(rule: Rule | None) -> tuple[object, ...] | None:
    return (rule.value, rule.unit, dict(rule.applies)) if rule else None


def _newest_first(change: Change) -> tuple[int, str]:
    return -change.on.toordinal(), change.rule.id
