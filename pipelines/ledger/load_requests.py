"""Loads that a command asks of the running app: asked → loading → done or failed; or asked → withdrawn."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, insert, select, update

from pipelines.ledger.schema_app import load_requests


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """One load that was asked for, and how far it is. `answer` as in the table."""

    request_id: int
    state: str
    paths: list[str]
    bytes_total: int
    bytes_done: int
    events: int
    answer: str


_COLUMNS = [load_requests.c[name] for name in LoadRequest.__dataclass_fields__]


def ask(ledger: Engine, paths: Sequence[str], bytes_total: int, now: datetime) -> int:
    """Ask for absolute paths to be loaded; return the request's id. Times are naive UTC."""
    values = {"state": "asked", "paths": json.dumps(list(paths)), "asked_at": now, "state_at": now}
    with ledger.begin() as connection:
        made = insert(load_requests).values(**values, bytes_total=bytes_total).returning(load_requests.c.request_id)
        return int(connection.execute(made).scalar_one())


def take(ledger: Engine, now: datetime) -> LoadRequest | None:
    """Begin with the one that has waited longest, unless none does. Of two who try, one gets it."""
    waiting = select(load_requests.c.request_id).where(load_requests.c.state == "asked")
    with ledger.connect() as connection:
        first = connection.execute(waiting.order_by(load_requests.c.request_id).limit(1)).scalar_one_or_none()
    if first is None or not _move(ledger, first, "asked", "loading", now):
        return None
    return find(ledger, first)


def find(ledger: Engine, request_id: int) -> LoadRequest:
    """Return a request as it stands now."""
    with ledger.connect() as connection:
        row = connection.execute(select(*_COLUMNS).where(load_requests.c.request_id == request_id)).one()
    number, state, paths, bytes_total, bytes_done, events, answer = row
    return LoadRequest(number, state, json.loads(paths), bytes_total, bytes_done, events, answer or "")


def tell(ledger: Engine, request_id: int, bytes_done: int, events: int, now: datetime) -> None:
    """Say how far a load is."""
    values = {"bytes_done": bytes_done, "events": events, "state_at": now}
    with ledger.begin() as connection:
        connection.execute(update(load_requests).where(load_requests.c.request_id == request_id).values(values))


def finish(ledger: Engine, request_id: int, summary: dict[str, Any], now: datetime) -> None:
    """Answer with what became of the lines."""
    _move(ledger, request_id, "loading", "done", now, json.dumps(summary, default=str))


def fail(ledger: Engine, request_id: int, sentence: str, now: datetime) -> None:
    """Answer with what went wrong."""
    _move(ledger, request_id, "loading", "failed", now, sentence)


def withdraw(ledger: Engine, request_id: int, now: datetime) -> bool:
    """Take a request back; return whether it had not been begun."""
    return _move(ledger, request_id, "asked", "withdrawn", now)


def ask_again(ledger: Engine, now: datetime) -> None:
    """Let the loads that a dead app had begun wait again: loading twice changes nothing."""
    begun = update(load_requests).where(load_requests.c.state == "loading")
    with ledger.begin() as connection:
        connection.execute(begun.values(state="asked", state_at=now, bytes_done=0, events=0))


def _move(ledger: Engine, request_id: int, before: str, after: str, now: datetime, answer: str | None = None) -> bool:
    change = update(load_requests).where(load_requests.c.request_id == request_id, load_requests.c.state == before)
    with ledger.begin() as connection:
        return bool(connection.execute(change.values(state=after, state_at=now, answer=answer)).rowcount)
