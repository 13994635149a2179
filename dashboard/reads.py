"""The only door to data: every figure and row of every page, as functions that need no Streamlit."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from dashboard.reach import Reach, ReachAhead
from dashboard.scope import Bounds, Lanes, Scope, Values
from pipelines.statements import statements

SQL = Path(__file__).parent / "sql"
MAX_ROWS = 1_000
"""No page shows more rows than this; the export has them all."""
SOON_DAYS = 30
SOON_HOURS = 3
Key = str | None
"""The home's secret behind the pseudonyms; None where people are to stand under their ids."""

_PARAMETER = re.compile(r"\$([a-z_]+)")


@dataclass(frozen=True, slots=True)
class Freshness:
    """What is loaded. Times are naive UTC, None in an empty warehouse."""

    count_files: int
    count_events: int
    first_event_at: datetime | None
    last_event_at: datetime | None
    last_loaded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Balance:
    """The balance sheet over all files; count_unbalanced files do not add up."""

    count_files: int
    lines: int
    event_lines: int
    duplicate_lines: int
    reject_lines: int
    events: int
    duplicates: int
    count_unbalanced: int


def prepared(name: str, values: Values) -> tuple[str, Values]:
    """Return the text of the query `file.statement` and those of the values that it uses."""
    file, statement = name.split(".")
    sql = statements(SQL / f"{file}.sql")[statement]
    return sql, {key: values[key] for key in set(_PARAMETER.findall(sql))}


def know_people(cursor: duckdb.DuckDBPyConnection) -> None:
    """Teach a cursor the function person_of, by which queries show people."""
    cursor.execute(*prepared("people.person_of", {}))


def frame(cursor: duckdb.DuckDBPyConnection, name: str, scope: Scope, **values: object) -> pd.DataFrame:
    """Run a named query for a scope."""
    if "pseudonym_key" in values:
        know_people(cursor)
    return cursor.execute(*prepared(name, scope.values() | values)).df()


def _row(cursor: duckdb.DuckDBPyConnection, name: str, scope: Scope, **values: object) -> tuple[Any, ...]:
    """Run a named query that promises one row."""
    (row,) = cursor.execute(*prepared(name, scope.values() | values)).fetchall()
    return row


def pages(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> list[str]:
    """Return the ids of all Pages seen."""
    return [str(page) for page in frame(cursor, "overview.pages", scope)["page_id"]]


def freshness(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> Freshness:
    """Return what is loaded, over all Pages and times."""
    return Freshness(*_row(cursor, "overview.freshness", scope))


def reach(cursor: duckdb.DuckDBPyConnection, scope: Scope, lanes: Lanes) -> Reach:
    """Count people by the best lane open to them at scope.as_of."""
    row = _row(cursor, "overview.reach", scope, **lanes.values())
    return Reach(*map(int, row))


def known_to(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> datetime | None:
    """Return the moment after which the warehouse knows of nothing but endings; None if it knows nothing at all."""
    (moment,) = _row(cursor, "overview.known_to", scope)
    return moment  # type: ignore[no-any-return]


def reach_ahead(cursor: duckdb.DuckDBPyConnection, scope: Scope, lanes: Lanes) -> ReachAhead:
    """Return what tells the reach at any moment from scope.as_of on, which must not lie before `known_to`."""
    held = frame(cursor, "overview.held_until", scope, hours=ReachAhead.HOURS)
    lately = frame(cursor, "overview.wrote_lately", scope, **lanes.values())
    (contacts,) = _row(cursor, "overview.count_contacts", scope)
    return ReachAhead(scope.as_of, lanes, int(contacts), held, lately)


def people(cursor: duckdb.DuckDBPyConnection, scope: Scope, lanes: Lanes, lane: str, key: Key) -> pd.DataFrame:
    """Return up to MAX_ROWS people whose best lane is `lane`: window, token, human_agent or none."""
    return frame(cursor, people_query(lane), scope, **people_values(lanes, lane), pseudonym_key=key, limit=MAX_ROWS)


def people_query(lane: str) -> str:
    """Return the name of the query that lists the people of a lane."""
    named = {"token": "overview.people_with_token", "none": "overview.people_out_of_reach"}
    return named.get(lane, "overview.people_who_wrote")


def people_values(lanes: Lanes, lane: str) -> Values:
    """Return the $parameters of people_query, apart from how people are shown."""
    return lanes.values() | {"lane": lane}


def forecast_topics(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.DataFrame:
    """Return what the stored forecast says of each topic of a scope, those first of which the most tokens die."""
    return frame(cursor, "forecast.topics", scope, limit=MAX_ROWS)


def forecast_judged(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.DataFrame:
    """Return how good past forecasts of each topic were, and what foresees it now."""
    return frame(cursor, "forecast.judged", scope, limit=MAX_ROWS)


def windows_open(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> tuple[int, int]:
    """Return how many windows are open, and how many of them close within SOON_HOURS."""
    count_open, count_closing = _row(cursor, "overview.windows_open", scope, soon_hours=SOON_HOURS)
    return int(count_open), int(count_closing)


def windows_by_day(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.DataFrame:
    """Return day, count_open: windows open at the end of each of the last 30 whole days."""
    return frame(cursor, "overview.windows_by_day", scope, days=SOON_DAYS)


def windows_closing(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.DataFrame:
    """Return hour, count_windows: when the open windows close, for the next 24 hours."""
    return frame(cursor, "overview.windows_closing", scope, ahead_hours=24)


def flows(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.DataFrame:
    """Return one row per days_ago 0..13 (24 hours each): tokens opted in, lost (by cause) and spent."""
    found = frame(cursor, "overview.flows", scope, days=14)
    return found.set_index("days_ago").reindex(range(14), fill_value=0).reset_index()


def policy_events(cursor: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return the enforcement events of all Pages and times, newest first: slow, and the same until the next load."""
    return cursor.execute(*prepared("overview.policy_events", {"limit": MAX_ROWS})).df()


def policy_events_of(events: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    """Return those of policy_events that a scope looks at."""
    known = events["occurred_at"].isna() | (events["occurred_at"] <= scope.as_of)
    return events[known & ((events["page_id"] == scope.page_id) | (scope.page_id is None))]


def choices(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.DataFrame:
    """Return the topics, kinds and states that ever held a token on the chosen Page."""
    return frame(cursor, "inventory.choices", scope)


def stock(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.DataFrame:
    """Return topic, kind, state, count_tokens: exact at scope.as_of."""
    return frame(cursor, "inventory.stock", scope)


def stock_by_day(cursor: duckdb.DuckDBPyConnection, scope: Scope, days: int) -> pd.DataFrame:
    """Return day, state, count_tokens at the end of each of the last `days` whole days."""
    return frame(cursor, "inventory.stock_by_day", scope, days=days)


def with_now(by_day: pd.DataFrame, stock: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Return stock_by_day with one more row for each state: the stock at as_of, under its day."""
    now = stock.groupby("state")["count_tokens"].sum()
    states = sorted({*by_day["state"], *now.index})
    last = now.reindex(states, fill_value=0).rename_axis("state").reset_index().assign(day=pd.Timestamp(as_of.date()))
    columns = ["day", "state", "count_tokens"]
    return pd.concat([by_day[columns], last[columns]], ignore_index=True).sort_values(
        ["state", "day"], ignore_index=True
    )


@dataclass(frozen=True, slots=True)
class Runoff:
    """Tokens available at `as_of`, by the day (UTC) of their end. Columns: expires_on, topic, count_tokens."""

    as_of: datetime
    frame: pd.DataFrame

    @property
    def by_day(self) -> pd.Series:
        """Tokens by day, the first day first."""
        return self.frame.groupby("expires_on")["count_tokens"].sum()

    def soon_by_topic(self, days: int = SOON_DAYS) -> pd.Series:
        """Tokens that end before `days` days have passed, today among them; by topic, the most first."""
        end = pd.Timestamp(self.as_of.date()) + pd.Timedelta(days=days)
        soon = self.frame[self.frame["expires_on"] < end]
        return soon.groupby("topic")["count_tokens"].sum().sort_values(ascending=False, kind="stable")

    def ahead(self, days: int = SOON_DAYS) -> list[int]:
        """Tokens that end today and on each of the days after."""
        wanted = pd.date_range(self.as_of.date(), periods=days)
        return [int(count) for count in self.by_day.reindex(wanted, fill_value=0)]


def runoff(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> Runoff:
    """Return the exact run-off of the tokens available at scope.as_of."""
    known = known_to(cursor, scope)
    past = known is not None and scope.as_of < known
    return Runoff(scope.as_of, frame(cursor, "inventory.runoff_past" if past else "inventory.runoff", scope))


def ages(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.DataFrame:
    """Return age_days, count_tokens: available tokens by whole days since their opt-in."""
    return frame(cursor, "inventory.ages", scope)


def tokens(cursor: duckdb.DuckDBPyConnection, scope: Scope, bounds: Bounds, key: Key) -> pd.DataFrame:
    """Return up to MAX_ROWS tokens that fit, masked, with their holder's pseudonym or id."""
    return frame(cursor, "inventory.token_rows", scope, **bounds.values(), pseudonym_key=key, limit=MAX_ROWS)


def count_tokens(cursor: duckdb.DuckDBPyConnection, scope: Scope, bounds: Bounds) -> int:
    """Count the tokens that fit. Without bounds, the sum of `stock` is the same and cheaper."""
    return int(_row(cursor, "inventory.token_count", scope, **bounds.values())[0])


def sources(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.DataFrame:
    """Return up to MAX_ROWS log files with their balance sheets, the last loaded first."""
    return frame(cursor, "health.sources", scope, limit=MAX_ROWS)


def balance(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> Balance:
    """Return the balance sheet over all files."""
    return Balance(*map(int, _row(cursor, "health.balance", scope)))


def events_by_time(cursor: duckdb.DuckDBPyConnection, scope: Scope, from_at: datetime, bucket: str) -> pd.DataFrame:
    """Return bucket, kind, count_events and lag sums between from_at and scope.as_of; bucket is hour, day or week."""
    return frame(cursor, "health.events_by_time", scope, from_at=from_at, bucket=bucket)


def gaps(cursor: duckdb.DuckDBPyConnection, scope: Scope, from_at: datetime) -> pd.DataFrame:
    """Return runs of silent hours that are usually busy: from_at, to_at, count_hours, count_usual."""
    return frame(cursor, "health.gaps", scope, from_at=from_at, usual_weeks=3)


def timeless(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.DataFrame:
    """Return kind, count_events: events for which the log gives no time."""
    return frame(cursor, "health.timeless", scope)


def reject_reasons(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.DataFrame:
    """Return reason, count_rejects; a reason is what stands before the colon."""
    return frame(cursor, "health.reject_reasons", scope)


def rejects(cursor: duckdb.DuckDBPyConnection, scope: Scope, reason: str | None, key: Key) -> pd.DataFrame:
    """Return up to MAX_ROWS rejects, of one reason or of all; ids of people are masked unless the key is None."""
    return frame(cursor, "health.rejects", scope, reason=reason, pseudonym_key=key, limit=MAX_ROWS)
