"""What the compliance page shows, as tables and sentences: no Streamlit here, so that a test can ask."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pandas as pd

from dashboard.language import say
from dashboard.reads import MAX_ROWS, frame, prepared
from dashboard.scope import Scope, Values
from dashboard.words import ago, counted, escaped, grouped, joined, share
from pipelines.ledger.reviews import Review
from pipelines.lint.risk import Exposure
from pipelines.policy import Policy
from pipelines.rulebook import BEGINNING

SEVERITIES = ("block", "warn", "note")
UNKNOWN_LANE = "not known"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The filters of the page; an empty tuple means all. `days` is how far it looks back."""

    days: int = 90
    severities: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()

    def values(self, scope: Scope) -> Values:
        """Return them as $parameters."""
        lists = {"severities": self.severities, "rules": self.rules, "lanes": self.lanes}
        return {"from_at": scope.as_of - timedelta(days=self.days)} | {
            key: list(of) or None for key, of in lists.items()
        }

    def keeps(self, groups: pd.DataFrame) -> pd.DataFrame:
        """Return the groups that the filters let through."""
        kept = groups
        for column, wanted in (("severity", self.severities), ("rule", self.rules), ("lane", self.lanes)):
            kept = kept[kept[column].isin(wanted)] if wanted else kept
        return kept


@dataclass(frozen=True, slots=True)
class AuditState:
    """When the history was last audited (naive UTC), and whether events came since."""

    audited_at: datetime
    is_behind: bool


def audit_state(cursor: duckdb.DuckDBPyConnection) -> AuditState | None:
    """Return the state of the audit; None where there never was one."""
    is_audited = cursor.execute(*prepared("compliance.is_audited", {})).fetchone()
    row = cursor.execute(*prepared("compliance.state", {})).fetchone() if is_audited and is_audited[0] else None
    return AuditState(row[0], bool(row[1])) if row else None


def checked_line(state: AuditState, now: datetime) -> str:
    """Say how long ago the history was audited, and whether that is enough."""
    checked = say("Checked {ago} by the rules of each message's own day.", ago=ago(state.audited_at, now))
    late = say("New events came since: load again, or run `clear-to-send lint --history`.") if state.is_behind else ""
    return joined(checked, late)


def groups(cursor: duckdb.DuckDBPyConnection, scope: Scope, days: int) -> pd.DataFrame:
    """Return up to MAX_ROWS groups of findings (one rule, Page, lane and text), the worst first."""
    found = frame(cursor, "compliance.groups", scope, **Chosen(days).values(scope), limit=MAX_ROWS)
    return found.assign(lane=found["lane"].fillna(UNKNOWN_LANE))


def weekly(cursor: duckdb.DuckDBPyConnection, scope: Scope, days: int) -> pd.DataFrame:
    """Return a row per week: messages sent, and those whose worst finding is a block, a warning, a note."""
    return frame(cursor, "compliance.totals", scope, **Chosen(days).values(scope))


def by_week(cursor: duckdb.DuckDBPyConnection, scope: Scope, chosen: Chosen) -> pd.DataFrame:
    """Return a row per (week, severity) under the filters: messages with such a finding."""
    return frame(cursor, "compliance.weeks", scope, **chosen.values(scope))


def enforcement(cursor: duckdb.DuckDBPyConnection, scope: Scope, days: int) -> tuple[int, int, bool]:
    """Return how often Meta warned and blocked, and whether the Page is blocked now."""
    values = scope.values() | Chosen(days).values(scope)
    row = cursor.execute(*prepared("compliance.enforcement", values)).fetchone()
    return (int(row[0]), int(row[1]), bool(row[2])) if row else (0, 0, False)


def with_reviews(found: pd.DataFrame, reviews: list[Review]) -> pd.DataFrame:
    """Add what reviewers decided: status open, reviewed, or new since (messages went out after the review)."""
    last = {review.group_key: review for review in reviews}

    def status(row: Any) -> str:
        review = last.get(row.group_key)
        if review is None or review.decision == "reopened":
            return "open"
        return "new since review" if row.last_at > review.covers_until else "reviewed"

    kept = [last.get(key) for key in found["group_key"]]
    return found.assign(
        status=[status(row) for row in found.itertuples()],
        review=[f"{each.reason} ({each.reviewed_by})" if each and each.decision == "reviewed" else "" for each in kept],
    )


def unreviewed(cursor: duckdb.DuckDBPyConnection, scope: Scope, days: int, reviewed: tuple[str, ...]) -> int:
    """Count the messages that break a rule which stands in none of the groups that were reviewed."""
    values = scope.values() | Chosen(days).values(scope) | {"reviewed": list(reviewed)}
    row = cursor.execute(*prepared("compliance.unreviewed", values)).fetchone()
    return int(row[0]) if row else 0


def exposure(weeks: pd.DataFrame, count_unreviewed: int, by_meta: tuple[int, int, bool]) -> Exposure:
    """Sum up what the risk score is made of."""
    sums = weeks[["count_messages", "block", "warn"]].sum()
    messages, blocking, warned = (int(sums[name]) for name in ("count_messages", "block", "warn"))
    return Exposure(messages, blocking, warned, min(count_unreviewed, blocking), *by_meta)


def answer(found: Exposure, days: int, score: int) -> str:
    """Answer "Which messages broke Meta's rules?" in one sentence, with numbers."""
    if not found.messages and not found.blocks_by_meta and not found.warnings_by_meta:
        return say("Nothing went out in the last {days} days, so nothing broke a rule.", days=days)
    messages = counted(found.messages, "message")
    risk = say("The Page's risk score is {score} of 100.", score=score)
    if not found.blocking and not found.warned:
        none = say(
            "Of {messages} in the last {days} days, **none broke a rule** that can be seen from the logs.",
            messages=messages,
            days=days,
        )
        return joined(none, risk)
    some = say(
        "Of {messages} in the last {days} days, **{broken} broke a rule** ({share}) and {warned} more want a look. "
        "{unreviewed} are not reviewed yet.",
        messages=messages,
        days=days,
        broken=grouped(found.blocking),
        share=share(found.blocking, found.messages),
        warned=grouped(found.warned),
        unreviewed=grouped(found.unreviewed),
    )
    return joined(some, risk)


def marked(text: str, span_from: object, span_to: object) -> str:
    """Return a text as Markdown with the span marked; without a span just the text."""
    lines = text.replace("\r", "")
    if pd.isna(span_from) or pd.isna(span_to):  # type: ignore[call-overload]
        return _lines(escaped(lines))
    start, end = int(str(span_from)), int(str(span_to))
    return _lines(f"{escaped(text[:start])}:orange-background[**{escaped(text[start:end])}**]{escaped(text[end:])}")


def sources(book: Policy, rule: str, named: str) -> str:
    """Return a rule's sources as a Markdown list: title, date of the page, address."""
    known = [book.sources[each] for each in dict.fromkeys(named.replace(",", " ").split()) if each in book.sources]
    lines = [f"- {escaped(each.title)}, {escaped(each.page_date)}  \n  {escaped(each.address)}" for each in known]
    return "\n".join([say("Rule `{rule}` of the rule book:", rule=rule), "", *lines])


def tag_marks(book: Policy) -> list[tuple[date, str]]:
    """Return the days on which a tag was closed, for charts over time: one mark a day."""
    closed: dict[date, list[str]] = {}
    for rule in book.rules:
        if rule.id.startswith("tag.") and rule.id.count(".") == 1 and rule.value == "block" and rule.since > BEGINNING:
            closed.setdefault(rule.since, []).append(rule.id.removeprefix("tag."))
    return [
        (day, say("{count} tags close", count=len(tags)) if len(tags) > 1 else say("{tag} closes", tag=tags[0]))
        for day, tags in sorted(closed.items())
    ]


def rule_title(rule: str) -> str:
    """Return a rule's id as words: "tag · account update · disallows promotion"."""
    return " · ".join(part.replace("_", " ") for part in rule.split("."))


def _lines(markdown: str) -> str:
    return markdown.replace("\n", "  \n")
