"""How long a campaign still takes, or what it waits for, where nobody can say."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pipelines.audit.watching import RATE_OVER, Detail, Standing
from pipelines.ledger.campaigns import CampaignRecord

_SILENT_AFTER = timedelta(seconds=15)
"""A dispatcher that lives takes up a campaign within some seconds."""

Waits = Literal["over", "paused", "early", "late", "brake", "quiet", "canary", "retry", "settling", "begins", "silent"]
"""Why nobody can say how long it still takes; see `Ahead`."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """How long it still takes for `people`; or, where nobody can say, what it `waits` for, and until when.

    `others` come later, after their quiet hours or another try. `too_late`: the campaign's last moment comes first.
    """

    rate: float
    people: int = 0
    left: timedelta | None = None
    waits: Waits | None = None
    until: datetime | None = None
    others: int = 0
    too_late: bool = False


def ahead(at: Standing, seen: Detail, now: datetime) -> Ahead:
    """Say how long it still takes, honestly: nothing is promised of a campaign that is not sending now."""
    rate = _rate(at.record, seen, now)
    waits, until = _waits(at, now)
    if waits:
        return Ahead(rate, waits=waits, until=until)
    queued, quiet = at.count("queued"), sum(each.people for each in seen.quiet)
    later = sum(each.later for each in seen.groups)
    people = max(0, queued - max(quiet, later))  # one may wait for both
    others = queued - people
    if not people:
        waits, until = _next_turn(at, seen, now)
        return Ahead(rate, waits=waits, until=until, others=others)
    begun = _since(at.record)
    if not seen.lately and now - begun >= _SILENT_AFTER:
        return Ahead(rate, people, waits="silent", others=others)
    if sum(each.held for each in at.canaries) >= people:
        return Ahead(rate, people, waits="canary", others=others)
    if not seen.lately:
        return Ahead(rate, people, waits="begins", others=others)
    left = timedelta(seconds=round(people / rate))
    ends = at.record.not_after
    return Ahead(rate, people, left, others=others, too_late=ends is not None and now + left > ends)


def _since(record: CampaignRecord) -> datetime:
    return max(record.state_at, record.start_at or record.state_at)


def _rate(record: CampaignRecord, seen: Detail, now: datetime) -> float:
    """Return the messages a second over the last minute, or since it began to send, where that is later."""
    begun = _since(record) if record.state == "sending" else now - RATE_OVER
    return seen.lately / max(1.0, min(RATE_OVER, now - begun).total_seconds())


def _waits(at: Standing, now: datetime) -> tuple[Waits | None, datetime | None]:
    """Say what keeps the whole campaign, and until when."""
    record = at.record
    if record.state != "sending":
        return ("paused" if record.state == "paused" else "over"), None
    if record.start_at is not None and record.start_at > now:
        return "early", record.start_at
    if record.not_after is not None and record.not_after <= now:
        return "late", None
    if at.brake:
        return "brake", at.brake[0]
    return (None, None) if at.count("queued", "sending") else ("settling", None)


def _next_turn(at: Standing, seen: Detail, now: datetime) -> tuple[Waits, datetime | None]:
    """Say what a campaign waits for in which nobody may be written to now, and until when."""
    if not at.count("queued"):
        return "settling", None
    if seen.quiet:
        return "quiet", seen.quiet[0].until
    return "retry", seen.retry_at or now
