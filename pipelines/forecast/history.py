"""What happened to the tokens, day by day: the data that a forecast is made from, as of a moment."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.policy import Policy
from pipelines.statements import statements

Days = npt.NDArray[np.float64]
"""One row a series, one column a day."""
Row = npt.NDArray[np.float64]

HISTORY_DAYS = 560
"""How far back flows are read: a year and a half."""
_KEYS = ["page_id", "kind", "topic"]
_SQL = statements(Path(__file__).with_suffix(".sql"))


class Series(NamedTuple):
    """Tokens that are interchangeable: they run dry together."""

    page_id: str
    kind: str
    topic: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the warehouse knows: since when, until when, and from which batch of lines last."""

    first_day: date
    last_event_at: datetime
    batch: int

    def origin(self, now: datetime) -> datetime:
        """Return the moment to forecast from: now, or the night after the logs end where they ended a day ago."""
        if self.last_event_at >= now - timedelta(days=1):
            return now
        return datetime.combine(self.last_event_at.date() + timedelta(days=1), time())


@dataclass(frozen=True, slots=True)
class History:
    """The flows of whole days (UTC): `gained[s, t]` tokens of series s came on day `first_day + t`.

    `held[s, t]` were there as that day began. gained - spent - stopped - died leads from one morning to the next.
    """

    series: tuple[Series, ...]
    first_day: date
    held: Days = field(repr=False)
    gained: Days = field(repr=False)
    spent: Days = field(repr=False)
    stopped: Days = field(repr=False)
    died: Days = field(repr=False)

    @property
    def days(self) -> int:
        """How many whole days there are."""
        return int(self.gained.shape[1])

    @property
    def groups(self) -> dict[tuple[str, str], list[int]]:
        """The rows of each (page_id, kind), whose topics are forecast together."""
        rows: dict[tuple[str, str], list[int]] = {}
        for number, series in enumerate(self.series):
            rows.setdefault((series.page_id, series.kind), []).append(number)
        return rows

    def before(self, days: int) -> "History":
        """Return the first `days` days alone: what was known on the morning after."""
        flows = (self.held, self.gained, self.spent, self.stopped, self.died)
        return History(self.series, self.first_day, *(flow[:, :days] for flow in flows))


@dataclass(frozen=True, slots=True)
class Held:
    """The tokens held at an origin. `runoff[s, d]` of them end on day d (0: the origin's) if nobody uses them."""

    at: datetime
    count: Row = field(repr=False)
    runoff: Days = field(repr=False)
    lifetime_days: npt.NDArray[np.int64] = field(repr=False)
    """How long a token of the series usually lives, where the log tells; else a year."""
    closes_on: npt.NDArray[np.int64] = field(repr=False)
    """Day ahead from which the series' lane is closed, to new tokens too; beyond the horizon: none is known."""


def read_known(cursor: duckdb.DuckDBPyConnection, now: datetime) -> Known | None:
    """Return what the warehouse knows; None where no token was given before `now`."""
    found = cursor.execute(_SQL["known_days"]).fetchone()
    if not found or found[0] is None or found[1] is None or found[0] > now.date():
        return None
    return Known(*found)


def read_history(cursor: duckdb.DuckDBPyConnection, known: Known, at: datetime) -> History:
    """Read the whole days before `at`; none where the first token came on that very day."""
    flows = cursor.execute(_SQL["flows"], {"until": at.date() + timedelta(days=1)}).df()
    series = tuple(Series(*key) for key in flows[_KEYS].drop_duplicates().itertuples(index=False))
    first_day = max(known.first_day, at.date() - timedelta(days=HISTORY_DAYS))
    days = max((at.date() - first_day).days, 0)
    row = _rows(flows, series)
    column = (flows["day"] - pd.Timestamp(first_day)).dt.days.to_numpy()
    inside, earlier = (column >= 0) & (column < days), column < 0

    def grid(name: str) -> Days:
        table = np.zeros((len(series), days))
        np.add.at(table, (row[inside], column[inside]), flows[name].to_numpy(float)[inside])
        return table

    net, before = grid("net"), np.zeros(len(series))
    np.add.at(before, row[earlier], flows["net"].to_numpy(float)[earlier])
    held = before[:, None] + np.cumsum(net, axis=1) - net
    return History(series, first_day, held, *(grid(name) for name in ("gained", "spent", "stopped", "died")))


def read_held(
    cursor: duckdb.DuckDBPyConnection, at: datetime, series: tuple[Series, ...], policy: Policy, days: int
) -> Held:
    """Read the tokens held at `at`, and on which of the next `days` days each ends."""
    found = cursor.execute(_SQL["held"], {"at": at}).df()
    row = _rows(found, series)
    known = row >= 0
    count, lifetime = np.zeros(len(series)), np.full(len(series), 365)
    count[row[known]] = found["count_held"].to_numpy(float)[known]
    lifetime[row[known]] = np.maximum(found["lifetime_days"].fillna(365).to_numpy(int)[known], 1)
    ends = read_runoff(cursor, at, policy)
    row, ahead = _rows(ends, series), (ends["day"] - pd.Timestamp(at.date())).dt.days.to_numpy()
    inside = (row >= 0) & (ahead < days)
    runoff = np.zeros((len(series), days))
    np.add.at(runoff, (row[inside], ahead[inside]), ends["count_tokens"].to_numpy(float)[inside])
    return Held(at, count, runoff, lifetime, _closings(cursor, at, series, policy))


def read_runoff(cursor: duckdb.DuckDBPyConnection, at: datetime, policy: Policy) -> pd.DataFrame:
    """Return page_id, kind, topic, day, count_tokens, count_closing: the tokens held at `at` by the day they end.

    Exact, for 13 months. A token ends when it expires, or when its lane closes if that is earlier (`count_closing`).
    """
    cursor.execute(_SQL["use_closures"])
    for kind, closes_at in sorted({(kind, since) for kind, _, since, *_ in policy.lane_closures()}):
        cursor.execute(_SQL["add_closure"], {"kind": kind, "closes_at": closes_at})
    return cursor.execute(_SQL["runoff"], {"at": at}).df()


def read_lives(cursor: duckdb.DuckDBPyConnection, at: datetime) -> pd.DataFrame:
    """Return page_id, kind, topic, age_days, ending, count_tokens: how every token given before `at` lived."""
    return cursor.execute(_SQL["lives"], {"at": at}).df()


def read_zones(cursor: duckdb.DuckDBPyConnection, at: datetime) -> dict[str, str]:
    """Return the time zone of most people by page_id, where the logs name one."""
    return dict(cursor.execute(_SQL["zones"], {"at": at}).fetchall())


def read_order(cursor: duckdb.DuckDBPyConnection, at: datetime) -> dict[tuple[str, str], float]:
    """Return by (page_id, kind) which tokens sends took: 1 those that end first, 0 any age alike, -1 the newest."""
    order = {}
    for page_id, kind, used, alike, soonest in cursor.execute(_SQL["order_of_use"], {"at": at}).fetchall():
        span = soonest - alike if used > alike else alike
        order[page_id, kind] = max(-1.0, min(1.0, (used - alike) / span)) if span > 0 else 0.0
    return order


def _rows(frame: pd.DataFrame, series: tuple[Series, ...]) -> npt.NDArray[np.int64]:
    """Return the row of each line's series, -1 for one that is not among them."""
    if not series:
        return np.full(len(frame), -1, dtype=np.int64)
    known = pd.MultiIndex.from_tuples(series, names=_KEYS)
    rows: npt.NDArray[np.int64] = known.get_indexer(pd.MultiIndex.from_frame(frame[_KEYS]))
    return rows


def _closings(
    cursor: duckdb.DuckDBPyConnection, at: datetime, series: tuple[Series, ...], policy: Policy
) -> npt.NDArray[np.int64]:
    """Return the day ahead on which each series' lane closes, to new tokens too, where most of its people live."""
    ahead = {
        (kind, region): (since.date() - at.date()).days
        for kind, region, since, until, given_before, _ in policy.lane_closures()
        if since > at and given_before >= until
    }
    closes_on = np.full(len(series), 10 * HISTORY_DAYS, dtype=np.int64)
    if not ahead:
        return closes_on
    region = {Series(*key): home for *key, home in cursor.execute(_SQL["regions"], {"at": at}).fetchall()}
    for row, each in enumerate(series):
        closes_on[row] = ahead.get((each.kind, region.get(each, "")), closes_on[row])
    return closes_on
