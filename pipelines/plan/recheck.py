"""Queued sends seen with newer logs: who stopped meanwhile gets nothing; a window that went on is used to its end."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from sqlalchemy import Engine

from pipelines.ledger import waiting
from pipelines.plan.reasons import WORDS
from pipelines.statements import statements

_SQL = statements(Path(__file__).with_suffix(".sql"))
_COLUMNS = ("send_id", "page_id", "psid", "lane", "token_key", "permission_ends_at")


@dataclass(frozen=True, slots=True)
class Rechecked:
    """How many queued sends lost their permission, and of how many it ends at another time."""

    lost: int
    moved: int


def recheck(cursor: duckdb.DuckDBPyConnection, ledger: Engine, at: datetime) -> Rechecked:
    """Bring the queued sends up to what the warehouse knows as of `at` (naive UTC)."""
    with ledger.connect() as connection:
        queued = waiting.queued(connection)
    if not queued:
        return Rechecked(0, 0)
    import pandas as pd

    cursor.register("queued_sends", pd.DataFrame(queued, columns=list(_COLUMNS)))
    lost = cursor.execute(_SQL["lost"], {"at": at}).fetchall()
    moved = cursor.execute(_SQL["moved"], {"at": at}).fetchall()
    cursor.unregister("queued_sends")
    reasons = [(send_id, f"token_{state}", WORDS[f"token_{state}"]) for send_id, state in lost]
    with ledger.begin() as connection:
        count_lost = waiting.withdraw(connection, reasons, at)
        count_moved = waiting.move_ends(connection, moved)
    return Rechecked(count_lost, count_moved)
