"""How long a campaign still takes: told only where it is known."""

from datetime import timedelta

import pytest

from pipelines.audit.ahead import Ahead, ahead
from pipelines.audit.watching import Canaries, Detail, Quiet, Standing
from tests.audit.standings import GOING, HOUR, MINUTE, NOW, SECOND, at, seen_of

ASLEEP = (Quiet("Asia/Taipei", 600, NOW + HOUR),)


@pytest.mark.parametrize(
    ("standing", "seen", "told"),
    [
        (at(GOING), seen_of(300), Ahead(5.0, 600, timedelta(minutes=2))),
        (at(GOING, not_after=NOW + MINUTE), seen_of(300), Ahead(5.0, 600, timedelta(minutes=2), too_late=True)),
        (at(GOING), seen_of(300, later=100), Ahead(5.0, 500, timedelta(seconds=100), others=100)),
        (at(GOING, state_at=NOW - 20 * SECOND), seen_of(300), Ahead(15.0, 600, timedelta(seconds=40))),
        (at(GOING, state="paused"), seen_of(300), Ahead(5.0, waits="paused")),
        (at(GOING, state="cancelled"), seen_of(), Ahead(0.0, waits="over")),
        (at(GOING, start_at=NOW + HOUR), seen_of(), Ahead(0.0, waits="early", until=NOW + HOUR)),
        (at(GOING, not_after=NOW), seen_of(), Ahead(0.0, waits="late")),
        (at(GOING, NOW + MINUTE), seen_of(300), Ahead(5.0, waits="brake", until=NOW + MINUTE)),
        (at(GOING), seen_of(60, quiet=ASLEEP), Ahead(1.0, waits="quiet", until=NOW + HOUR, others=600)),
        (at(GOING), seen_of(60, later=600), Ahead(1.0, waits="retry", until=NOW + MINUTE, others=600)),
        (at(GOING), seen_of(), Ahead(0.0, 600, waits="silent")),
        (at(GOING, state_at=NOW - 5 * SECOND), seen_of(), Ahead(0.0, 600, waits="begins")),
        (at({("otn", "queued"): 9, ("otn", "accepted"): 2}), seen_of(6), Ahead(0.1, 9, waits="canary")),
        (at({("otn", "unconfirmed"): 2, ("otn", "accepted"): 9}), seen_of(60), Ahead(1.0, waits="settling")),
    ],
    ids=["rate", "too_late", "later", "just_resumed", "paused", "cancelled", "early", "late", "brake", "quiet",
         "retry", "silent", "begins", "canary", "settling"],
)  # fmt: skip
def test_time_left_is_only_told_where_it_is_known(standing: Standing, seen: Detail, told: Ahead) -> None:
    """By the rate of the last minute; otherwise what is waited for."""
    assert ahead(standing, seen, NOW) == told


@pytest.mark.parametrize(
    ("counts", "canaries"),
    [
        ({("otn", "queued"): 9}, (Canaries("otn", 0, 3, 9),)),
        ({("otn", "queued"): 7, ("otn", "accepted"): 2}, (Canaries("otn", 2, 3, 7),)),
        ({("otn", "queued"): 7, ("otn", "accepted"): 5}, (Canaries("otn", 3, 3, 0),)),
        ({("otn", "queued"): 1, ("otn", "refused"): 5}, (Canaries("otn", 0, 1, 1),)),
        ({("otn", "accepted"): 2, ("utility", "queued"): 3}, (Canaries("otn", 2, 2, 0), Canaries("utility", 0, 3, 3))),
        ({("otn", "refused"): 2}, ()),
    ],
)
def test_canaries_of_each_lane(counts: dict[tuple[str, str], int], canaries: tuple[Canaries, ...]) -> None:
    """Three of a lane must be accepted, or all of it where there are fewer."""
    assert at(counts).canaries == canaries
