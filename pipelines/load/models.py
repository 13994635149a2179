"""Runs the numbered models over the items of one chunk."""

from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.statements import statements

_FOLDER = Path(__file__).parent.parent / "sql"
_HOURLY = statements(_FOLDER / "10_event_hourly.sql")
_CONTACTS = statements(_FOLDER / "20_contacts.sql")
_WINDOWS = statements(_FOLDER / "30_windows.sql")
_TOKEN_EVENTS = statements(_FOLDER / "40_token_events.sql")
_TOKENS = statements(_FOLDER / "50_tokens.sql")
_DAILY = statements(_FOLDER / "60_token_daily.sql")
_REDERIVE = statements(_FOLDER / "90_rederive.sql")
_ROWS_AT_ONCE = 500_000


def run_models(cursor: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """
    Bring every model up to the chunk in the temporary tables chunk_new, chunk_known, chunk_copies and chunk_replaced.

    Runs inside the caller's transaction. Each model comes out the same for the same events, in whatever order they came.
    """
    cursor.execute(_HOURLY["event_hourly"])
    cursor.execute(_CONTACTS["contacts"])
    _run_windows(cursor)
    _run_tokens(cursor, as_of)
    if _number(cursor, "SELECT count(*) FROM chunk_replaced"):
        cursor.execute(_HOURLY["drop_empty_hours"])


def rederive(cursor: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """Make every model anew from the events in the warehouse: for rules or topic names that have changed."""
    cursor.begin()
    cursor.execute(_REDERIVE["empty_models"])
    last = _number(cursor, _REDERIVE["last_row"])
    for first_row in range(0, last + 1, _ROWS_AT_ONCE):
        cursor.execute(_REDERIVE["point_at_rows"], {"first_row": first_row, "last_row": first_row + _ROWS_AT_ONCE - 1})
        for name in ("take_events", "nothing_known"):
            cursor.execute(_REDERIVE[name])
        run_models(cursor, as_of)
    cursor.commit()


def refresh_states(cursor: duckdb.DuckDBPyConnection, as_of: datetime, was_as_of: datetime) -> None:
    """Set tokens.state to the moment `as_of`, where it held for `was_as_of`."""
    cursor.execute(_TOKENS["refresh_states"], {"as_of": as_of, "was_as_of": was_as_of})


def _run_windows(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(_WINDOWS["openings"])
    if not _number(cursor, "SELECT count(*) FROM chunk_openings"):
        return
    for name in ("touched_windows", "drop_windows", "windows"):
        cursor.execute(_WINDOWS[name])


def _run_tokens(cursor: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    for name in ("begin_tokens", "drop_token_events", "token_events"):
        cursor.execute(_TOKEN_EVENTS[name])
    cursor.execute(_TOKENS["touched_tokens"])
    if not _number(cursor, "SELECT count(*) FROM chunk_tokens"):
        return
    for name in ("old_spans", "drop_spans", "drop_tokens", "new_spans", "keep_spans"):
        cursor.execute(_TOKENS[name])
    cursor.execute(_TOKENS["keep_tokens"], {"as_of": as_of})
    cursor.execute(_DAILY["token_daily"])
    cursor.execute(_DAILY["drop_empty_days"])


def _number(cursor: duckdb.DuckDBPyConnection, query: str) -> int:
    row = cursor.execute(query).fetchone()
    return int(row[0]) if row else 0
