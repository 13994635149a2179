"""The forecast as it would have been made on past days, against what came: how good it is, how wide its bands are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.forecast.flows import Flows, draw, fit_flows, repeating, stock_of
from pipelines.forecast.history import Days, Held, History, Row, read_held
from pipelines.forecast.simulate import Outcome
from pipelines.policy import Policy

HORIZONS = (7, 14, 28, 56, 84)
"""Days ahead that are judged."""
MEASURES = ("gained", "spent", "died", "held")
QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
BANDS = {50: ("low_50", "high_50"), 80: ("low_80", "high_80"), 95: ("low_95", "high_95")}
COLUMNS = ("low_95", "low_80", "low_50", "middle", "high_50", "high_80", "high_95")
"""Names of QUANTILES, in their order."""
JUDGED = 28
"""Days ahead by which model and seasonal naive are compared."""
_MOST_ORIGINS = 8
_LEAST_DAYS = 56
_PATHS = 200
_WEEK = 7
_LEAST_ERRORS = 12
_LEAST_WIDTH = 0.1
"""No band counts as narrower than this, on the scale of roots: nobody foresees single tokens."""
_WIDEST = 3.0


@dataclass(frozen=True, slots=True)
class Backtest:
    """Past forecasts against what came.

    `outcomes`: one row per (origin, horizon_days, page_id, kind, topic, measure), topic None for all topics of a Page
    and kind: actual, naive and the quantiles in COLUMNS; a measure is summed from the origin on, held is at the end.
    `daily`: one row per (origin, page_id, kind, topic, measure): absolute errors of single days 1 to JUDGED, summed, by
    the model and by seasonal naive, and what naive misses a day within the history (`scale`).
    """

    outcomes: pd.DataFrame = field(repr=False)
    daily: pd.DataFrame = field(repr=False)


def origins(days: int) -> list[int]:
    """Return the numbers of whole days after which the past forecasts begin, the latest first."""
    step = 28 if days >= 10 * 28 else 14
    starts = range(days - step, _LEAST_DAYS - 1, -step)
    return list(starts)[:_MOST_ORIGINS]


def run_backtest(
    cursor: duckdb.DuckDBPyConnection,
    history: History,
    policy: Policy,
    holidays: Mapping[str, Row],
    order: Mapping[tuple[str, str], float],
    seed: int,
) -> Backtest:
    """Forecast from each past origin with what was known then, and set what came beside it."""
    outcomes: list[pd.DataFrame] = []
    daily: list[pd.DataFrame] = []
    for known in origins(history.days):
        at = datetime.combine(history.first_day + timedelta(days=known), time())
        ahead = min(max(HORIZONS), history.days - known)
        held = read_held(cursor, at, history.series, policy, max(HORIZONS))
        for flows in fit_flows(history.before(known), holidays, order, max(HORIZONS)):
            test = _Test(history, flows, held, known, ahead)
            rows, days = test.run(seed)
            outcomes.append(rows.assign(origin=at))
            daily.append(days.assign(origin=at))
    return Backtest(_joined(outcomes, _OUTCOME_COLUMNS), _joined(daily, _DAILY_COLUMNS))


def lost_to_naive(backtest: Backtest, measure: str) -> set[tuple[str, str, str]]:
    """Return the (page_id, kind, topic) for which seasonal naive was the better forecast, on three origins or more."""
    if measure == "gained":
        errors = backtest.daily[backtest.daily["measure"] == measure]
        errors = errors.assign(model=errors["model_error"], naive=errors["naive_error"])
    else:
        rows = backtest.outcomes
        rows = rows[(rows["measure"] == measure) & (rows["horizon_days"] == JUDGED) & rows["topic"].notna()]
        errors = rows.assign(
            model=(rows["actual"] - rows["middle"]).abs(), naive=(rows["actual"] - rows["naive"]).abs()
        )
    sums = errors.groupby(["page_id", "kind", "topic"])[["model", "naive"]].agg(["sum", "count"])
    lost = sums[(sums["model", "sum"] > sums["naive", "sum"]) & (sums["model", "count"] >= 3)]
    return set(lost.index)


def widenings(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return by how much bands must be stretched from their middle to hold as many outcomes as they say.

    One row per (measure, is_total, horizon_days), with a column for each of BANDS: conformal, from the errors of past
    forecasts in units of the band's half-width. 1 where too few are known.
    """
    keys = ["measure", "is_total", "horizon_days"]
    if outcomes.empty:
        return pd.DataFrame(columns=[*keys, *map(str, BANDS)])
    rows = outcomes.assign(is_total=outcomes["topic"].isna())
    for band in BANDS:
        rows[str(band)] = _misses(rows, band)
    found = []
    for key, part in rows.groupby(keys):
        wide = part if len(part) >= _LEAST_ERRORS else rows[(rows["measure"] == key[0]) & (rows["is_total"] == key[1])]
        found.append([*key, *(_stretch(wide[str(band)].to_numpy(), band) for band in BANDS)])
    return pd.DataFrame(found, columns=[*keys, *map(str, BANDS)])


def stretched(rows: pd.DataFrame, widening: pd.DataFrame) -> pd.DataFrame:
    """Stretch the bands of rows with measure, topic, days_ahead and COLUMNS; none falls below 0 or turns inside out."""
    if widening.empty or rows.empty:
        return rows
    rows = rows.copy()
    is_total = rows["topic"].isna().to_numpy()
    for (measure, total), part in widening.groupby(["measure", "is_total"]):
        here = (rows["measure"] == measure).to_numpy() & (is_total == total)
        ahead = rows.loc[here, "days_ahead"].to_numpy(float)
        middle = _root(rows.loc[here, "middle"])
        for band, (low, high) in BANDS.items():
            factor = np.interp(ahead, part["horizon_days"].to_numpy(float), part[str(band)].to_numpy(float))
            for side, name in ((-1, low), (1, high)):
                width = np.abs(_root(rows.loc[here, name]) - middle) * factor
                rows.loc[here, name] = np.maximum(middle + side * width, 0) ** 2
        _in_order(rows, here)
    return rows


def coverage(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Stretch each origin's bands by what the other origins missed, and return the rows with `in_50`, `in_80`, `in_95`.

    So the share of outcomes within a band is measured on forecasts that had no part in setting its width.
    """
    if outcomes.empty:
        return outcomes.assign(in_50=[], in_80=[], in_95=[])
    parts = []
    for origin, rows in outcomes.groupby("origin"):
        others = outcomes[outcomes["origin"] != origin]
        parts.append(stretched(rows.assign(days_ahead=rows["horizon_days"]), widenings(others)))
    judged = pd.concat(parts, ignore_index=True)
    for band, (low, high) in BANDS.items():
        # Tokens are whole: a band reaches to the whole numbers around it.
        judged[f"in_{band}"] = (judged["actual"] >= np.floor(judged[low])) & (judged["actual"] <= np.ceil(judged[high]))
    return judged


class _Test:
    """One past forecast of one Page and kind."""

    def __init__(self, history: History, flows: Flows, held: Held, known: int, ahead: int) -> None:
        self._flows, self._held, self._ahead = flows, held, ahead
        rows = list(flows.rows)
        self._names = [history.series[row].topic for row in rows]
        until = known + ahead
        self._past = {name: getattr(history, name)[rows, :known] for name in ("gained", "spent")}
        self._came = {name: getattr(history, name)[rows, known:until] for name in ("gained", "spent", "died")}
        changes = history.gained - history.spent - history.stopped - history.died
        self._came["held"] = (history.held + changes)[rows, known:until]

    def run(self, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Draw the paths, and set their quantiles beside what came."""
        stock = stock_of(self._flows, self._held, self._flows.order, self._ahead)
        totals: dict[str, Days] = {}
        parts, days = [], []
        for rows, outcome in draw(self._flows, stock, _PATHS, self._ahead, seed):
            for measure, paths in _sums(outcome).items():
                totals[measure] = totals.get(measure, 0) + paths.sum(axis=0)
                parts.append(self._judged(measure, rows, np.quantile(paths, QUANTILES, axis=1)))
            days.append(self._daily("gained", rows, np.median(outcome.gained, axis=1)))
            days.append(self._daily("spent", rows, np.median(outcome.spent, axis=1)))
        if len(self._names) > 1:
            for measure, paths in totals.items():
                parts.append(self._judged(measure, None, np.quantile(paths[None], QUANTILES, axis=1)))
        return pd.concat(parts, ignore_index=True), pd.concat(days, ignore_index=True)

    def _judged(self, measure: str, rows: slice | None, bands: npt.NDArray[np.float64]) -> pd.DataFrame:
        """Rows for each horizon; `bands` has the quantiles, the topics (one, for their total) and the days."""
        names = self._names[rows] if rows else [None]
        parts = []
        for horizon in (each for each in HORIZONS if each <= self._ahead):
            came, naive = self._actual(measure, horizon), self._naive(measure, horizon)
            if rows is None:
                came, naive = came.sum(keepdims=True), naive.sum(keepdims=True)
            else:
                came, naive = came[rows], naive[rows]
            table = dict(zip(COLUMNS, bands[:, :, horizon - 1], strict=True))
            parts.append(
                pd.DataFrame({"topic": names, "horizon_days": horizon, "actual": came, "naive": naive} | table)
            )
        named = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        return named.assign(page_id=self._flows.page_id, kind=self._flows.kind, measure=measure)

    def _actual(self, measure: str, horizon: int) -> Row:
        came = self._came[measure]
        found: Row = came[:, horizon - 1] if measure == "held" else came[:, :horizon].sum(axis=1)
        return found

    def _naive(self, measure: str, horizon: int) -> Row:
        """What repeating the last week foresees; of deaths, that all end as they are due."""
        rows = list(self._flows.rows)
        due: Row = self._held.runoff[rows, :horizon].sum(axis=1)
        if measure == "died":
            return due
        if measure == "held":
            gained, spent = self._naive("gained", horizon), self._naive("spent", horizon)
            return np.maximum(self._held.count[rows] + gained - spent - due, 0)
        week = self._past[measure][:, -_WEEK:]
        return np.asarray(np.tile(week, -(-horizon // _WEEK))[:, :horizon].sum(axis=1))

    def _daily(self, measure: str, rows: slice, middle: Days) -> pd.DataFrame:
        days = min(JUDGED, self._ahead)
        past, came = self._past[measure][rows], self._came[measure][rows, :days]
        naive = np.tile(past[:, -_WEEK:], JUDGED // _WEEK)[:, :days]
        scale = np.abs(past[:, _WEEK:] - past[:, :-_WEEK]).mean(axis=1)
        return pd.DataFrame(
            {
                "page_id": self._flows.page_id, "kind": self._flows.kind, "topic": self._names[rows],
                "measure": measure, "count_days": days, "scale": scale,
                "model_error": np.abs(middle[:, :days] - came).sum(axis=1),
                "naive_error": np.abs(naive - came).sum(axis=1),
            }
        )  # fmt: skip


_OUTCOME_COLUMNS = ["origin", "horizon_days", "page_id", "kind", "topic", "measure", "actual", "naive", *COLUMNS]
_DAILY_COLUMNS = [
    *("origin", "page_id", "kind", "topic", "measure", "count_days", "scale", "model_error", "naive_error"),
]


def choose_models(flows: Flows, history: History, backtest: Backtest) -> Flows:
    """Let the last week be repeated for the topics for which that was the better forecast.

    Sends are repeated only where a topic sends in most weeks: of a broadcast now and then, last week says nothing.
    """
    topics = [(flows.page_id, flows.kind, history.series[row].topic) for row in flows.rows]
    gains, sends = lost_to_naive(backtest, "gained"), lost_to_naive(backtest, "spent")
    spent = np.pad(history.spent[list(flows.rows)], ((0, 0), (8 * _WEEK, 0)))[:, -8 * _WEEK :]
    steady = (spent.reshape(len(topics), 8, _WEEK).sum(axis=2) > 0).sum(axis=1) >= 4
    repeated = np.array([each in sends for each in topics], dtype=bool) & steady
    return repeating(flows, np.array([each in gains for each in topics], dtype=bool), repeated, spent[:, -_WEEK:])


def _sums(outcome: Outcome) -> dict[str, Days]:
    return {
        "gained": outcome.gained.cumsum(axis=2),
        "spent": outcome.spent.cumsum(axis=2),
        "died": outcome.died.cumsum(axis=2),
        "held": outcome.held,
    }


def _misses(rows: pd.DataFrame, band: int) -> Row:
    """How far each outcome lies from the middle, in half-widths of the band on its side, on the scale of roots."""
    low, high = BANDS[band]
    actual, middle, below, above = (_root(rows[name]) for name in ("actual", "middle", low, high))
    width = np.where(actual >= middle, above - middle, middle - below)
    misses: Row = np.abs(actual - middle) / np.maximum(width, _LEAST_WIDTH)
    return misses


def _root(counts: pd.Series) -> Row:
    """Counts on the scale on which their spread hardly depends on their size; bands are stretched there."""
    root: Row = np.sqrt(np.maximum(counts.to_numpy(float), 0))
    return root


def _stretch(misses: Row, band: int) -> float:
    if len(misses) < _LEAST_ERRORS:
        return 1.0
    return float(np.clip(np.quantile(misses, band / 100), 0.5, _WIDEST))


def _in_order(rows: pd.DataFrame, here: npt.NDArray[np.bool_]) -> None:
    """A wider band holds every narrower one."""
    lows, highs = ([side[number] for side in BANDS.values()] for number in (0, 1))
    rows.loc[here, lows] = np.minimum.accumulate(rows.loc[here, lows].to_numpy(float), axis=1)
    rows.loc[here, highs] = np.maximum.accumulate(rows.loc[here, highs].to_numpy(float), axis=1)


def _joined(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
