"""Standings of a campaign, made of counts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pipelines.audit.watching import Detail, Group, Quiet, Standing
from pipelines.ledger.campaigns import CampaignRecord
from tests.audit.staging import LAUNCH
from tests.deliveries import PAGE

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
RECORD = CampaignRecord(
    "shoes", PAGE, "Shoes", "sending", "{}", "f", "ana", LAUNCH, 1, None, None, LAUNCH, "bo", "launched", LAUNCH
)
NOW = LAUNCH + 5 * MINUTE


def at(counts: Mapping[tuple[str, str], int], brake: datetime | None = None, **record: Any) -> Standing:
    """Make a standing of counts."""
    return Standing(replace(RECORD, **record), dict(counts), (brake, "Enough.") if brake else None)  # type: ignore[arg-type]


def seen_of(lately: int = 0, later: int = 0, quiet: tuple[Quiet, ...] = ()) -> Detail:
    """Make a detail of counts."""
    group = Group("otn", "plain", "queued", None, None, "", 0, lately, later)
    return Detail((group,), quiet, NOW + MINUTE if later else None)


GOING = {("otn", "accepted"): 400, ("otn", "queued"): 600}
