"""Which people may not be written to right now, by the clocks where they live."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from pipelines.plan.campaign import QuietHours


@cache
def known_zones() -> frozenset[str]:
    """Return the names of all time zones, looked up once: they lie in many folders."""
    return frozenset(available_timezones())


def quiet_zones(hours: QuietHours | None, zones: Iterable[str], now: datetime) -> set[str]:
    """Return those of the zones in which it is within the quiet hours at `now` (naive UTC)."""
    if hours is None:
        return set()
    return {zone for zone in zones if is_quiet(hours, zone, now)}


def is_quiet(hours: QuietHours, zone: str, now: datetime) -> bool:
    """Say whether a clock in that zone stands within the hours, which may go over midnight."""
    local = now.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).time()
    if hours.starts < hours.ends:
        return hours.starts <= local < hours.ends
    return local >= hours.starts or local < hours.ends
