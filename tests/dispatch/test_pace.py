"""The pace of a Page: never over its rate where the requests arrive, and not far below it."""

import heapq
import math
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dispatch.pace import FIRST_WAIT_S, Pace, rate_of
from pipelines.errors import UsageError
from pipelines.policy import Policy
from tests.conftest import NOW

PAUSE = 80.0


def simulate(pace: Pace, trips: Iterator[tuple[float, float]], until: float = math.inf) -> list[float]:
    """Send as fast as the pace lets, and return when the requests arrive.

    A trip is the time to the answer, and the part of it after which the request arrives.
    """
    now = 0.0
    arrivals: list[float] = []
    answers: list[float] = []
    for latency, part in trips:
        while (wait := pace.next_in(now)) > 0:
            if answers and answers[0] <= now + wait:
                now = heapq.heappop(answers)
                pace.answered(now)
            else:
                now += wait
        if now >= until:
            break
        pace.leave(now)
        arrivals.append(now + part * latency)
        heapq.heappush(answers, now + latency)
    return sorted(arrivals)


@settings(max_examples=100)
@given(
    rate=st.integers(1, 40),
    trips=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 1)), min_size=1, max_size=250),
    percent=st.floats(0, PAUSE, exclude_max=True),
)
def test_no_second_at_the_server_holds_more_than_the_rate(
    rate: int, trips: list[tuple[float, float]], percent: float
) -> None:
    """Whatever the way there and back takes, and however unevenly."""
    pace = Pace(rate, PAUSE)
    pace.slow(percent, 0, 0)
    arrivals = simulate(pace, iter(trips))

    assert [(first, last) for first, last in zip(arrivals, arrivals[rate:], strict=False) if last - first < 1] == []


@pytest.mark.parametrize("rate", [1, 20, 40])
def test_a_short_way_costs_little_of_the_rate(rate: int) -> None:
    """With 20 ms for each call, nine tenths of the rate are reached."""
    trips = ((0.02, 0.5) for _ in range(10_000))

    assert len(simulate(Pace(rate, PAUSE), trips, until=60)) >= 0.9 * rate * 60


def test_all_slots_on_their_way_wait_for_an_answer() -> None:
    """No time brings a slot back: only an answer does, a second later."""
    pace = Pace(2, PAUSE)
    pace.leave(0)
    pace.leave(0)

    assert pace.next_in(100) == math.inf
    with pytest.raises(RuntimeError):
        pace.leave(100)
    pace.answered(100)
    assert 1 <= pace.next_in(100) < 1.1
    assert pace.next_in(102) == 0


# --- usage -----------------------------------------------------------------------------------------------------------


def at_once(pace: Pace, now: float) -> int:
    """Return how many may leave together at that moment, and let them."""
    count = 0
    while pace.next_in(now) == 0:
        pace.leave(now)
        count += 1
    return count


@pytest.mark.parametrize(("percent", "left"), [(0, 40), (40, 40), (60, 22), (79.99, 4)])
def test_usage_slows_in_a_straight_line(percent: float, left: int) -> None:
    """Full speed up to half of the pausing percentage, a tenth just below it."""
    pace = Pace(40, PAUSE)
    pace.slow(percent, 0, 0)

    assert at_once(pace, 0) == left


def test_the_slowest_is_one_at_a_time() -> None:
    """A tenth of a small rate is still a message."""
    pace = Pace(3, PAUSE)
    pace.slow(79, 0, 0)

    assert at_once(pace, 0) == 1


@pytest.mark.parametrize(("percent", "regain_s", "wait"), [(80, 0, FIRST_WAIT_S), (100, 300, 300), (5, 120, 120)])
def test_at_the_limit_nothing_leaves_then_one_at_a_time(percent: float, regain_s: float, wait: float) -> None:
    """After the time that Meta tells, a probe; after its good answer, all."""
    pace = Pace(20, PAUSE)
    pace.slow(percent, regain_s, 0)

    assert pace.next_in(0) == wait
    assert at_once(pace, wait) == 1
    pace.answered(wait + 1)
    assert at_once(pace, wait + 1) == 1
    pace.answered(wait + 2)
    pace.slow(10, 0, wait + 2)
    assert at_once(pace, wait + 4) == 20


def test_an_older_good_answer_opens_nothing() -> None:
    """Requests that were on their way bring old news."""
    pace = Pace(20, PAUSE)
    pace.slow(90, 600, 0)
    pace.slow(79, 0, 1)

    assert pace.next_in(1) == 599
    assert at_once(pace, 600) == 1


# --- throttled -------------------------------------------------------------------------------------------------------


def test_each_further_throttle_doubles_the_rest() -> None:
    """No call goes out in the meantime; at most an hour."""
    pace, now = Pace(20, PAUSE), 0.0
    waits: list[float] = []
    for _ in range(8):
        pace.throttled(now)
        waits.append(pace.next_in(now))
        now += waits[-1]
        assert at_once(pace, now) == 1
        pace.answered(now)

    assert waits == pytest.approx([60, 120, 240, 480, 960, 1920, 3600, 3600])


def test_refusals_on_their_way_are_one_throttle() -> None:
    """Twenty that left together do not double twenty times."""
    pace = Pace(20, PAUSE)
    for number in range(20):
        pace.throttled(number / 100)

    assert pace.next_in(0.19) == pytest.approx(60)


def test_what_meta_tells_counts_where_it_is_longer() -> None:
    """And a calm time makes the next throttle a first one."""
    pace = Pace(20, PAUSE)
    pace.throttled(0, 500)
    assert pace.next_in(0) == 500
    pace.throttled(2000, 30)
    assert pace.next_in(2000) == 60


# --- the rate --------------------------------------------------------------------------------------------------------


def test_the_rate_comes_from_the_rule_book(policy: Policy) -> None:
    """The default unless set, and never above the ceiling."""
    assert [rate_of(policy, NOW), rate_of(policy, NOW, 5), rate_of(policy, NOW, 40)] == [20, 5, 40]
    assert at_once(Pace.by(policy, NOW, 7), 0) == 7


@pytest.mark.parametrize("wanted", [41, -1])
def test_a_rate_beyond_the_ceiling_is_refused(policy: Policy, wanted: int) -> None:
    """With the number that may be had."""
    with pytest.raises(UsageError, match="1 to 40 messages a second"):
        rate_of(policy, NOW, wanted)
