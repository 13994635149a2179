"""Who was forgotten: a secret, and with it a hash for each person and Page, from which nobody can be led back."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from pipelines.ledger.schema_app import tombstone_key, tombstones


def key_of(connection: Connection) -> str:
    """Return the secret in every tombstone, which is drawn when it is first asked for."""
    found = select(tombstone_key.c.key)
    key = connection.execute(found).scalar()
    if key is None:
        insert_any = insert_sqlite if connection.dialect.name == "sqlite" else insert_postgresql
        drawn = {"single": 1, "key": secrets.token_hex(32)}
        connection.execute(insert_any(tombstone_key).values(drawn).on_conflict_do_nothing())
        key = connection.execute(found).scalar_one()
    return str(key)


def standing(connection: Connection) -> list[tuple[str, str, datetime]]:
    """Rows (person_hash, page_id, forgotten_at), for each person and Page."""
    columns = (tombstones.c.person_hash, tombstones.c.page_id, tombstones.c.forgotten_at)
    rows = connection.execute(select(*columns).order_by(tombstones.c.person_hash))
    return [(person, page, at) for person, page, at in rows]


def bury(connection: Connection, people: Iterable[tuple[str, str]], at: datetime) -> None:
    """Leave a tombstone for each (person_hash, page_id); one that stands already only moves on."""
    for person, page in people:
        moved = update(tombstones).where(tombstones.c.person_hash == person, tombstones.c.forgotten_at < at)
        known = select(tombstones.c.person_hash).where(tombstones.c.person_hash == person)
        if connection.execute(known).first():
            connection.execute(moved.values(forgotten_at=at))
        else:
            connection.execute(insert(tombstones).values(person_hash=person, page_id=page, forgotten_at=at))
