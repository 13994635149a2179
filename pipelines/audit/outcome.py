"""What came of a campaign: the ledger's sends, joined with what the logs tell of them."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from duckdb import DuckDBPyConnection
from sqlalchemy import Engine

from pipelines.audit.sends import bench, hold_sends
from pipelines.ledger import campaigns
from pipelines.ledger.campaigns import CampaignRecord
from pipelines.statements import statements

_SQL = statements(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far the sends of one lane and variant came. What only the logs know is None without a warehouse.

    planned = accepted + refused + failed + unconfirmed + cancelled + waiting. `replied`: wrote or pressed a button
    within seven days; `stopped`: took a permission back within seven days.
    """

    lane: str
    variant: str
    planned: int
    accepted: int
    delivered: int | None
    read: int | None
    replied: int | None
    stopped: int | None
    refused: int
    failed: int
    unconfirmed: int
    cancelled: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Failure:
    """How many sends did not go out, or may not have, for one reason."""

    state: str
    reason: str
    words: str | None
    sends: int


@dataclass(frozen=True, slots=True)
class Settled:
    """How many sends whose answer was lost were settled, by whom: `echo`, `token`, or a person's name."""

    settled_by: str
    state: str
    words: str | None
    sends: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a campaign. `logs_until` is the last hour of which the warehouse knows events of the Page."""

    funnel: tuple[Funnel, ...]
    failures: tuple[Failure, ...]
    settled: tuple[Settled, ...]
    logs_until: datetime | None


def outcome(ledger: Engine, cursor: DuckDBPyConnection | None, campaign_id: str) -> Outcome:
    """Return what came of a campaign; without a cursor, what the ledger alone knows. Raises UsageError."""
    campaign = campaigns.get(ledger, campaign_id)
    with bench(cursor) as table:
        hold_sends(ledger, table, campaign)
        return outcome_of_held(table, campaign, knows_logs=cursor is not None)


def outcome_of_held(cursor: DuckDBPyConnection, campaign: CampaignRecord, *, knows_logs: bool) -> Outcome:
    """Return what came of the sends that `hold_sends` brought beside this cursor's events."""
    rows = cursor.execute(_SQL["funnel"]).fetchall()
    until = cursor.execute(_SQL["logs_until"], {"page_id": campaign.page_id}).fetchone()
    return Outcome(
        tuple(Funnel(*(row if knows_logs else (*row[:4], None, None, None, None, *row[8:]))) for row in rows),
        tuple(Failure(*row) for row in cursor.execute(_SQL["failures"]).fetchall()),
        tuple(Settled(*row) for row in cursor.execute(_SQL["settled"]).fetchall()),
        until[0] if until else None,
    )
