"""Tokens about to die unused, and topics about to run dry."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import duckdb

from pipelines.ledger.alerts import Condition
from pipelines.settings_alerts import Alerts
from pipelines.statements import statements

_SQL = statements(Path(__file__).with_suffix(".sql"))
_PACE_DAYS = 28
"""A pace is that of so many days: long enough for a broadcast or two."""
_LEAST_USED = 20
"""Fewer uses in that time are no pace."""
_LEAST_GIVEN = 4
"""Fewer opt-ins in that time: nobody joins the topic any more, so it is over, not dry."""
_SHOWN = 80


def dying(cursor: duckdb.DuckDBPyConnection, limits: Alerts, now: datetime) -> Iterator[Condition]:
    """Give each topic of a Page of which many tokens end soon, the most first."""
    days = limits.tokens_die_days
    values = {"at": now, "until": now + timedelta(days=days), "least": limits.tokens_die}
    for page_id, topic, count, first_at in cursor.execute(_SQL["dying"], values).fetchall():
        yield Condition(
            "tokens_die",
            f"{count:,} tokens of {_short(topic)} on Page {page_id} die unused within {days} days, the first of them "
            f"on {_day(first_at)}.",
            "Write to the people who hold them before that: a broadcast on the topic takes those first that end first.",
            f"/inventory?{urlencode({'page': page_id, 'topic': topic, 'state': 'available'})}",
            page_id,
            topic,
        )


def drying(cursor: duckdb.DuckDBPyConnection, limits: Alerts, now: datetime) -> Iterator[Condition]:
    """Give each topic that people still join and of which more is used than comes, if what is held does not last."""
    values = {"at": now, "since": now - timedelta(days=_PACE_DAYS), "least": _LEAST_USED, "dry_days": limits.dry_days}
    for page_id, kind, topic, spent, given, held in cursor.execute(_SQL["drying"], values).fetchall():
        if given < _LEAST_GIVEN or spent <= given:
            continue
        days = held * _PACE_DAYS / (spent - given)
        if days < limits.dry_days:
            lasts = f"lasts about {round(days):,} days" if days >= 1.5 else "is gone within a day or two"
            yield Condition(
                "topic_dry",
                f"{_short(topic)} on Page {page_id} holds {held:,} {kind} tokens, which at the pace of the last "
                f"{_PACE_DAYS} days ({spent:,} used, {given:,} given) {lasts}.",
                "Ask more people to opt in to the topic before the next broadcast, or send to fewer.",
                f"/forecast?{urlencode({'page': page_id, 'series': topic})}",
                page_id,
                f"{topic} ({kind})" if kind != "otn" else topic,
            )


def _short(topic: str) -> str:
    return topic if len(topic) <= _SHOWN else f"{topic[: _SHOWN - 1]}…"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b}"
