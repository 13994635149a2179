"""What waits to be sent, seen with newer knowledge: permissions that ended, and others that last longer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from pipelines.ledger.schema import campaigns, sends


def queued(connection: Connection) -> list[tuple[Any, ...]]:
    """Rows (send_id, campaign_id, page_id, psid, lane, token_key, permission_ends_at) of what waits and may yet go."""
    names = ("send_id", "campaign_id", "page_id", "psid", "lane", "token_key", "permission_ends_at")
    going = select(campaigns.c.campaign_id).where(campaigns.c.state.in_(("sending", "paused"))).scalar_subquery()
    query = select(*(sends.c[name] for name in names)).where(sends.c.campaign_id.in_(going), sends.c.state == "queued")
    return [tuple(row) for row in connection.execute(query)]


def withdraw(connection: Connection, lost: Sequence[tuple[int, str, str]], now: datetime) -> int:
    """Give up queued sends that lost their permission: rows of send_id, reason, words."""
    change = update(sends).where(sends.c.send_id == bindparam("the_send"), sends.c.state == "queued")
    values = {"state": "failed", "state_at": now, "reason": bindparam("its_reason"), "words": bindparam("its_words")}
    rows = [{"the_send": send_id, "its_reason": reason, "its_words": words} for send_id, reason, words in lost]
    return int(connection.execute(change.values(values), rows).rowcount) if rows else 0


def move_ends(connection: Connection, moved: Sequence[tuple[int, datetime]]) -> int:
    """Write down until when queued sends are permitted now: rows of send_id, the moment."""
    change = update(sends).where(sends.c.send_id == bindparam("the_send"), sends.c.state == "queued")
    rows = [{"the_send": send_id, "its_end": ends_at} for send_id, ends_at in moved]
    values: dict[str, Any] = {"permission_ends_at": bindparam("its_end")}
    return int(connection.execute(change.values(values), rows).rowcount) if rows else 0


def use_windows(connection: Connection, opened: Sequence[tuple[int, datetime]]) -> int:
    """Let queued sends go by the open window instead of their token, which is free again: rows of send_id, its end."""
    change = update(sends).where(sends.c.send_id == bindparam("the_send"), sends.c.state == "queued")
    freed = {"lane": "standard_window", "token": None, "token_key": None, "topic": None}
    rows = [{"the_send": send_id, "its_end": closes_at} for send_id, closes_at in opened]
    values: dict[str, Any] = freed | {"permission_ends_at": bindparam("its_end")}
    return int(connection.execute(change.values(values), rows).rowcount) if rows else 0
