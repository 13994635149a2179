"""The stored forecast, read: what pages and commands show of it, narrowed to a Page, a kind or a topic."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from pipelines.forecast.advice import SPANS, Advice, Unused, advise
from pipelines.forecast.store import read_state
from pipelines.statements import statements

_SQL = statements(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a forecast is shown for; None stands for all. A topic goes with its page_id and kind."""

    page_id: str | None = None
    kind: str | None = None
    topic: str | None = None

    def values(self) -> dict[str, Any]:
        """Return them as $parameters."""
        return {"page_id": self.page_id, "kind": self.kind, "topic": self.topic}


def topics(cursor: duckdb.DuckDBPyConnection, to: Narrowed) -> pd.DataFrame:
    """Return the columns of forecast_topics, those topics first of which the most tokens die unused."""
    return cursor.execute(_SQL["topics"], to.values()).df()


def days(cursor: duckdb.DuckDBPyConnection, to: Narrowed, sends: str) -> pd.DataFrame:
    """Return measure, days_ahead, day, mean and bands; `sends` is soonest_first or as_before."""
    return cursor.execute(_SQL["days"], to.values() | {"sends": sends}).df()


def unused(cursor: duckdb.DuckDBPyConnection, to: Narrowed, sends: str) -> list[Unused]:
    """Return what dies unused within each of SPANS."""
    rows = cursor.execute(_SQL["unused"], to.values() | {"sends": sends, "spans": list(SPANS)}).fetchall()
    return [Unused(*row) for row in rows]


def closing(cursor: duckdb.DuckDBPyConnection, to: Narrowed) -> list[tuple[date, str, int]]:
    """Return the days on which a lane closes, its kind, and the tokens that end by it."""
    return cursor.execute(_SQL["closing"], to.values()).fetchall()


def advice(cursor: duckdb.DuckDBPyConnection, to: Narrowed) -> list[Advice]:
    """Return what to do, in sentences; nothing where no forecast is stored."""
    state = read_state(cursor)
    if state is None:
        return []
    before, soonest = unused(cursor, to, "as_before"), unused(cursor, to, "soonest_first")
    return advise(topics(cursor, to), before, soonest, closing(cursor, to), state.starts_at)


def runoff(cursor: duckdb.DuckDBPyConnection, to: Narrowed) -> pd.DataFrame:
    """Return day, count_tokens, count_closing for 13 months: exact, if nobody uses a token."""
    return cursor.execute(_SQL["runoff"], to.values()).df()


def lives(cursor: duckdb.DuckDBPyConnection, to: Narrowed) -> pd.DataFrame:
    """Return page_id, kind, topic, age_days, chance, used, alive."""
    return cursor.execute(_SQL["lives"], to.values()).df()


def coverage(cursor: duckdb.DuckDBPyConnection, to: Narrowed) -> pd.DataFrame:
    """Return measure, horizon_days, count_forecasts, in_50, in_80, in_95, error_ratio (against seasonal naive)."""
    return cursor.execute(_SQL["coverage"], to.values()).df()


def errors(cursor: duckdb.DuckDBPyConnection, to: Narrowed) -> pd.DataFrame:
    """Return measure, mase, mase_naive: of single days up to 28 ahead."""
    return cursor.execute(_SQL["errors"], to.values()).df()


def past(cursor: duckdb.DuckDBPyConnection, to: Narrowed, horizon: int) -> pd.DataFrame:
    """Return origin, due_at, actual, middle, naive, low_80, high_80: tokens held, foreseen `horizon` days before."""
    return cursor.execute(_SQL["past"], to.values() | {"horizon": horizon}).df()
