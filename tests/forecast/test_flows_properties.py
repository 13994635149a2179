"""Whatever flows a log holds, they are fitted and drawn: whole numbers, none negative, none endless."""

from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.forecast.flows import draw, fit_flows
from pipelines.forecast.history import History, Series
from pipelines.forecast.simulate import Stock


@st.composite
def histories(make: st.DrawFn) -> History:
    """Histories of up to three topics: silent, steady, wild, with gaps and with a day of a hundred thousand."""
    topics, days = make(st.integers(1, 3)), make(st.integers(0, 140))
    rng = np.random.default_rng(make(st.integers(0, 2**32)))
    rate = make(st.sampled_from([0.0, 0.02, 0.6, 5.0, 400.0]))
    gained = rng.poisson(rate * rng.gamma(0.5, 2, (topics, days))).astype(float)
    if days and make(st.booleans()):
        gained[0, make(st.integers(0, days - 1))] = 100_000
    if make(st.booleans()):
        gained[:, days // 3 : days // 2] = 0
    chance = make(st.sampled_from([0.0, 0.02, 0.3, 1.0]))
    spent, held = np.zeros((topics, days)), np.zeros((topics, days))
    now = np.zeros(topics)
    for day in range(days):
        held[:, day] = now
        now = now + gained[:, day]
        spent[:, day] = np.where(rng.random(topics) < chance, np.floor(now * rng.random(topics)), 0)
        now = now - spent[:, day]
    nothing = np.zeros((topics, days))
    series = tuple(Series("p", "otn", f"t{number}") for number in range(topics))
    return History(series, date(2026, 1, 5), held, gained, spent, nothing, nothing)


@settings(max_examples=15)
@given(histories())
def test_any_history_is_fitted_and_drawn(history: History) -> None:
    """Also an empty one, and one of a single day."""
    (flows,) = fit_flows(history, {}, {}, 60)
    topics = len(history.series)
    never = np.full(topics, 10_000)
    stock = Stock(np.full(topics, 9.0), np.zeros((topics, 60)), never, never, flows.stop_chance, 1.0)
    for _, outcome in draw(flows, stock, 20, 60, 3):
        for flow in (outcome.gained, outcome.spent, outcome.died, outcome.held):
            assert np.isfinite(flow).all()
            assert flow.min() >= -1e-9
        assert (outcome.gained == np.round(outcome.gained)).all()
