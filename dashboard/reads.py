"""The only door to data: every figure and row of every page, as functions that need no Streamlit."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from dashboard.scope import Bounds, Lanes, Scope, Values
from pipelines.statements import statements

SQL = Path(__file__).parent / "sql"
MAX_ROWS = 1_000
"""No page shows more rows than this; the export has them all."""
SOON_DAYS = 30
SOON_HOURS = 3
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
class Reach:
    """People by the best lane open to them; a person counts once per Page."""

    contacts: int
    window: int
    token: int
    human_agent: int

    @property
    def reachable(self) -> int:
        """People whom a broadcast may reach: by window or by token."""
        return self.window + self.token

    @property
    def none(self) -> int:
        """People whom no lane reaches."""
        return self.contacts - self.reachable - self.human_agent


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


def frame(cursor: duckdb.DuckDBPyConnection, name: str, scope: Scope, **values: object) -> pd.DataFrame:
    """Run a named query for a scope."""
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


def people(cursor: duckdb.DuckDBPyConnection, scope: Scope, lanes: Lanes, lane: str, key: str) -> pd.DataFrame:
    """Return up to MAX_ROWS people, by pseudonym, whose best lane is `lane`: window, token, human_agent or none."""
    return frame(cursor, people_query(lane), scope, **people_values(lanes, lane, key), limit=MAX_ROWS)


def people_query(lane: str) -> str:
    """Return the name of the query that lists the people of a lane."""
    named = {"token": "overview.people_with_token", "none": "overview.people_out_of_reach"}
    return named.get(lane, "overview.people_who_wrote")


def people_values(lanes: Lanes, lane: str, key: str) -> Values:
    """Return the $parameters of people_query."""
    return lanes.values() | {"lane": lane, "pseudonym_key": key}


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
    """Return one row per days_ago 0..29 (24 hours each): tokens opted in, lost (by cause) and spent."""
    found = frame(cursor, "overview.flows", scope, days=SOON_DAYS)
    return found.set_index("days_ago").reindex(range(SOON_DAYS), fill_value=0).reset_index()


def policy_events(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.DataFrame:
    """Return the enforcement events up to scope.as_of, newest first."""
    return frame(cursor, "overview.policy_events", scope, limit=MAX_ROWS)


def choices(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.DataFrame:
    """Return the topics, kinds and states that ever held a token on the chosen Page."""
    return frame(cursor, "inventory.choices", scope)


def stock(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.DataFrame:
    """Return topic, kind, state, count_tokens: exact at scope.as_of."""
    return frame(cursor, "inventory.stock", scope)


def stock_by_day(cursor: duckdb.DuckDBPyConnection, scope: Scope, days: int) -> pd.DataFrame:
    """Return day, state, count_tokens for the last `days` whole days, and a last row per state for scope.as_of itself."""
    past = frame(cursor, "inventory.stock_by_day", scope, days=days)
    now = stock(cursor, scope).groupby("state", as_index=False)["count_tokens"].sum()
    states = sorted({*past["state"], *now["state"]})
    today = now.set_index("state").reindex(states, fill_value=0).reset_index().assign(day=pd.Timestamp(scope.as_of.date()))
    both = pd.concat([past, today], ignore_index=True)
    return both.sort_values(["state", "day"], ignore_index=True)[["day", "state", "count_tokens"]]


def held_by_day(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.Series:
    """Return the available tokens at the end of each of the last 30 whole days, and at scope.as_of."""
    found = stock_by_day(cursor, replace(scope, states=("available",)), SOON_DAYS).set_index("day")["count_tokens"]
    return found.reindex(pd.date_range(end=scope.as_of.date(), periods=SOON_DAYS + 1), fill_value=0)


@dataclass(frozen=True, slots=True)
class Runoff:
    """Available tokens by when they end unused: by_day and by_days_left hold every one, by_topic counts the soon ones."""

    by_day: pd.DataFrame
    by_days_left: pd.DataFrame
    by_topic: pd.DataFrame

    @property
    def count_soon(self) -> int:
        """Tokens that end within SOON_DAYS."""
        return int(self.by_topic["count_soon"].sum())

    def ahead(self, from_day: date, days: int) -> list[int]:
        """Return the tokens that end on each of the next `days` days (UTC)."""
        counts = self.by_day.set_index(pd.DatetimeIndex(self.by_day["expires_on"]))["count_tokens"]
        return [int(count) for count in counts.reindex(pd.date_range(from_day, periods=days), fill_value=0)]


def runoff(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> Runoff:
    """Return the exact run-off of the tokens available at scope.as_of."""
    (known_to,) = _row(cursor, "inventory.known_to", scope)
    past = scope.as_of < known_to
    found = frame(cursor, "inventory.runoff_past" if past else "inventory.runoff", scope, soon_days=SOON_DAYS)

    def part(key: str) -> pd.DataFrame:
        return found[found[key].notna()][[key, "count_tokens", "count_soon"]].reset_index(drop=True)

    return Runoff(part("expires_on"), part("days_left"), part("topic"))


def ages(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> pd.DataFrame:
    """Return age_days, count_tokens: available tokens by whole days since their opt-in."""
    return frame(cursor, "inventory.ages", scope)


def tokens(cursor: duckdb.DuckDBPyConnection, scope: Scope, bounds: Bounds, key: str) -> pd.DataFrame:
    """Return up to MAX_ROWS tokens that fit, masked, with their holder's pseudonym."""
    return frame(cursor, tokens_query(bounds), scope, **bounds.values(), pseudonym_key=key, limit=MAX_ROWS)


def tokens_query(bounds: Bounds) -> str:
    """Return the name of the query that lists tokens: bounds need the slower one."""
    return "inventory.token_rows" if bounds == Bounds() else "inventory.token_rows_timed"


def count_tokens(cursor: duckdb.DuckDBPyConnection, scope: Scope, bounds: Bounds) -> int:
    """Count the tokens that fit."""
    if bounds == Bounds():
        return int(stock(cursor, scope)["count_tokens"].sum())
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
    """Return reason, count_rejects, count_files."""
    return frame(cursor, "health.reject_reasons", scope)


def rejects(cursor: duckdb.DuckDBPyConnection, scope: Scope, reason: str | None) -> pd.DataFrame:
    """Return up to MAX_ROWS rejects, of one reason or of all."""
    return frame(cursor, "health.rejects", scope, reason=reason, limit=MAX_ROWS)
