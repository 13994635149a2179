"""To whom an alert or a report was told: written down before a message goes, and again with what came of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from pipelines.ledger.alerts import COLUMNS, Alert
from pipelines.ledger.schema_alerts import alerts, tellings, told

Outcome = Literal["delivered", "failed", "refused", "unknown", "skipped"]
"""failed: it did not go out, and may be tried again. unknown: it may or may not have gone out; it is never repeated."""
REPORT = "report"
"""The channel of the report; no alert is told there."""
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180))
"""So long is waited after the first failure, the second, ...: if one more fails, nobody tries again."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One message to a channel, or the attempt. `outcome` is None while nobody knows what came of it."""

    telling_id: int
    channel: str
    period: str | None
    attempt: int
    begun_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    words: str

    def next_at(self) -> datetime | None:
        """Return from when on it may be tried again; None if it is not to be."""
        if self.outcome != "failed" or self.ended_at is None or self.attempt > len(WAITS):
            return None
        return self.ended_at + WAITS[self.attempt - 1]


_COLUMNS = [tellings.c[name] for name in Telling.__dataclass_fields__]


def due(connection: Connection, channel: str, now: datetime) -> list[tuple[Alert, int]]:
    """Return what is open and to be told on a channel now, each with the number of the attempt; the newest first."""
    last = _last_attempts(connection, channel)
    is_open = select(*COLUMNS).where(alerts.c.cleared_at.is_(None)).order_by(alerts.c.raised_at.desc())
    found = []
    for row in connection.execute(is_open):
        alert = Alert(*row)
        before = last.get(alert.alert_id)
        again_at = before.next_at() if before else now
        if again_at is not None and again_at <= now:
            found.append((alert, before.attempt + 1 if before else 1))
    return found


def begin(ledger: Engine, channel: str, attempts: Sequence[tuple[Alert, int]], now: datetime) -> int | None:
    """Write down that these go out now, in one message; return its number, or None if another process does so."""
    values = {"channel": channel, "attempt": max(attempt for _, attempt in attempts), "begun_at": now}
    try:
        with ledger.begin() as connection:
            number = _insert(connection, values)
            rows = [
                {"alert_id": alert.alert_id, "channel": channel, "attempt": attempt, "telling_id": number}
                for alert, attempt in attempts
            ]
            connection.execute(insert(told), rows)
    except IntegrityError:
        return None
    return number


def begin_report(ledger: Engine, period: str, attempt: int, now: datetime) -> int | None:
    """Write down that the report of a period goes out now; return its number, or None if another process sends it."""
    try:
        with ledger.begin() as connection:
            return _insert(connection, {"channel": REPORT, "period": period, "attempt": attempt, "begun_at": now})
    except IntegrityError:
        return None


def end(ledger: Engine, telling_id: int, outcome: Outcome, words: str, now: datetime) -> None:
    """Write down what came of it."""
    values = {"outcome": outcome, "words": words, "ended_at": now}
    with ledger.begin() as connection:
        connection.execute(update(tellings).where(tellings.c.telling_id == telling_id).values(values))


def reports(connection: Connection, limit: int) -> list[Telling]:
    """Return the last tellings of reports, the newest first."""
    query = select(*_COLUMNS).where(tellings.c.channel == REPORT).order_by(tellings.c.telling_id.desc()).limit(limit)
    return [Telling(*row) for row in connection.execute(query)]


def how_told(connection: Connection, alert_ids: Collection[int]) -> Mapping[int, list[Telling]]:
    """Return the last telling of each of these alerts on each channel, by alert; its `attempt` is the alert's own."""
    found: dict[int, list[Telling]] = {}
    channels = connection.execute(select(told.c.channel).distinct().order_by(told.c.channel)).scalars()
    for channel in list(channels):
        for alert_id, telling in _last_attempts(connection, channel, alert_ids).items():
            found.setdefault(alert_id, []).append(telling)
    return found


def _last_attempts(
    connection: Connection, channel: str, alert_ids: Collection[int] | None = None
) -> dict[int, Telling]:
    """Return the last telling of each alert on a channel; of the open ones unless others are named."""
    wanted = alerts.c.cleared_at.is_(None) if alert_ids is None else alerts.c.alert_id.in_(alert_ids)
    last = (
        select(told.c.alert_id, func.max(told.c.attempt).label("attempt"))
        .where(told.c.channel == channel, told.c.alert_id.in_(select(alerts.c.alert_id).where(wanted)))
        .group_by(told.c.alert_id)
        .subquery()
    )
    columns = [told.c.attempt if each.name == "attempt" else each for each in _COLUMNS]
    is_last = (told.c.alert_id == last.c.alert_id) & (told.c.attempt == last.c.attempt) & (told.c.channel == channel)
    query = select(told.c.alert_id, *columns).select_from(
        told.join(last, is_last).join(tellings, tellings.c.telling_id == told.c.telling_id)
    )
    return {alert_id: Telling(*rest) for alert_id, *rest in connection.execute(query)}


def _insert(connection: Connection, values: dict[str, Any]) -> int:
    made = insert(tellings).values(values).returning(tellings.c.telling_id)
    return int(connection.execute(made).scalar_one())
