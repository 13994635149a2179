"""What `clear-to-send forecast` does, apart from its options: brings the forecast up to date, and says what it says."""

import json
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from pipelines.errors import HomeMissing
from pipelines.forecast import read
from pipelines.forecast.advice import SPANS
from pipelines.forecast.forecast import SOONEST_FIRST
from pipelines.forecast.store import ForecastState, refresh_forecast
from pipelines.policy import Policy
from pipelines.warehouse import Warehouse

_ALL = read.Narrowed()


def forecast_home(warehouse: Warehouse, policy: Policy, now: datetime) -> ForecastState:
    """Bring the stored forecast up to date. Raises HomeMissing where no token was ever given."""
    state = refresh_forecast(warehouse, policy, now)
    if state is None:
        raise HomeMissing(
            "No token is in these logs, so there is nothing to forecast. Load logs that hold opt-ins: "
            f"clear-to-send load PATH --home {warehouse.path.parent}"
        )
    return state


def as_json(cursor: duckdb.DuckDBPyConnection, state: ForecastState) -> dict[str, Any]:
    """Return the stored forecast as one object: days, topics and advice, and what they were made from."""
    return {
        "as_of": f"{state.starts_at.isoformat()}Z",
        "made_at": f"{state.made_at.isoformat()}Z",
        "days_of_history": state.count_days,
        "days": _records(read.days(cursor, _ALL, SOONEST_FIRST)),
        "topics": _records(read.topics(cursor, _ALL)),
        "advice": [
            {"subject": each.subject, "topic": each.topic, "sentence": each.sentence, "numbers": dict(each.numbers)}
            for each in read.advice(cursor, _ALL)
        ],
    }


def show(cursor: duckdb.DuckDBPyConnection, state: ForecastState, out: Console) -> None:
    """Print the advice, and the topics in a table."""
    for each in read.advice(cursor, _ALL):
        out.print(f"- {each.sentence}", markup=False)
    out.print(f"\nForecast from {state.starts_at:%Y-%m-%d %H:%M} UTC, on {state.count_days} days of history.")
    out.print("In and out: opt-ins and sends a week, over the next four. 30, 60, 90 d: tokens that die unused by then.")
    for (page_id, kind), rows in read.topics(cursor, _ALL).groupby(["page_id", "kind"], sort=True):
        out.print(_table(rows, f"\n{page_id}, {kind}"))


def _table(topics: pd.DataFrame, title: str) -> Table:
    """Return a table that fits into 80 columns."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Topic", overflow="fold", min_width=26)
    for name in ("Held", "In", "Out", *(f"{span} d" for span in SPANS), "Dry around"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in topics.to_dict("records"):
        dying = (f"{row[f'died_{span}']:,.0f}" for span in SPANS)
        dry_on = "-" if pd.isna(row["dry_on"]) else f"{row['dry_on']:%Y-%m-%d}"
        rates = (f"{row['count_held']:,}", f"{row['gained_week']:,.1f}", f"{row['spent_week']:,.1f}")
        table.add_row(row["topic"], *rates, *dying, dry_on)
    return table


def _records(rows: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(rows.to_json(orient="records", date_format="iso", double_precision=2))
    return found
