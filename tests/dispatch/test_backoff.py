"""The wait before another attempt: doubled, capped, and spread by chance."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipelines.dispatch.backoff import MAX_ATTEMPTS, wait


@given(st.integers(1, 5000), st.floats(0, 1, exclude_max=True))
def test_a_wait_lies_between_nothing_and_the_cap(attempt: int, draw: float) -> None:
    """However often it was tried."""
    assert 0 <= wait(attempt, draw) < 300


def test_the_longest_wait_doubles_up_to_the_cap() -> None:
    """Each is twice the one before."""
    waits = [wait(attempt, 1.0) for attempt in range(1, MAX_ATTEMPTS)]

    assert waits[0] == 1
    assert all(later == min(300, 2 * earlier) for earlier, later in pairwise(waits))
    assert 15 * 60 <= sum(waits) <= 20 * 60


def test_the_base_and_the_cap_can_be_told() -> None:
    """Half the draw is half the wait."""
    assert [wait(attempt, 0.5, base_s=4, cap_s=10) for attempt in (1, 2, 3)] == [2, 4, 5]
