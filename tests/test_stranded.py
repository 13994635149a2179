"""Effective expiry: a token whose lane retires before it expires is stranded from that day on, and only then."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import NOW, Home
from tests.deliveries import ANNA, NOON, Item, delivery, marketing, otn, write_lines

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
FOREVER = datetime(9999, 12, 31)
MARCH = datetime(2025, 3, 1)
Load = Callable[..., Home]


@pytest.fixture
def loaded(home: Home, tmp_path: Path) -> Load:
    """Return a function that loads some items, one delivery each."""

    def load(*items: Item, now: datetime = NOW) -> Home:
        home.load(write_lines(tmp_path / "log.jsonl", *map(delivery, items)), now=now)
        return home

    return load


RETIRED = datetime(2026, 2, 10)  # free marketing messages ended, but in five regions
FREE_STILL = ("Europe/Berlin", "Europe/London", "Asia/Tokyo", "Asia/Seoul", "Australia/Sydney")
UNKNOWN = ("Mars/Olympus", "UTC", "")


@pytest.mark.parametrize(
    ("zone", "state", "ends"),
    [
        *[(zone, "available", MARCH + 500 * DAY) for zone in FREE_STILL],
        *[(zone, "stranded", RETIRED) for zone in ("Asia/Taipei", "Europe/Oslo", "America/New_York", *UNKNOWN)],
    ],
)
def test_a_token_whose_lane_closes_first_is_stranded(loaded: Load, zone: str, state: str, ends: datetime) -> None:
    """Recurring notifications ended on 2026-02-10 but in five regions; a region that is not known is not guessed at."""
    home = loaded(marketing(ANNA, MARCH, "k", days=500, notification_messages_timezone=zone), now=datetime(2026, 3, 1))
    assert home.rows("SELECT state, effective_expires_at, expires_at FROM tokens") == [(state, ends, MARCH + 500 * DAY)]


@pytest.mark.parametrize(
    ("as_of", "state"),
    [(RETIRED - SECOND, "available"), (RETIRED, "stranded"), (datetime(2026, 11, 22), "stranded")],
)
def test_a_token_is_stranded_from_the_first_moment_of_the_day_on(loaded: Load, as_of: datetime, state: str) -> None:
    """Up to the last moment before it, the token may be used; the spans tell both sides, whenever they are read."""
    home = loaded(marketing(ANNA, MARCH, "k", days=500, notification_messages_timezone="Asia/Taipei"))
    assert home.rows("SELECT state FROM token_spans WHERE from_at <= $at AND to_at > $at", {"at": as_of}) == [(state,)]


def test_a_token_that_dies_of_age_before_its_lane_closes_is_expired(loaded: Load) -> None:
    """A token's end is the earlier of its own and its lane's; on the same moment it is its own."""
    days = (RETIRED - MARCH).days
    home = loaded(
        *(marketing(ANNA, MARCH, f"k{n}", days=n, notification_messages_timezone="UTC") for n in (days, days + 1))
    )
    assert home.rows("SELECT token, state, effective_expires_at FROM tokens ORDER BY token") == [
        (f"k{days}", "expired", RETIRED),
        (f"k{days + 1}", "stranded", RETIRED),
    ]


@pytest.mark.parametrize(
    ("given", "zone", "state"),
    [
        (RETIRED - SECOND, "Asia/Taipei", "stranded"),
        (RETIRED, "Asia/Taipei", "available"),
        (RETIRED, "Europe/Berlin", "available"),
        (RETIRED - SECOND, "Europe/Berlin", "available"),
        (RETIRED, "Mars/Olympus", "stranded"),
    ],
)
def test_a_token_given_after_the_free_lane_closed_is_of_the_paid_one(
    loaded: Load, given: datetime, zone: str, state: str
) -> None:
    """Outside the five regions nothing else can have given it; of an unknown region nobody can say which lane it is."""
    home = loaded(marketing(ANNA, given, "k", days=None, notification_messages_timezone=zone))
    ends = {"available": FOREVER, "stranded": RETIRED}[state]
    assert home.rows("SELECT state, effective_expires_at FROM tokens") == [(state, ends)]


def test_who_opts_in_again_after_the_free_lane_closed_is_no_longer_stranded(loaded: Load) -> None:
    """The same token given anew stands in the paid lane from then on; in between it was stranded."""
    again = RETIRED + 30 * DAY
    home = loaded(
        marketing(ANNA, MARCH, "k", days=500, notification_messages_timezone="Asia/Taipei"),
        marketing(ANNA, again, "k", days=None, notification_messages_timezone="Asia/Taipei"),
    )
    assert home.rows("SELECT state, from_at, to_at FROM token_spans ORDER BY from_at") == [
        ("available", MARCH, RETIRED),
        ("stranded", RETIRED, again),
        ("available", again, FOREVER),
    ]


def test_a_one_time_token_is_never_stranded_by_a_closure_that_is_over(loaded: Load) -> None:
    """The lane was closed in Europe and Japan until August 2021; a token of today knows nothing of it."""
    event = otn(ANNA, NOON, "t1")
    event["optin"]["notification_messages_timezone"] = "Asia/Tokyo"
    home = loaded(event)
    assert home.rows("SELECT state FROM tokens") == [("available",)]
