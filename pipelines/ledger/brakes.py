"""Pages that may not be called for a while, whichever dispatcher holds them."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from pipelines.ledger.schema import page_brakes


def put_on(connection: Connection, page_id: str, until: datetime, why: str, now: datetime) -> None:
    """Let nobody call for a Page until then (naive UTC)."""
    values = {"closed_until": until, "why": why, "set_at": now}
    if not connection.execute(update(page_brakes).where(page_brakes.c.page_id == page_id).values(values)).rowcount:
        connection.execute(insert(page_brakes).values(page_id=page_id, **values))


def take_off(connection: Connection, page_id: str) -> None:
    """Let a Page be called again."""
    connection.execute(delete(page_brakes).where(page_brakes.c.page_id == page_id))


def standing(connection: Connection, page_id: str, now: datetime) -> tuple[datetime, str] | None:
    """Return until when a Page is closed, and why; None while it is open."""
    columns = (page_brakes.c.closed_until, page_brakes.c.why)
    is_closed = (page_brakes.c.page_id == page_id) & (page_brakes.c.closed_until > now)
    row = connection.execute(select(*columns).where(is_closed)).first()
    return (row[0], row[1]) if row else None
