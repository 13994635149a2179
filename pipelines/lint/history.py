"""Everything that went out, judged by the rules of its own day: events → findings, for what is new since the last."""

from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import PolicyUnknown
from pipelines.lint.linter import Linter
from pipelines.lint.message import Message
from pipelines.policy import Policy
from pipelines.rulebook import BEGINNING
from pipelines.statements import statements
from pipelines.warehouse import Warehouse

_SQL = Path(__file__).with_name("sql")
_SEVERITIES = {"block", "warn", "note"}
_JUDGING = ("tag.", "otn.", "utility.", "lane.", "private_reply.", "content.", "privacy.", "draft.", "window.promotion")
_OF_DRAFTS = "draft."
"""Rules for messages whose lane is still to be chosen; of one that went out it is only not known."""
_BLOCKING_LIMITS = {
    "otn.uses", "otn.request.inside_window", "tag.human_agent.days", "tag.customer_feedback.days",
}  # fmt: skip
"""Rules whose value is a limit and no severity, and whose breach the platform refuses; other limits warn."""

_FOUND = [
    *("text_key", "lane", "topic", "regime", "rule", "kind", "severity"),
    *("span_from", "span_to", "reason", "source", "advice"),
]


@dataclass(frozen=True, slots=True)
class HistoryAudit:
    """What stands in the findings after an audit. `texts` were linted this time; the rest was known."""

    messages: int
    texts: int
    findings: int
    blocks: int


def audit_history(warehouse: Warehouse, policy: Policy, linter: Linter, now: datetime) -> HistoryAudit:
    """Bring `findings` up to date with the events, in one transaction; all of it anew when the linter has changed.

    `now` is naive UTC. May run beside loads: it sees what was committed when it began.
    """
    cursor = warehouse.cursor()
    cursor.execute((_SQL / "00_schema.sql").read_text(encoding="utf-8"))
    outbound, texts = statements(_SQL / "10_outbound.sql"), statements(_SQL / "30_texts.sql")
    limits = _limits(policy, now)
    cursor.begin()
    try:
        since = _since(cursor, linter, outbound)
        batch = _value(cursor, outbound["last_batch"])
        if batch > since:
            _tables_of_rules(cursor, policy, now)
            for name in ("touched", "forget_touched", "sent", "outbound", "sent_texts"):
                _run(cursor, outbound[name], limits | {"since": since})
            linted = _answer_texts(cursor, texts, linter, now)
            for sql in (*statements(_SQL / "20_rules.sql").values(), texts["content"]):
                _run(cursor, sql, limits)
        else:
            linted = 0
        _run(cursor, texts["done"], {"rules_hash": linter.fingerprint, "batch": batch, "audited_at": now})
        messages, _, findings, blocks = _row(cursor, texts["counts"])
        cursor.commit()
    except BaseException:
        cursor.rollback()
        raise
    if batch > since:
        with warehouse.writing:
            cursor.execute(texts["changed"])
    return HistoryAudit(messages, linted, findings, blocks)


def regimes(policy: Policy, now: datetime) -> list[date]:
    """Return the days on which a rule that judges texts began, or first held no more, up to now, oldest first."""
    judging = [rule for rule in policy.rules if rule.id.startswith(_JUDGING)]
    days = {rule.since for rule in judging} | {rule.to_at.date() for rule in judging if rule.until}
    return sorted(day for day in days | {BEGINNING} if day <= now.date())


def _since(cursor: duckdb.DuckDBPyConnection, linter: Linter, sql: dict[str, str]) -> int:
    """Return the last batch that the findings cover; -1, and nothing kept, where they have to be made anew."""
    covered = cursor.execute(sql["covered"], {"rules_hash": linter.fingerprint}).fetchone()
    if covered:
        return int(covered[0])
    cursor.execute(sql["forget"])
    return -1


def _tables_of_rules(cursor: duckdb.DuckDBPyConnection, policy: Policy, now: datetime) -> None:
    """Hand the rule book to SQL: the days on which it changed, and the severity of each rule in its time."""
    days = regimes(policy, now)
    cursor.execute("CREATE OR REPLACE TEMP TABLE regimes (since DATE)")
    cursor.executemany("INSERT INTO regimes VALUES (?)", [[day] for day in days])
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE dated_rules "
        "(rule VARCHAR, since TIMESTAMP, until TIMESTAMP, severity VARCHAR, words VARCHAR, source VARCHAR)"
    )
    cursor.executemany(
        "INSERT INTO dated_rules VALUES (?, ?, ?, ?, ?, ?)",
        [
            [rule.id, rule.from_at, rule.to_at, _severity(rule.id, rule.value), rule.words, ", ".join(rule.source)]
            for rule in policy.rules
            if rule.value != "allow"
        ],
    )


def _severity(rule_id: str, value: object) -> str:
    if isinstance(value, str) and value in _SEVERITIES:
        return value
    return "block" if rule_id in _BLOCKING_LIMITS else "warn"


def _limits(policy: Policy, now: datetime) -> dict[str, int]:
    """The figures that the SQL of surroundings needs, as they stand now; a rule that ended leaves nothing to find."""

    def value(rule_id: str) -> int:
        try:
            return int(policy.rule(rule_id, now).value)
        except PolicyUnknown:
            return 0

    days = {
        "human_agent_days": value("tag.human_agent.days"),
        "feedback_days": value("tag.customer_feedback.days"),
        "repeated_days": value("frequency.repeated.days"),
    }
    return days | {
        "reach_days": max(days.values()) + 1,
        "window_hours": value("window.standard.hours"),
        "answer_seconds": value("tag.human_agent.automated.answer_seconds"),
        "burst_messages": value("tag.human_agent.automated.burst_messages"),
        "burst_seconds": value("tag.human_agent.automated.burst_seconds"),
    }


def _answer_texts(cursor: duckdb.DuckDBPyConnection, sql: dict[str, str], linter: Linter, now: datetime) -> int:
    """Lint the distinct texts that have no answer for their lane, topic and regime; return how many those were."""
    import pandas as pd

    keys = cursor.execute(sql["unanswered"]).fetchall()
    messages = [
        Message(text, lane, topic, sent_at=datetime.combine(max(regime, date(1970, 1, 1)), time()))
        for _, lane, topic, regime, text in keys
    ]
    answers = linter.lint(messages, now)
    new_answers = pd.DataFrame(
        [(*key[:4], answer.promotional, answer.verdict) for key, answer in zip(keys, answers, strict=True)],
        columns=["text_key", "lane", "topic", "regime", "promotional", "verdict"],
    ).astype({"text_key": str})
    found = [
        (
            *key[:4],
            each.rule,
            each.kind,
            each.severity,
            *(each.span or (None, None)),
            each.reason,
            each.source,
            each.advice,
        )
        for key, answer in zip(keys, answers, strict=True)
        for each in answer.findings
        if not each.rule.startswith(_OF_DRAFTS)
    ]
    new_findings = pd.DataFrame(found, columns=_FOUND).astype(
        {"text_key": str, "span_from": "Int64", "span_to": "Int64"}
    )
    for name, frame in (("new_answers", new_answers), ("new_findings", new_findings)):
        if len(frame):
            cursor.register(name, frame)
            cursor.execute(sql[name.replace("new", "keep")])
            cursor.unregister(name)
    return len(keys)


def _run(cursor: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any]) -> None:
    """Run the statements of a text, each with those of the values that it names."""
    for statement in cursor.extract_statements(sql):
        cursor.execute(statement, {name: values[name] for name in statement.named_parameters})


def _row(cursor: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    row = cursor.execute(sql).fetchone()
    assert row is not None  # noqa: S101  an aggregate without GROUP BY gives one row
    return row


def _value(cursor: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int(_row(cursor, sql)[0])
