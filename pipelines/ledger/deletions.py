"""Wishes to be forgotten, by whomever: asked, being erased, erased; or unknown, until an admin says who is meant."""

import json
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from pipelines.ledger.schema_app import app_users, deletion_requests

DeletionState = Literal["asked", "erasing", "erased", "unknown"]
OPEN: tuple[DeletionState, ...] = ("asked", "erasing")


@dataclass(frozen=True, slots=True)
class Deletion:
    """One wish. Times are naive UTC; `psid` and `app_user_id` are None once it is erased."""

    code: str
    state: DeletionState
    asked_by: str
    asked_at: datetime
    state_at: datetime
    app_user_id: str | None
    psid: str | None
    page_id: str | None
    person_hash: str | None
    forgotten_at: datetime | None
    counts: str

    def told(self) -> dict[str, Any]:
        """Return what was erased, by kind, and what it waits for."""
        return dict(json.loads(self.counts))


_COLUMNS = [deletion_requests.c[name] for name in Deletion.__dataclass_fields__]


def ask(connection: Connection, by: str, now: datetime, state: DeletionState = "asked", **about: Any) -> str:
    """Write a wish down, and return its code, by which its state can be looked up. `about`: columns of the table."""
    code = secrets.token_hex(16)
    values = {"code": code, "state": state, "asked_by": by, "asked_at": now, "state_at": now}
    connection.execute(insert(deletion_requests).values(values | about))
    return code


def find(connection: Connection, code: str) -> Deletion | None:
    """Return a wish by its code."""
    row = connection.execute(select(*_COLUMNS).where(deletion_requests.c.code == code)).first()
    return Deletion(*row) if row else None


def last_of(connection: Connection, person_hash: str) -> Deletion | None:
    """Return the last wish of somebody."""
    query = select(*_COLUMNS).where(deletion_requests.c.person_hash == person_hash)
    row = connection.execute(query.order_by(deletion_requests.c.asked_at.desc()).limit(1)).first()
    return Deletion(*row) if row else None


def in_states(connection: Connection, states: Collection[DeletionState]) -> list[Deletion]:
    """Return the wishes in some states, the oldest first; those already begun before the others."""
    query = select(*_COLUMNS).where(deletion_requests.c.state.in_(states))
    rows = connection.execute(query.order_by(deletion_requests.c.state.desc(), deletion_requests.c.asked_at))
    return [Deletion(*row) for row in rows]


def change(connection: Connection, code: str, now: datetime, **values: Any) -> None:
    """Move a wish on; `values` are columns, `counts` a dict."""
    if "counts" in values:
        values["counts"] = json.dumps(values["counts"], sort_keys=True)
    found = update(deletion_requests).where(deletion_requests.c.code == code)
    connection.execute(found.values(state_at=now, **values))


def people_of(connection: Connection, app_user_id: str) -> list[tuple[str, str]]:
    """Rows (page_id, psid) of the people that an app-scoped id is known to mean."""
    query = select(app_users.c.page_id, app_users.c.psid).where(app_users.c.app_user_id == app_user_id)
    return [(page, psid) for page, psid in connection.execute(query.order_by(app_users.c.page_id))]


def know(connection: Connection, rows: Iterable[tuple[str, str, str]]) -> int:
    """Keep whom app-scoped ids mean: rows (app_user_id, page_id, psid). Returns how many."""
    count = 0
    for user, page, psid in rows:
        where = (app_users.c.app_user_id == user) & (app_users.c.page_id == page)
        connection.execute(delete(app_users).where(where))
        connection.execute(insert(app_users).values(app_user_id=user, page_id=page, psid=psid))
        count += 1
    return count


def unknow(connection: Connection, psid: str, pages: Collection[str]) -> None:
    """Drop every line that leads from an app-scoped id to a person who was forgotten."""
    connection.execute(delete(app_users).where(app_users.c.psid == psid, app_users.c.page_id.in_(pages)))
