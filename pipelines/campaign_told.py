"""What there is to say of campaigns, read from the ledger as plain values: for a terminal, JSON and the pages."""

from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine

from pipelines.ledger import approvals, brakes, campaigns, sends
from pipelines.pseudonyms import pseudonym

_SHORT = (
    "campaign_id", "page_id", "name", "state", "state_at", "state_by", "state_why", "created_by", "launched_at",
    "was_sent_back",
)  # fmt: skip


def every(ledger: Engine) -> list[dict[str, Any]]:
    """
    Return every campaign in short, oldest first.

    `people` is how many it was launched to, or get it by its last plan; `verdict` is what that was judged to be: None
    where there is none. `ended` counts, of one that goes out now, the sends that need nothing more.
    """
    plans, going = approvals.plans_in_short(ledger), sends.going(ledger)
    told = []
    for each in campaigns.every(ledger):
        short = {name: getattr(each, name) for name in _SHORT} | {"people": None, "verdict": None, "ended": None}
        short |= plans.get(each.plan_id or 0, {})
        if each.campaign_id in going:
            short["people"], short["ended"] = going[each.campaign_id]
        elif each.launched_at:
            short["people"] = _reserved(ledger, each.campaign_id)
        told.append(short)
    return told


@lru_cache(maxsize=10_000)
def _reserved(ledger: Engine, campaign_id: str) -> int:
    """Return how many it was launched to; counted once, as that stays."""
    return sends.count(ledger, campaign_id)


def told(ledger: Engine, campaign_id: str, secret: str | None, now: datetime) -> dict[str, Any]:
    """Return all there is to say of a campaign at `now` (naive UTC): people by pseudonym, or by id without a secret."""
    record = campaigns.get(ledger, campaign_id)
    plan = approvals.plan_of(ledger, campaign_id)
    summary = plan.told() if plan else {}
    tally = sends.tally(ledger, campaign_id)
    with ledger.connect() as connection:
        approved = approvals.history(connection, campaign_id)
        brake = brakes.standing(connection, record.page_id, now)
        launched_by = campaigns.launched_by(connection, campaign_id) if record.launched_at else None
    counts: dict[str, int] = {}
    for each in tally:
        counts[each.state] = counts.get(each.state, 0) + each.sends
    return {
        "id": record.campaign_id, "status": record.state, "why": record.state_why, "since": record.state_at,
        "by": record.state_by, "counts": counts,
        "lanes": summary.get("lanes", []), "findings": summary.get("findings", []),
        "name": record.name, "page_id": record.page_id, "author": record.created_by,
        "start_at": record.start_at, "not_after": record.not_after, "launched_at": record.launched_at,
        "launched_by": launched_by, "was_sent_back": record.was_sent_back,
        "unconfirmed": _unconfirmed(ledger, record, secret),
        "checked": summary, "plan_id": plan.plan_id if plan else None, "plan_hash": plan.plan_hash if plan else "",
        "checked_at": plan.made_at if plan else None,
        "sends": [asdict(each) for each in tally], "brake": brake,
        "approvals": [asdict(each) for each in approved],
    }  # fmt: skip


def _unconfirmed(ledger: Engine, record: campaigns.CampaignRecord, secret: str | None) -> list[dict[str, Any]]:
    return [
        {
            "send_id": send_id,
            "person": psid if secret is None else pseudonym(secret, record.page_id, psid),
            "lane": lane,
            "since": since,
        }
        for send_id, psid, lane, since in sends.unconfirmed(ledger, record.campaign_id)
    ]
