"""Paths keep their books: whatever comes, goes or stays, no token appears or vanishes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines.forecast.sends import Sends, fit_sends
from pipelines.forecast.simulate import Outcome, Plan, Stock, simulate
from tests.conftest import IS_DEEP

DAYS = 40
NEVER = 10_000


def nothing_sent(topics: int, fixed: np.ndarray | None = None) -> Sends:
    """Return sends that never happen, but for fixed ones."""
    return Sends(
        np.zeros(topics), 1.0, np.zeros(topics, dtype=int), np.zeros(topics), 1.0, np.ones(7), happens=False,
        fixed=np.full((topics, 7), np.nan) if fixed is None else fixed,
    )  # fmt: skip


def stock(
    runoff: np.ndarray,
    later: np.ndarray,
    order: float = 1.0,
    stop: float = 0.0,
    lifetime: int = 365,
    closes: int = NEVER,
) -> Stock:
    """Return tokens that end by `runoff`, and `later` ones that outlive the days looked at."""
    topics = len(runoff)
    return Stock(
        runoff.sum(axis=1) + later,
        runoff,
        np.full(topics, lifetime),
        np.full(topics, closes),
        np.full(topics, stop),
        order,
    )


def run(start: Stock, gained: np.ndarray, sends: Sends, seed: int = 1, **more: object) -> Outcome:
    """Draw paths from a Monday on."""
    return simulate(start, gained, sends, 0, np.random.default_rng(seed), **more)  # type: ignore[arg-type]


FEW = settings(max_examples=100 if IS_DEEP else 15)
counts = arrays(np.float64, (2, DAYS), elements=st.integers(0, 30).map(float))


@settings(max_examples=12)
@given(
    counts,
    arrays(np.float64, (2, 3, DAYS), elements=st.integers(0, 40).map(float)),
    arrays(np.float64, (2, 90), elements=st.integers(0, 3).map(float)),
    st.floats(-1, 1),
    st.sampled_from([0.0, 0.003, 0.2]),
    st.integers(1, 60),
    st.sampled_from([NEVER, 0, 11]),
    st.integers(0, 2**32),
)
def test_tokens_in_are_tokens_spent_stopped_died_or_left_on_every_path(
    runoff: np.ndarray,
    gained: np.ndarray,
    spent: np.ndarray,
    order: float,
    stop: float,
    lifetime: int,
    closes: int,
    seed: int,
) -> None:
    """Each day too, and nothing turns negative."""
    sends = fit_sends(spent, np.full(spent.shape, 100.0), 0)
    start = stock(runoff, np.array([7.0, 0.0]), order, stop, lifetime, closes)
    end = run(start, gained, sends, seed, plans=[Plan(0, 3, 0.5)])
    went = end.spent + end.stopped + end.died
    came = start.held[:, None] + gained.cumsum(axis=2)[:, :, -1]
    assert came == pytest.approx(went.sum(axis=2) + end.held[:, :, -1], abs=1e-6)
    morning = np.concatenate([np.broadcast_to(start.held[:, None, None], (2, 3, 1)), end.held[:, :, :-1]], axis=2)
    assert morning + gained == pytest.approx(went + end.held, abs=1e-6)
    for flow in (end.spent, end.stopped, end.died, end.held):
        assert flow.min() >= -1e-9


@FEW
@given(counts)
def test_without_sends_and_opt_ins_the_run_off_is_what_dies(runoff: np.ndarray) -> None:
    """To the day."""
    end = run(stock(runoff, np.zeros(2)), np.zeros((2, 3, DAYS)), nothing_sent(2))
    assert (end.died == runoff[:, None, :]).all()


@FEW
@given(counts, arrays(np.float64, (2, 7), elements=st.integers(0, 12).map(float)))
def test_deaths_are_those_of_a_queue_that_spends_the_soonest_ending_token_first(
    runoff: np.ndarray, fixed: np.ndarray
) -> None:
    """Brute force, token by token."""
    end = run(stock(runoff, np.array([50.0, 0.0])), np.zeros((2, 1, DAYS)), nothing_sent(2, fixed))
    for topic in range(2):
        queue = [day for day in range(DAYS) for _ in range(int(runoff[topic, day]))] + [NEVER] * (
            50 if topic == 0 else 0
        )
        for day in range(DAYS):
            del queue[: int(fixed[topic, day % 7])]
            dead = sum(ends <= day for ends in queue)
            del queue[:dead]
            assert end.died[topic, 0, day] == pytest.approx(dead, abs=1e-6)
            assert end.held[topic, 0, day] == pytest.approx(len(queue), abs=1e-6)


def test_the_newest_first_saves_none_of_those_that_end() -> None:
    """Any age alike saves some, the soonest first all."""
    runoff = np.full((1, DAYS), 2.0)
    fixed = np.full((1, 7), 5.0)
    newest = run(stock(runoff, np.array([400.0]), order=-1), np.zeros((1, 1, DAYS)), nothing_sent(1, fixed))
    alike = run(stock(runoff, np.array([400.0]), order=0), np.zeros((1, 1, DAYS)), nothing_sent(1, fixed))
    soonest = run(stock(runoff, np.array([400.0]), order=1), np.zeros((1, 1, DAYS)), nothing_sent(1, fixed))
    assert newest.died.sum() == 80
    assert soonest.died.sum() == 0
    assert 0 < alike.died.sum() < 80


def test_new_tokens_die_at_the_end_of_their_life() -> None:
    """20 days after they came."""
    gained = np.zeros((1, 2, DAYS))
    gained[0, :, 3] = 10
    end = run(stock(np.zeros((1, DAYS)), np.zeros(1), lifetime=20), gained, nothing_sent(1))
    assert end.died[0, 0, 23] == 10
    assert end.died.sum() == 20


def test_nothing_outlives_its_lane() -> None:
    """Neither those held nor those that come after."""
    gained = np.ones((1, 2, DAYS))
    end = run(stock(np.zeros((1, DAYS)), np.array([30.0]), closes=10), gained, nothing_sent(1))
    assert end.held[0, 0, 9] == 40
    assert end.died[0, 0, 10] == 41
    assert (end.held[:, :, 10:] == 0).all()
