"""Runs the numbered models over the events of one chunk."""

from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.statements import statements

_FOLDER = Path(__file__).parent.parent / "sql"
_STORE = statements(Path(__file__).with_name("store.sql"))
_HOURLY = statements(_FOLDER / "10_event_hourly.sql")
_CONTACTS = statements(_FOLDER / "20_contacts.sql")
_WINDOWS = statements(_FOLDER / "30_windows.sql")
_TOKEN_EVENTS = statements(_FOLDER / "40_token_events.sql")
_TOKENS = statements(_FOLDER / "50_tokens.sql")
_HELD = statements(_FOLDER / "55_held_spans.sql")
_DAILY = statements(_FOLDER / "60_token_daily.sql")
_REDERIVE = statements(_FOLDER / "90_rederive.sql")


def run_models(cursor: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """
    Bring every model up to the events in chunk_new and the copies taken away in chunk_replaced.

    Runs inside the caller's transaction. Each model comes out the same for the same events, in any order.
    """
    cursor.execute(_HOURLY["event_hourly"])
    if _number(cursor, _HOURLY["count_replaced"]):
        cursor.execute(_HOURLY["drop_empty_hours"])
    for name in ("seen", "seen_earlier", "contacts"):
        cursor.execute(_CONTACTS[name])
    _run_windows(cursor)
    _run_tokens(cursor, as_of)


def rederive(cursor: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """Make every model anew from the warehouse's events, for rules or topic names that have changed."""
    cursor.execute(_REDERIVE["empty_models"])
    cursor.execute(_STORE["none_replaced"])
    for first_batch, last_batch in cursor.execute(_REDERIVE["batches"]).fetchall():
        use_batches(cursor, first_batch, last_batch)
        run_models(cursor, as_of)


def use_batches(cursor: duckdb.DuckDBPyConnection, first_batch: int, last_batch: int) -> None:
    """Lay out the warehouse's events of some batches as those that the models read."""
    cursor.execute(_REDERIVE["point_at_batches"], {"first_batch": first_batch, "last_batch": last_batch})
    cursor.execute(_REDERIVE["use_events"])


def refresh_states(cursor: duckdb.DuckDBPyConnection, as_of: datetime, was_as_of: datetime) -> None:
    """Set tokens.state to the moment `as_of`, where it held for `was_as_of`."""
    cursor.execute(_TOKENS["refresh_states"], {"as_of": as_of, "was_as_of": was_as_of})
    cursor.execute(_TOKENS["refresh_ungiven"], {"as_of": as_of})


def _run_windows(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(_WINDOWS["openings"])
    if _number(cursor, _WINDOWS["count_openings"]):
        for name in ("touched_windows", "drop_windows", "windows"):
            cursor.execute(_WINDOWS[name])


def _run_tokens(cursor: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    if not _number(cursor, _TOKEN_EVENTS["count_candidates"]):
        return
    for name in ("tokens_of_replaced", "drop_token_events", "token_events"):
        cursor.execute(_TOKEN_EVENTS[name])
    cursor.execute(_TOKENS["touched_tokens"])
    if not _number(cursor, _TOKENS["count_touched"]):
        return
    cursor.execute(_TOKENS["old_spans"])
    if _number(cursor, _TOKENS["count_old"]):
        cursor.execute(_TOKENS["drop_spans"])
        cursor.execute(_TOKENS["drop_tokens"])
    for name in ("history", "new_spans", "keep_spans"):
        cursor.execute(_TOKENS[name])
    for name in ("touched_holders", "drop_held", "held_spans"):
        cursor.execute(_HELD[name])
    cursor.execute(_TOKENS["keep_tokens"], {"as_of": as_of})
    cursor.execute(_DAILY["token_daily"])
    cursor.execute(_DAILY["drop_empty_days"])


def _number(cursor: duckdb.DuckDBPyConnection, query: str) -> int:
    row = cursor.execute(query).fetchone()
    return int(row[0]) if row else 0
