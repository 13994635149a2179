"""The forecast against what came: better than seasonal naive, and bands that hold what they say."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from pipelines.forecast.backtest import (
    COLUMNS,
    QUANTILES,
    Backtest,
    coverage,
    lost_to_naive,
    origins,
    run_backtest,
    stretched,
    widenings,
)
from pipelines.forecast.forecast import make_forecast
from pipelines.forecast.history import read_history, read_known, read_order
from pipelines.policy import Policy
from tests.forecast.conftest import ENDS_AT, Made
from tests.forecast.histories import SHAPES, Shape


@pytest.mark.slow
@pytest.mark.parametrize(
    "shape", [pytest.param(shape, marks=pytest.mark.deep) for shape in SHAPES if shape != "bursts"] + ["bursts"]
)
def test_beats_seasonal_naive_and_its_bands_hold_what_they_say(
    made: Callable[..., Made], policy: Policy, shape: Shape
) -> None:
    """The figures that the README states, on histories of three shapes."""
    cursor = made(shape)[0].cursor()
    known = read_known(cursor, ENDS_AT)
    assert known is not None
    history = read_history(cursor, known, ENDS_AT)
    found = run_backtest(cursor, history, policy, {}, read_order(cursor, ENDS_AT), seed=20)
    errors = found.daily.groupby("measure")[["model_error", "naive_error"]].sum()
    assert errors.loc["gained", "model_error"] <= 0.9 * errors.loc["gained", "naive_error"]
    assert errors.loc["spent", "model_error"] <= 0.9 * errors.loc["spent", "naive_error"]
    judged = coverage(found.outcomes)
    by_topic = judged[judged["topic"].notna()]
    assert 0.75 <= by_topic.loc[by_topic["measure"] == "held", "in_80"].mean() <= 0.88
    assert 0.75 <= by_topic["in_80"].mean() <= 0.88
    at_four_weeks = by_topic[(by_topic["measure"] == "held") & (by_topic["horizon_days"] == 28)]
    model, naive = ((at_four_weeks["actual"] - at_four_weeks[name]).abs().sum() for name in ("middle", "naive"))
    assert model <= 0.9 * naive


def test_a_past_forecast_knows_nothing_of_what_came_after(made: Callable[..., Made], policy: Policy) -> None:
    """What came later changes the outcomes and not the forecast."""
    warehouse, _ = made("growing", topics=2, days=110, a_day=9.0)
    cursor = warehouse.cursor()
    known = read_known(cursor, ENDS_AT)
    assert known is not None
    history = read_history(cursor, known, ENDS_AT)
    last = origins(history.days)[0]
    found = run_backtest(cursor, history, policy, {}, {}, seed=20).outcomes
    cursor.execute(
        "DELETE FROM token_daily WHERE day > $1", [pd.Timestamp(history.first_day) + pd.Timedelta(days=last)]
    )
    shorter = read_history(cursor, known, ENDS_AT)
    again = run_backtest(cursor, shorter, policy, {}, {}, seed=20).outcomes
    assert not found["actual"].equals(again["actual"])
    assert found[list(COLUMNS)].equals(again[list(COLUMNS)])


def rows(widths: float, count: int = 400, seed: int = 3) -> pd.DataFrame:
    """Outcomes around 400, on the scale of roots, with bands that are `widths` times as wide as they should be."""
    rng = np.random.default_rng(seed)
    normal = {0.025: -1.96, 0.1: -1.2816, 0.25: -0.6745, 0.5: 0.0, 0.75: 0.6745, 0.9: 1.2816, 0.975: 1.96}
    bands = {name: (20 + widths * normal[part]) ** 2 for name, part in zip(COLUMNS, QUANTILES, strict=True)}
    return pd.DataFrame(
        {
            "origin": np.arange(count) % 8,
            "horizon_days": 28,
            "measure": "held",
            "topic": "t",
            "actual": (20 + rng.standard_normal(count)) ** 2,
        }
        | bands
    )


@pytest.mark.parametrize("widths", [0.5, 1.0, 1.8])
def test_bands_of_a_known_truth_are_stretched_to_hold_what_they_say(widths: float) -> None:
    """Too narrow, right or too wide: the errors of the other origins set it right."""
    judged = coverage(rows(widths))
    assert judged["in_50"].mean() == pytest.approx(0.5, abs=0.07)
    assert judged["in_80"].mean() == pytest.approx(0.8, abs=0.05)
    assert judged["in_95"].mean() == pytest.approx(0.95, abs=0.03)


def test_a_stretched_band_holds_the_narrower_ones_and_never_falls_below_none() -> None:
    """Whatever the factors, bands stay nested and not negative."""
    widening = widenings(rows(0.2))
    table = rows(1.0).assign(days_ahead=28, low_95=0.0, middle=1.0)
    wide = stretched(table, widening)
    assert (wide[["low_95", "low_80", "low_50"]].diff(axis=1).iloc[:, 1:] >= 0).all().all()
    assert (wide[["high_50", "high_80", "high_95"]].diff(axis=1).iloc[:, 1:] >= 0).all().all()
    assert wide.min(numeric_only=True).min() >= 0


def test_where_seasonal_naive_is_better_the_last_week_is_repeated(made: Callable[..., Made], policy: Policy) -> None:
    """By topic, and the stored forecast says for which."""
    warehouse, _ = made("bursts", topics=6, days=180, a_day=20.0)
    cursor = warehouse.cursor()
    known = read_known(cursor, ENDS_AT)
    assert known is not None
    history = read_history(cursor, known, ENDS_AT)
    found = run_backtest(cursor, history, policy, {}, read_order(cursor, ENDS_AT), seed=20)
    sums = found.daily[found.daily["measure"] == "gained"].groupby("topic")[["model_error", "naive_error"]].sum()
    lost = set(sums.index[sums["model_error"] > sums["naive_error"]])
    assert {topic for _, _, topic in lost_to_naive(found, "gained")} == lost
    forecast = make_forecast(cursor, policy, ENDS_AT, paths=50)
    assert forecast is not None
    topics = forecast.tables["topics"]
    said = {topic for topic, repeats in zip(topics["topic"], topics["repeats_optins"], strict=True) if repeats}
    assert said == {topic for _, _, topic in lost_to_naive(errors_of(forecast.tables["daily_errors"]), "gained")}


def errors_of(daily: pd.DataFrame) -> Backtest:
    """Return a backtest of daily errors alone."""
    return Backtest(pd.DataFrame(), daily)


@pytest.mark.parametrize(("days", "count"), [(0, 0), (55, 0), (69, 0), (70, 1), (200, 8), (430, 8)])
def test_past_days_to_forecast_from(days: int, count: int) -> None:
    """Eight at most, each with eight weeks before it."""
    found = origins(days)
    assert len(found) == count
    assert all(56 <= known < days for known in found)
