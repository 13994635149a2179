"""Entries of the chain that somebody looks for: a page at a time, chosen by the ledger, never loaded whole."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from pipelines.ledger.chain import Entry
from pipelines.ledger.schema import audit_entries

_COLUMNS = [audit_entries.c[name] for name in Entry.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries are looked for; '' or None asks for nothing. Times are naive UTC, in [since, before)."""

    actor: str = ""
    campaign_id: str = ""
    action: str = ""
    since: datetime | None = None
    before: datetime | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """Give what must hold of an entry."""
        for column in ("actor", "campaign_id", "action"):
            if value := getattr(self, column):
                yield audit_entries.c[column] == value
        if self.since is not None:
            yield audit_entries.c.at >= self.since
        if self.before is not None:
            yield audit_entries.c.at < self.before

    def fits(self, entry: Entry) -> bool:
        """Say whether an entry that is at hand is among them."""
        asked = ((self.actor, entry.actor), (self.campaign_id, entry.campaign_id), (self.action, entry.action))
        is_named = all(not value or value == own for value, own in asked)
        return is_named and (self.since or entry.at) <= entry.at and (self.before is None or entry.at < self.before)


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found, newest first. `newer` and `older` say whether there is more on either side."""

    entries: tuple[Entry, ...]
    newer: bool
    older: bool


@dataclass(frozen=True, slots=True)
class Named:
    """Everybody and every act that the chain names, by the alphabet."""

    actors: tuple[str, ...]
    actions: tuple[str, ...]


def page(connection: Connection, sought: Sought, most: int, below: int | None = None) -> Found:
    """Return the newest entries that fit; with `below` only those with a smaller number."""
    number = audit_entries.c.entry_id
    query = _fitting(sought)
    if below is not None:
        query = query.where(number < below)
    rows = connection.execute(query.order_by(number.desc()).limit(most + 1)).all()
    is_newer = below is not None and connection.execute(_fitting(sought).where(number >= below).limit(1)).first()
    return Found(tuple(Entry(*row) for row in rows[:most]), bool(is_newer), len(rows) > most)


def matching(connection: Connection, sought: Sought) -> list[Entry]:
    """Return all entries that fit, oldest first: for what is rare."""
    query = _fitting(sought).order_by(audit_entries.c.entry_id)
    return [Entry(*row) for row in connection.execute(query)]


def newer(connection: Connection, sought: Sought, most: int, below: int) -> int | None:
    """Return the `below` of the page before the one that begins below `below`; None where that is the first."""
    number = audit_entries.c.entry_id
    query = _fitting(sought).where(number >= below).order_by(number).limit(most + 1)
    numbers = [row.entry_id for row in connection.execute(query)]
    return numbers[most] if len(numbers) > most else None


def count(connection: Connection, sought: Sought) -> int:
    """Return how many entries fit."""
    query = select(func.count()).select_from(audit_entries).where(*sought.conditions())
    return int(connection.execute(query).scalar_one())


def named(connection: Connection) -> Named:
    """Return who and what can be looked for."""
    column = audit_entries.c
    return Named(tuple(_each(connection, column.actor)), tuple(_each(connection, column.action)))


def _each(connection: Connection, column: ColumnElement[str]) -> Iterator[str]:
    """Give each value once, by the alphabet: a look into the index for each, however many entries there are."""
    value = connection.execute(select(func.min(column))).scalar()
    while value is not None:
        yield value
        value = connection.execute(select(func.min(column)).where(column > value)).scalar()


def by_day(connection: Connection, since: datetime, before: datetime) -> list[tuple[date, str, int]]:
    """Count what was done in [since, before), as rows (day in UTC, action, entries)."""
    on = func.date(audit_entries.c.at)
    query = select(on, audit_entries.c.action, func.count()).where(*Sought(since=since, before=before).conditions())
    rows = connection.execute(query.group_by(on, audit_entries.c.action))
    return [(date.fromisoformat(str(row[0])), row[1], row[2]) for row in rows]


def knows(connection: Connection, actions: Collection[str], digest: str) -> bool:
    """Say whether an entry of one of these actions names a hash."""
    column = audit_entries.c
    query = select(column.entry_id).where(column.action.in_(actions), column.detail.contains(digest))
    return connection.execute(query.limit(1)).first() is not None


def _fitting(sought: Sought) -> Select[Any]:
    return select(*_COLUMNS).where(*sought.conditions())
