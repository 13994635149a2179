"""Quiet hours go by the clock where a person lives: over midnight, and where it is put forward or back."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.plan.campaign import QuietHours
from pipelines.plan.quiet import is_quiet, quiet_zones

NIGHT = QuietHours(time(21), time(9), "Asia/Taipei")
NOON = QuietHours(time(12), time(14), "UTC")


@pytest.mark.parametrize(
    ("hours", "zone", "moment", "quiet"),
    [
        (NIGHT, "UTC", "2026-11-22T20:59:59", False),
        (NIGHT, "UTC", "2026-11-22T21:00", True),
        (NIGHT, "UTC", "2026-11-23T00:00", True),
        (NIGHT, "UTC", "2026-11-23T08:59:59.999999", True),
        (NIGHT, "UTC", "2026-11-23T09:00", False),
        (NIGHT, "Asia/Taipei", "2026-11-22T12:59", False),
        (NIGHT, "Asia/Taipei", "2026-11-22T13:00", True),
        (NIGHT, "America/Sao_Paulo", "2026-11-22T13:00", False),
        (NIGHT, "Asia/Kathmandu", "2026-11-22T15:14", False),
        (NIGHT, "Asia/Kathmandu", "2026-11-22T15:15", True),
        (NOON, "UTC", "2026-11-22T11:59", False),
        (NOON, "UTC", "2026-11-22T12:00", True),
        (NOON, "UTC", "2026-11-22T14:00", False),
        # Berlin puts its clocks forward on 29 March and back on 25 October: nine o'clock comes at another hour of UTC.
        (NIGHT, "Europe/Berlin", "2026-03-28T07:59", True),
        (NIGHT, "Europe/Berlin", "2026-03-28T08:00", False),
        (NIGHT, "Europe/Berlin", "2026-03-29T06:59", True),
        (NIGHT, "Europe/Berlin", "2026-03-29T07:00", False),
        (NIGHT, "Europe/Berlin", "2026-10-25T07:59", True),
        (NIGHT, "Europe/Berlin", "2026-10-25T08:00", False),
        # The hour that comes twice is quiet both times, and the one that never comes, never.
        (QuietHours(time(2), time(3)), "Europe/Berlin", "2026-10-25T00:30", True),
        (QuietHours(time(2), time(3)), "Europe/Berlin", "2026-10-25T01:30", True),
        (QuietHours(time(2), time(3)), "Europe/Berlin", "2026-03-29T00:59", False),
        (QuietHours(time(2), time(3)), "Europe/Berlin", "2026-03-29T01:00", False),
    ],
)
def test_hours_begin_and_end_by_the_clock_of_the_place(
    hours: QuietHours, zone: str, moment: str, *, quiet: bool
) -> None:
    """To the moment: the first is within, the last is not."""
    assert is_quiet(hours, zone, datetime.fromisoformat(moment)) is quiet


def test_the_zones_in_which_nobody_is_written_to() -> None:
    """Without quiet hours none is."""
    zones = ["Asia/Taipei", "Europe/Berlin", "America/Sao_Paulo"]

    assert quiet_zones(NIGHT, zones, datetime(2026, 11, 22, 13)) == {"Asia/Taipei"}
    assert quiet_zones(None, zones, datetime(2026, 11, 22, 13)) == set()


@given(
    st.times(), st.times(), st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)  # fmt: skip
def test_a_moment_is_either_in_the_hours_or_in_the_rest_of_the_day(
    starts: time, ends: time, moment: datetime, zone: str
) -> None:
    """Whatever the zone, and on the days on which its clocks change."""
    if starts == ends:
        return
    quiet, rest = QuietHours(starts, ends), QuietHours(ends, starts)

    assert is_quiet(quiet, zone, moment) is not is_quiet(rest, zone, moment)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
def test_a_night_ends_within_its_length(moment: datetime) -> None:
    """Nobody waits for ever: 12 hours, and one more where the clocks are put back."""
    later = [moment + timedelta(minutes=30) * step for step in range(27)]

    assert not all(is_quiet(NIGHT, "Europe/Berlin", each) for each in later)
    assert is_quiet(NIGHT, "Europe/Berlin", moment) == (
        not 9 <= moment.replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin")).hour < 21
    )
