"""The whole forecast, from the warehouse and back into it: run-off, flows, bands, life of a token, backtest."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from pipelines.forecast.advice import SPANS
from pipelines.forecast.backtest import Backtest, choose_models, coverage, run_backtest, stretched, widenings
from pipelines.forecast.bands import (
    DAYS_AHEAD,
    Totals,
    band_rows,
    dry_dates,
    dry_days,
    kept_days,
    sends_to_waste_none,
    usual_need,
)
from pipelines.forecast.flows import Flows, draw, fit_flows, stock_of
from pipelines.forecast.history import (
    Held,
    History,
    Known,
    Row,
    read_held,
    read_history,
    read_known,
    read_lives,
    read_order,
    read_runoff,
    read_zones,
)
from pipelines.forecast.holidays import holiday_flags
from pipelines.forecast.life import life_of_tokens
from pipelines.policy import Policy

PATHS = 400
SEED = 20
RUNOFF_DAYS = 400
"""Thirteen months."""
SOONEST_FIRST, AS_BEFORE = "soonest_first", "as_before"


@dataclass(frozen=True, slots=True)
class Forecast:
    """A forecast as it is stored; the tables are those of store.sql, without its state."""

    at: datetime
    batch: int
    count_days: int
    tables: Mapping[str, pd.DataFrame] = field(repr=False)


def make_forecast(
    cursor: duckdb.DuckDBPyConnection, policy: Policy, now: datetime, *, paths: int = PATHS, seed: int = SEED
) -> Forecast | None:
    """
    Forecast from `now` (naive UTC), or from where the logs end if that was over a day ago; None without any token.

    The same warehouse, moment and seed give the same forecast.
    """
    known = read_known(cursor, now)
    if known is None:
        return None
    import scipy.linalg  # noqa: F401  with its BLAS, before that is limited

    # The matrices are small: threads on them would wait for each other longer than they work.
    with threadpool_limits(1, user_api="blas"):
        return _Maker(cursor, policy, known, now, paths, seed).make()


class _Maker:
    """The steps of one forecast."""

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, policy: Policy, known: Known, now: datetime, paths: int, seed: int
    ) -> None:
        self._cursor, self._policy, self._paths, self._seed = cursor, policy, paths, seed
        self._known, self._at = known, known.origin(now)
        self._history = read_history(cursor, known, self._at)
        self._held = read_held(cursor, self._at, self._history.series, policy, RUNOFF_DAYS)
        self._order = read_order(cursor, self._at)
        self._holidays = _holidays(self._history, read_zones(cursor, self._at))

    def make(self) -> Forecast:
        """Make every table."""
        history, at = self._history, self._at
        backtest = run_backtest(self._cursor, history, self._policy, self._holidays, self._order, self._seed)
        curves, waste = life_of_tokens(read_lives(self._cursor, at))
        fitted = fit_flows(history, self._holidays, self._order, DAYS_AHEAD)
        flows = [choose_models(each, history, backtest) for each in fitted]
        topics, bands = self._ahead(flows, backtest)
        return Forecast(
            at,
            self._known.batch,
            history.days,
            {
                "runoff": read_runoff(self._cursor, at, self._policy),
                "bands": bands,
                "topics": topics.merge(waste.drop(columns="count_held"), how="left", on=["page_id", "kind", "topic"]),
                "lives": curves,
                "backtest": coverage(backtest.outcomes).drop(columns="days_ahead", errors="ignore"),
                "daily_errors": backtest.daily,
                "models": pd.DataFrame(
                    [(each.page_id, each.kind, model_json(each, self._held)) for each in flows],
                    columns=["page_id", "kind", "model"],
                ),
            },
        )

    def _ahead(self, flows: list[Flows], backtest: Backtest) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Draw all paths twice: with sends in the order of the past, and those first that end first."""
        bands, topics = [], {}
        for name in (AS_BEFORE, SOONEST_FIRST):
            totals = Totals()
            parts: list[pd.DataFrame] = []
            facts = []
            for each in flows:
                of_group = _Group(self._history, self._held, each, 1.0 if name == SOONEST_FIRST else each.order)
                facts.append(of_group.run(self._paths, self._seed, totals, parts))
            rows = pd.concat([*parts, *totals.bands()], ignore_index=True) if parts else pd.DataFrame()
            bands.append(rows.assign(sends=name))
            topics[name] = pd.concat(facts, ignore_index=True) if facts else pd.DataFrame()
        before, first = topics[AS_BEFORE], topics[SOONEST_FIRST]
        if before.empty:
            return pd.DataFrame(columns=["page_id", "kind", "topic"]), pd.DataFrame(columns=["page_id"])
        joined = first.assign(
            **{f"died_{span}": before[f"died_{span}"] for span in SPANS}, saved_90=before["died_90"] - first["died_90"]
        )
        return joined, stretched(pd.concat(bands, ignore_index=True), widenings(backtest.outcomes))


class _Group:
    """The paths of one Page and kind ahead."""

    def __init__(self, history: History, held: Held, flows: Flows, order: float) -> None:
        self._history, self._held, self._flows = history, held, flows
        self._stock = stock_of(flows, held, order, DAYS_AHEAD)

    def run(self, paths: int, seed: int, totals: Totals, parts: list[pd.DataFrame]) -> pd.DataFrame:
        """Add bands to `parts` and sums to `totals`; return what is said of each topic."""
        flows, facts = self._flows, []
        need = usual_need(self._history, list(flows.rows))
        for rows, outcome in draw(flows, self._stock, paths, DAYS_AHEAD, seed):
            keys = [self._history.series[row] for row in flows.rows[rows]]
            for measure, days in kept_days(outcome).items():
                parts.append(band_rows(keys, measure, days))
                totals.add(flows.page_id, flows.kind, measure, days.sum(axis=0))
            dry: dict[str, Any] = dry_dates(dry_days(outcome.held, need[rows]), self._held.at.date())
            died = {f"died_{span}": outcome.died[:, :, :span].sum(axis=2).mean(axis=1) for span in SPANS}
            means = {
                "gained_week": outcome.gained[:, :, :28].sum(axis=2).mean(axis=1) / 4,
                "spent_week": outcome.spent[:, :, :28].sum(axis=2).mean(axis=1) / 4,
            }
            facts.append(self._facts(rows, need).assign(**died, **means, **dry))
        return pd.concat(facts, ignore_index=True)

    def _facts(self, rows: slice, need: Row) -> pd.DataFrame:
        """Return what needs no path: tokens held, when half of what ends soon has ended, the pace that wastes none."""
        at, index = self._held.at.date(), list(self._flows.rows[rows])
        runoff = self._held.runoff[index]
        soon = runoff[:, :60].cumsum(axis=1)
        half = [
            at + timedelta(days=int(np.argmax(row >= row[-1] / 2))) if len(row) and row[-1] > 0 else None
            for row in soon
        ]
        return pd.DataFrame(
            {
                "page_id": self._flows.page_id,
                "kind": self._flows.kind,
                "topic": [self._history.series[row].topic for row in index],
                "count_held": self._held.count[index].astype(int),
                "need": need[rows],
                "half_gone_on": half,
                "pace": sends_to_waste_none(runoff) if self._flows.sends.happens else None,
                "repeats_optins": self._flows.intake.repeats[rows],
                "repeats_sends": ~np.isnan(self._flows.sends.fixed[rows, 0]),
            }
        )


def model_json(flows: Flows, held: Held) -> dict[str, Any]:
    """Return fitted flows and the tokens they begin with as plain lists and numbers, for `whatif`."""
    rows = list(flows.rows)
    begin = {
        "count": held.count[rows],
        "lifetime_days": held.lifetime_days[rows],
        "closes_on": held.closes_on[rows],
    }
    plain: dict[str, Any] = _plain(asdict(flows) | {"held": begin})
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _holidays(history: History, zones: Mapping[str, str]) -> dict[str, Row]:
    """Return the flags of holidays of each Page, for the history and as far ahead as anything is forecast."""
    days = history.days + DAYS_AHEAD
    return {page_id: holiday_flags(zones.get(page_id), history.first_day, days) for page_id, _ in history.groups}
