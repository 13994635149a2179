"""Alerts as the ledger knows them: raised once while their condition lasts, cleared when it ends."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, Engine, func, insert, select, update

from pipelines.errors import Refused
from pipelines.ledger.schema_alerts import alerts, watch

STAYS = timedelta(hours=1)
"""What returns within so long after it was cleared is the same alert, and is not told again."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that holds now and wants somebody. '' where it is about no Page, topic or campaign.

    `says` and `to_do` are sentences for users that name no person and no secret; `path` is where its view lies.
    """

    kind: str
    says: str
    to_do: str
    path: str
    page_id: str = ""
    topic: str = ""
    campaign_id: str = ""

    @property
    def key(self) -> str:
        """What it is known by, whatever its sentence says at the moment."""
        about = [self.kind, self.page_id, self.topic, self.campaign_id]
        return sha256(json.dumps(about).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. `cleared_at` is None while it is open. Times are naive UTC."""

    alert_id: int
    kind: str
    page_id: str
    topic: str
    campaign_id: str
    says: str
    to_do: str
    path: str
    raised_at: datetime
    cleared_at: datetime | None
    seen_by: str | None
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Look:
    """When the conditions were last looked at, and what could not be; '' if all was."""

    checked_at: datetime
    says: str


COLUMNS = [alerts.c[name] for name in Alert.__dataclass_fields__]


def reconcile(ledger: Engine, found: Collection[Condition], kinds: Collection[str], now: datetime, says: str) -> None:
    """
    Raise what holds and is not open, clear what is open and does not hold, and note the look; `says` as in Look.

    Only alerts of `kinds` are cleared: of the others nobody knows at the moment. What was cleared within STAYS is open
    again as the alert that it was.
    """
    by_key = {each.key: each for each in found}
    with ledger.begin() as connection:
        _note(connection, now, says)
        open_keys = select(alerts.c.alert_key).where(alerts.c.cleared_at.is_(None))
        standing = set(connection.execute(open_keys).scalars())
        gone = alerts.c.cleared_at.is_(None) & alerts.c.kind.in_(kinds) & alerts.c.alert_key.not_in(by_key)
        connection.execute(update(alerts).where(gone).values(cleared_at=now))
        for key, each in by_key.items():
            told = {"says": each.says, "to_do": each.to_do, "path": each.path}
            if key in standing:
                is_it = (alerts.c.alert_key == key) & alerts.c.cleared_at.is_(None)
                connection.execute(update(alerts).where(is_it).values(told))
            elif not _open_again(connection, key, told, now):
                about = {"page_id": each.page_id, "topic": each.topic, "campaign_id": each.campaign_id}
                values = {"alert_key": key, "kind": each.kind, "raised_at": now} | about | told
                connection.execute(insert(alerts).values(values))


def open_alerts(connection: Connection) -> list[Alert]:
    """Return what is open, the newest first."""
    query = select(*COLUMNS).where(alerts.c.cleared_at.is_(None))
    return _read(connection, query.order_by(alerts.c.raised_at.desc(), alerts.c.alert_id.desc()))


def count_open(connection: Connection) -> int:
    """Return how many are open."""
    query = select(func.count()).select_from(alerts).where(alerts.c.cleared_at.is_(None))
    return int(connection.execute(query).scalar_one())


def history(connection: Connection, limit: int) -> list[Alert]:
    """Return the last ones that are over, the newest first."""
    query = select(*COLUMNS).where(alerts.c.cleared_at.is_not(None))
    return _read(connection, query.order_by(alerts.c.raised_at.desc(), alerts.c.alert_id.desc()).limit(limit))


def mark_seen(ledger: Engine, alert_id: int, by: str, now: datetime) -> None:
    """Write down who has seen an alert first; it stays open. Raises Refused for one that is over or not there."""
    is_it = (alerts.c.alert_id == alert_id) & alerts.c.cleared_at.is_(None)
    with ledger.begin() as connection:
        if connection.execute(select(alerts.c.alert_id).where(is_it)).first() is None:
            raise Refused("That alert is over. There is nothing to mark.")
        connection.execute(update(alerts).where(is_it, alerts.c.seen_by.is_(None)).values(seen_by=by, seen_at=now))


def last_look(connection: Connection) -> Look | None:
    """Return when the conditions were last looked at; None if nobody ever did."""
    row = connection.execute(select(watch.c.checked_at, watch.c.says)).first()
    return Look(*row) if row else None


def _note(connection: Connection, now: datetime, says: str) -> None:
    values = {"checked_at": now, "says": says}
    if not connection.execute(update(watch).values(values)).rowcount:
        connection.execute(insert(watch).values(single=1, **values))


def _open_again(connection: Connection, key: str, told: dict[str, str], now: datetime) -> bool:
    lately = (alerts.c.alert_key == key) & (alerts.c.cleared_at > now - STAYS)
    query = select(alerts.c.alert_id).where(lately).order_by(alerts.c.alert_id.desc()).limit(1)
    alert_id = connection.execute(query).scalar_one_or_none()
    if alert_id is None:
        return False
    connection.execute(update(alerts).where(alerts.c.alert_id == alert_id).values(cleared_at=None, **told))
    return True


def _read(connection: Connection, query: object) -> list[Alert]:
    return [Alert(*row) for row in connection.execute(query)]  # type: ignore[call-overload]
