"""Queued sends seen with newer logs: who stopped gets nothing; who wrote gets it by the window, for no token."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from sqlalchemy import Engine

from pipelines.ledger import approvals, campaigns, chain, waiting
from pipelines.plan.campaign import Campaign
from pipelines.plan.judging import lanes_of
from pipelines.plan.reasons import WORDS
from pipelines.statements import statements
from pipelines.warehouse import lent

_SQL = statements(Path(__file__).with_suffix(".sql"))
_COLUMNS = ("send_id", "campaign_id", "page_id", "psid", "lane", "token_key", "permission_ends_at")


@dataclass(frozen=True, slots=True)
class Rechecked:
    """How many queued sends lost their permission, of how many it ends at another time, how many spend no token now."""

    lost: int
    moved: int
    freed: int


def recheck(cursor: duckdb.DuckDBPyConnection, ledger: Engine, at: datetime) -> Rechecked:
    """Bring the queued sends up to what the warehouse knows as of `at` (naive UTC)."""
    with ledger.connect() as connection:
        queued = waiting.queued(connection)
    if not queued:
        return Rechecked(0, 0, 0)
    with lent(cursor, "queued_sends", _COLUMNS, queued):
        lost, opened, moved = (
            cursor.execute(_SQL[name], {"at": at}).fetchall() for name in ("lost", "opened", "moved")
        )
    by_window = {each: _uses_windows(ledger, each) for each in {campaign_id for _, campaign_id, _ in opened}}
    freed = [(send_id, closes_at) for send_id, campaign_id, closes_at in opened if by_window[campaign_id]]
    reasons = [(send_id, f"token_{state}") for send_id, state in lost]
    reasons += [(send_id, "window_not_used") for send_id, campaign_id, _ in opened if not by_window[campaign_id]]
    with ledger.begin() as connection:
        count_moved = waiting.move_ends(connection, moved)  # of the token first: the window then counts
        count_freed = waiting.use_windows(connection, freed)
        count_lost = waiting.withdraw(connection, [(send_id, why, WORDS[why]) for send_id, why in reasons], at)
        if count_lost or count_freed:
            told = {"withdrawn": dict(Counter(why for _, why in reasons)), "by_window_instead_of_token": count_freed}
            chain.append(connection, at, "load", "sends_rechecked", told)
    return Rechecked(count_lost, count_moved, count_freed)


def _uses_windows(ledger: Engine, campaign_id: str) -> bool:
    """Say whether a campaign may go by the open window: it is among its lanes, and its check found no block there."""
    campaign = Campaign.from_json(campaigns.get(ledger, campaign_id).definition)
    plan = approvals.plan_of(ledger, campaign_id)
    found = plan.told().get("findings", []) if plan else []
    blocked = {finding["lane"] for finding in found if finding["severity"] == "block"}
    return "standard_window" in lanes_of(campaign) and "standard_window" not in blocked
