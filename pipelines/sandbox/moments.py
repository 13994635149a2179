"""Moments as the wire has them: milliseconds since 1970, UTC."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  naive UTC, as everywhere
_SECONDS_BELOW = 100_000_000_000  # a smaller number counts seconds: some events do


def in_ms(moment: datetime) -> int:
    """Return a moment (a naive one is UTC) in milliseconds."""
    naive = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return (naive - _EPOCH) // timedelta(milliseconds=1)


def from_ms(at: int) -> datetime:
    """Return milliseconds as a naive UTC moment."""
    return _EPOCH + timedelta(milliseconds=at)


def written(at: int) -> str:
    """Return milliseconds as ISO 8601 in UTC."""
    return from_ms(at).isoformat(timespec="milliseconds") + "Z"


def read_time(value: object) -> int:
    """Return the time that an event names, whether in seconds, milliseconds or as text; 0 for none."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0
    return int(value * SECOND) if value < _SECONDS_BELOW else int(value)


def later_by_months(at: int, months: int) -> int:
    """Return the same day and time some months later, or the last day of a shorter month."""
    moment = from_ms(at)
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    day = min(moment.day, monthrange(year, month + 1)[1])
    return in_ms(moment.replace(year=year, month=month + 1, day=day))
