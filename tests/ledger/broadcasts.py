"""Campaigns for the ledger's tests, brought as far as a test wants them."""

import json
from datetime import datetime, timedelta
from hashlib import md5
from typing import Any

from sqlalchemy import Engine, insert, select

from pipelines.ledger import approvals, campaigns, chain, sends
from pipelines.ledger.campaigns import CampaignRecord, Draft
from pipelines.ledger.schema import sends as sends_table

NOW = datetime(2026, 11, 22, 12)
AUTHOR, OTHER = "Mei", "Đặng"
CONTENT = "c" * 64


def draft(text: str = "Back in stock", page: str = "1084", definition: str = "") -> Draft:
    """Return what a campaign file says."""
    return Draft(page, text, definition or f'{{"text": "{text}"}}', "f" * 64, None, NOW + timedelta(days=1))


def written(ledger: Engine, campaign_id: str = "shoes", page: str = "1084", definition: str = "") -> CampaignRecord:
    """Write a draft down."""
    campaigns.create(ledger, campaign_id, draft(page=page, definition=definition), AUTHOR, NOW)
    return campaigns.get(ledger, campaign_id)


def check(
    ledger: Engine, campaign_id: str, verdict: approvals.Verdict = "pass", content: str = CONTENT, at: datetime = NOW
) -> approvals.PlanRecord:
    """Freeze a plan, and return it."""
    fixed = {"plan_hash": "e" * 64, "content_hash": content, "verdict": verdict, "summary": {"lanes": {"otn": 1}}}
    approvals.freeze(ledger, campaign_id, AUTHOR, at, **fixed)  # type: ignore[arg-type]
    plan = approvals.plan_of(ledger, campaign_id)
    assert plan is not None
    return plan


def approved(ledger: Engine, campaign_id: str = "shoes", page: str = "1084", definition: str = "") -> CampaignRecord:
    """Bring a new campaign to its approval."""
    campaign = written(ledger, campaign_id, page, definition)
    approvals.approve(ledger, campaign, check(ledger, campaign_id), OTHER, NOW, "")
    return campaigns.get(ledger, campaign_id)


def row(psid: str, token: str | None = None, lane: str = "otn", until: datetime | None = None) -> tuple[Any, ...]:
    """Return a row to reserve; without a token it goes by the open window."""
    lane, key = (lane, md5(token.encode(), usedforsecurity=False).hexdigest()) if token else ("standard_window", None)
    return (psid, lane, "a", None, key, token, None, "Asia/Taipei", until)


def launched(
    ledger: Engine, *rows: tuple[Any, ...], campaign_id: str = "shoes", page: str = "1084", definition: str = ""
) -> CampaignRecord:
    """Bring a new campaign to its launch with these rows."""
    campaign = approved(ledger, campaign_id, page, definition)
    sends.launch(ledger, campaign, [rows], AUTHOR, NOW, {})
    return campaigns.get(ledger, campaign_id)


def send_ids(ledger: Engine, campaign_id: str = "shoes") -> list[int]:
    """Return the ids of a campaign's sends."""
    query = select(sends_table.c.send_id).where(sends_table.c.campaign_id == campaign_id)
    with ledger.connect() as connection:
        return list(connection.execute(query.order_by(sends_table.c.send_id)).scalars())


def put(ledger: Engine, campaign_id: str, **values: Any) -> None:
    """Write a send past the code, as only the database can refuse it."""
    fixed = {"page_id": "1084", "psid": "24", "lane": "standard_window", "variant": "a", "state": "queued"}
    with ledger.begin() as connection:
        connection.execute(insert(sends_table), fixed | {"campaign_id": campaign_id, "state_at": NOW} | values)


def last_entry(ledger: Engine) -> tuple[str, str, dict[str, Any]]:
    """Return who did what in the last entry of the trail, and its detail."""
    with ledger.connect() as connection:
        *_, entry = chain.entries(connection)
    return entry.actor, entry.action, json.loads(entry.detail)


def state(ledger: Engine, campaign_id: str = "shoes") -> str:
    """Return where a campaign is."""
    return campaigns.get(ledger, campaign_id).state
