"""What the rule book page shows, as tables and sentences: no Streamlit here, so that a test can ask."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time

import duckdb
import pandas as pd

from dashboard.language import plural, say
from dashboard.reads import MAX_ROWS, frame
from dashboard.scope import Scope
from dashboard.words import counted, day, day_in_full, grouped
from pipelines.lint.message import Answer, Message
from pipelines.policy import Policy
from pipelines.rulebook_days import changes, in_force

STALE_DAYS = 90
QUARTER_DAYS = 91
Lint = Callable[[Sequence[Message], datetime], Sequence[Answer]]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change of rules would do to messages that went out: `rows` has a row per rule, lane and direction."""

    messages: int
    worse: int
    better: int
    rows: pd.DataFrame


def rules_of(book: Policy, on: date) -> pd.DataFrame:
    """Return the rules in force on a day (UTC), a row each."""
    return pd.DataFrame([asdict(row) for row in in_force(book, noon(on))])


def with_words(rows: pd.DataFrame, words: str) -> pd.DataFrame:
    """Return the rows in which every one of the words stands, in whatever column."""
    if not words or rows.empty:
        return rows
    lines = rows.astype(str).agg(" ".join, axis=1).str.lower()
    return rows[[all(word in line for word in words.lower().split()) for line in lines]]


def changes_between(book: Policy, earlier: date, later: date) -> pd.DataFrame:
    """Return what changed from one day to the other (UTC), the latest change first."""
    rows = [
        {
            "on": change.on, "rule": change.rule.id, "what": change.kind, "values": change.values,
            "words": change.rule.words, "source": change.source,
        }
        for change in changes(book, noon(earlier), noon(later))
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["on", "rule", "what", "values", "words", "source"])


def stale_rules(book: Policy, as_of: datetime) -> pd.DataFrame:
    """Return the rules that nobody has verified for STALE_DAYS days."""
    rows = [(rule.id, rule.words, rule.verified_on, ", ".join(rule.source)) for rule in book.stale(as_of, STALE_DAYS)]
    return pd.DataFrame(rows, columns=["rule", "words", "verified_on", "source"])


def sent_texts(cursor: duckdb.DuckDBPyConnection, scope: Scope, from_at: datetime) -> pd.DataFrame:
    """Return up to MAX_ROWS distinct (text, lane, topic) sent since a moment, those of most messages first."""
    return frame(cursor, "compliance.texts_sent", scope, from_at=from_at, limit=MAX_ROWS)


def effect(lint: Lint, sent: pd.DataFrame, earlier: date, later: date) -> Effect:
    """Judge the same messages by the rules of both days, and say which findings come and which go."""
    sent_as = zip(*(sent[name] for name in ("text", "lane", "topic", "count_messages")), strict=True)
    rows = [(text, _known(lane), _known(topic), int(count)) for text, lane, topic, count in sent_as]
    verdicts = []
    for at in (noon(earlier), noon(later)):
        messages = [Message(text, lane, topic, sent_at=at) for text, lane, topic, _ in rows]
        verdicts.append([_by_rule(answer) for answer in lint(messages, at)])
    came: Counter[tuple[str, str, str, str]] = Counter()
    worse = better = 0
    for (_, lane, _, count), before, after in zip(rows, *verdicts, strict=True):
        rank = _rank(after) - _rank(before)
        worse += count * (rank > 0)
        better += count * (rank < 0)
        for rule in before.keys() | after.keys():
            if before.get(rule) != after.get(rule):
                came[rule, lane or "not known", before.get(rule, "-"), after.get(rule, "-")] += count
    columns = ["rule", "lane", "before", "after", "count_messages"]
    table = pd.DataFrame([(*key, count) for key, count in came.most_common()], columns=columns)
    return Effect(sum(count for *_, count in rows), worse, better, table)


def book_answer(book: Policy, on: date, stale: pd.DataFrame) -> str:
    """Answer "What are the rules?" with numbers."""
    count = sum(rule.in_force(on) for rule in book.rules)
    if len(stale):
        late = say("**{rules}** not verified for {days} days", rules=counted(len(stale), "rule"), days=STALE_DAYS)
    else:
        late = say("all verified lately")
    return plural(
        "1 rule in force on {day}, from {sources} sources; {late}.",
        "{count} rules in force on {day}, from {sources} sources; {late}.",
        count,
        day=day_in_full(on),
        sources=len(book.sources),
        late=late,
    )


def effect_answer(found: Effect, earlier: date, later: date) -> str:
    """Say what the change would have done to the messages, in one sentence."""
    if not found.messages:
        return say("No message went out in that quarter, so there is nothing to judge.")
    of = {"messages": grouped(found.messages), "later": day(later), "earlier": day(earlier)}
    if not found.worse and not found.better:
        return say(
            "Of the {messages} messages of the quarter, by the rules of {later} instead of {earlier}, **none** would "
            "have been judged otherwise.",
            **of,
        )
    return say(
        "Of the {messages} messages of the quarter, by the rules of {later} instead of {earlier}, **{worse}** would "
        "have fared worse and {better} better.",
        **of,
        worse=grouped(found.worse),
        better=grouped(found.better),
    )


def noon(on: date) -> datetime:
    """Return the middle of a UTC day, naive."""
    return datetime.combine(on, time(12))


def _known(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _by_rule(answer: Answer) -> dict[str, str]:
    return {finding.rule: finding.severity for finding in reversed(answer.findings)}


def _rank(found: dict[str, str]) -> int:
    return max(({"note": 1, "warn": 2, "block": 3}[severity] for severity in found.values()), default=0)
