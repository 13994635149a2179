"""The stored forecast: written in one transaction, with the moment and the data that it was made from."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.forecast.forecast import PATHS, SEED, Forecast, make_forecast
from pipelines.forecast.history import Known, read_known
from pipelines.policy import Policy
from pipelines.statements import statements
from pipelines.warehouse import Warehouse

METHOD = "1"
"""Another way of forecasting gets another number: what an older one stored is then made anew."""
_SQL = statements(Path(__file__).with_suffix(".sql"))
_TABLES = ("runoff", "bands", "topics", "lives", "backtest", "daily_errors", "models")


@dataclass(frozen=True, slots=True)
class ForecastState:
    """What the stored forecast was made from. Times are naive UTC; `batch` is the last batch of lines it has seen."""

    starts_at: datetime
    made_at: datetime
    batch: int
    method: str
    seed: int
    count_paths: int
    count_days: int
    count_topics: int


def refresh_forecast(warehouse: Warehouse, policy: Policy, now: datetime) -> ForecastState | None:
    """
    Make and store the forecast, unless one of the same day and data stands already; None without any token.

    `now` is naive UTC. Readers see the old forecast until the new one is whole.
    """
    cursor = warehouse.cursor()
    cursor.execute(_SQL["schema"])
    stored, known = read_state(cursor), read_known(cursor, now)
    if known is None:
        return None
    if stored and _is_current(stored, known, now):
        return stored
    made = make_forecast(cursor, policy, now)
    if made is not None:
        with warehouse.writing:
            _store(cursor, made, now)
    return read_state(cursor)


def is_current(cursor: duckdb.DuckDBPyConnection, now: datetime) -> bool:
    """Whether the stored forecast is of this day and of all that is loaded, or there is nothing to forecast."""
    stored, known = read_state(cursor), read_known(cursor, now)
    return known is None or (stored is not None and _is_current(stored, known, now))


def is_of_today(cursor: duckdb.DuckDBPyConnection, now: datetime) -> bool:
    """Whether the stored forecast is of this day, though more may have been loaded since."""
    stored, known = read_state(cursor), read_known(cursor, now)
    return stored is not None and known is not None and _is_current(stored, replace(known, batch=stored.batch), now)


def _is_current(stored: ForecastState, known: Known, now: datetime) -> bool:
    is_same_day = stored.starts_at.date() == known.origin(now).date()
    return is_same_day and stored.method == METHOD and stored.batch == known.batch


def read_state(cursor: duckdb.DuckDBPyConnection) -> ForecastState | None:
    """Return what the stored forecast was made from; None where there is none."""
    (exists,) = cursor.execute(_SQL["exists"]).fetchall()[0]
    found = cursor.execute(_SQL["read_state"]).fetchone() if exists else None
    return ForecastState(*found) if found else None


def _store(cursor: duckdb.DuckDBPyConnection, made: Forecast, now: datetime) -> None:
    cursor.begin()
    try:
        cursor.execute(_SQL["empty"])
        for name in _TABLES:
            rows = made.tables[name]
            if name == "models":
                rows = rows.assign(model=rows["model"].map(json.dumps))
            if len(rows):
                cursor.register("rows", rows)
                cursor.execute(_SQL[name])
                cursor.unregister("rows")
        values: dict[str, Any] = {
            "starts_at": made.at,
            "made_at": now,
            "batch": made.batch,
            "method": METHOD,
            "seed": SEED,
            "count_paths": PATHS,
            "count_days": made.count_days,
            "count_topics": len(made.tables["topics"]),
        }
        cursor.execute(_SQL["state"], values)
        cursor.execute(_SQL["changed"])
        cursor.commit()
    except BaseException:
        cursor.rollback()
        raise
