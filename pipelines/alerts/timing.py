"""When a scheduled report is due, in the zone of those who read it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from pipelines.settings_alerts import Report, Weekday

LATE = timedelta(hours=12)
"""A report that is later than this is no news any more: the next one comes."""


@dataclass(frozen=True, slots=True)
class Period:
    """One report: the local day it belongs to, and when it was due (naive UTC)."""

    name: str
    due_at: datetime

    def is_late(self, now: datetime) -> bool:
        """Whether it is too late for it."""
        return now - self.due_at > LATE


def last_period(report: Report, now: datetime) -> Period:
    """Return the last report that was due by now (naive UTC)."""
    zone = ZoneInfo(report.zone)
    today = now.replace(tzinfo=UTC).astimezone(zone).date()
    step = 1 if report.every == "daily" else 7
    day = today + timedelta(days=1)
    if report.every == "weekly":
        day += timedelta(days=(get_args(Weekday).index(report.weekday) - day.weekday()) % 7)
    while _moment(report, day, zone) > now:
        day -= timedelta(days=step)
    return Period(f"{report.every} {day.isoformat()}", _moment(report, day, zone))


def zone_faults(report: Report) -> list[str]:
    """Return what is wrong with the zone."""
    try:
        ZoneInfo(report.zone)
    except (KeyError, ValueError, OSError):
        return [f"[report] zone {report.zone!r} is no time zone; write it like Europe/Berlin"]
    return []


def _moment(report: Report, day: date, zone: ZoneInfo) -> datetime:
    """Return the moment of a local day's report, naive UTC; in the hour that a change of clocks skips, after it."""
    local = datetime.combine(day, report.at.replace(tzinfo=None), tzinfo=zone)
    return local.astimezone(UTC).replace(tzinfo=None)
