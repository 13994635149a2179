"""Frozen plans, and the approvals that are bound to them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NoReturn

from sqlalchemy import Connection, Engine, insert, select

from pipelines.errors import Refused
from pipelines.ledger import campaigns as lives
from pipelines.ledger import chain
from pipelines.ledger.schema import approvals, campaigns, plans

Verdict = Literal["block", "warn", "pass"]


_SAYS = {"block": "a finding blocks it", "warn": "with warnings", "pass": "no finding stands against it"}


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """A frozen plan. `summary` is JSON: counts by lane, topic and reason, findings, what it costs.

    `definition` is the campaign that was planned, as JSON; None for a plan of an older version.
    """

    plan_id: int
    campaign_id: str
    made_at: datetime
    made_by: str
    plan_hash: str
    content_hash: str
    verdict: Verdict
    summary: str
    definition: str | None

    def told(self) -> dict[str, Any]:
        """Return the summary as it was when the plan was frozen."""
        return dict(json.loads(self.summary))


@dataclass(frozen=True, slots=True)
class Approval:
    """Who let it pass, when, and why. `voided_at` is None while it stands."""

    approved_by: str
    approved_at: datetime
    reason: str
    verdict: Verdict
    content_hash: str
    voided_at: datetime | None
    voided_why: str | None


def freeze(
    ledger: Engine,
    campaign_id: str,
    by: str,
    now: datetime,
    *,
    plan_hash: str,
    content_hash: str,
    verdict: Verdict,
    summary: Mapping[str, Any],
) -> int:
    """Keep a plan that a check made, and return its number. An approval for other content does not stand for it."""
    planned = select(campaigns.c.definition).where(campaigns.c.campaign_id == campaign_id)
    with ledger.begin() as connection:
        values = {"campaign_id": campaign_id, "made_at": now, "made_by": by, "plan_hash": plan_hash,
                  "content_hash": content_hash, "verdict": verdict, "definition": planned.scalar_subquery(),
                  "summary": json.dumps(summary, ensure_ascii=False, sort_keys=True, default=str)}  # fmt: skip
        plan_id = int(connection.execute(insert(plans).values(values).returning(plans.c.plan_id)).scalar_one())
        lives.move(connection, campaign_id, "checked", by, now, _SAYS[verdict], plan_id=plan_id)
        detail = {"plan_hash": plan_hash, "content_hash": content_hash, "verdict": verdict,
                  "lanes": summary.get("lanes"), "left_out": summary.get("left_out")}  # fmt: skip
        chain.append(connection, now, by, "campaign_checked", detail, campaign_id=campaign_id)
    return plan_id


def plan_of(ledger: Engine, campaign_id: str) -> PlanRecord | None:
    """Return the last frozen plan of a campaign; None where it was never checked."""
    query = select(*(plans.c[name] for name in PlanRecord.__dataclass_fields__))
    query = query.where(plans.c.campaign_id == campaign_id).order_by(plans.c.plan_id.desc()).limit(1)
    with ledger.connect() as connection:
        row = connection.execute(query).first()
    return PlanRecord(*row) if row else None


def approve(
    ledger: Engine, campaign: lives.CampaignRecord, plan: PlanRecord, by: str, now: datetime, reason: str
) -> None:
    """
    Let a checked campaign pass, bound to what the plan says of text, audience and rules.

    Raises Refused, and writes the refusal down, for a blocked one, a warning without a written reason, or its author.
    Raises it too where the campaign was edited or checked again after `campaign` and `plan` were read.
    """
    why = ""
    if by == campaign.created_by:
        why = f"{by} wrote {campaign.campaign_id}: a second person approves it."
    elif plan.verdict == "block":
        why = "A finding blocks it: no reason lets it pass. Mend the text or the lanes, edit, and check again."
    elif plan.verdict == "warn" and not reason.strip():
        why = "There are warnings: say why it may go out all the same (--reason TEXT)."
    if why:
        refuse(ledger, campaign, by, now, "approval_refused", why)
    with ledger.begin() as connection:
        lives.move(connection, campaign.campaign_id, "approved", by, now, reason or "no finding", only_from=["checked"])
        _refuse_if_changed(connection, campaign, plan)
        signed = {"approved_by": by, "approved_at": now, "author": campaign.created_by, "reason": reason}
        bound = {"plan_id": plan.plan_id, "content_hash": plan.content_hash, "verdict": plan.verdict}
        connection.execute(insert(approvals).values(campaign_id=campaign.campaign_id, **signed, **bound))
        chain.append(
            connection, now, by, "campaign_approved", bound | {"reason": reason},
            campaign_id=campaign.campaign_id, page_id=campaign.page_id,
        )  # fmt: skip


def send_back(
    ledger: Engine, campaign: lives.CampaignRecord, plan: PlanRecord, by: str, now: datetime, reason: str
) -> None:
    """
    Give a checked campaign back to its author, as a draft, with the reason; an earlier approval is void.

    Raises Refused, and writes that down, without a written reason, or for its author, who edits it instead. Raises it
    too where it was edited or checked again after `campaign` and `plan` were read.
    """
    why = ""
    if by == campaign.created_by:
        why = f"{by} wrote {campaign.campaign_id}: edit it instead of sending it back."
    elif not reason.strip():
        why = "Say what is to be mended: its author reads the reason (--reason TEXT)."
    if why:
        refuse(ledger, campaign, by, now, "send_back_refused", why)
    with ledger.begin() as connection:
        lives.move(connection, campaign.campaign_id, "draft", by, now, reason.strip(), only_from=["checked"])
        _refuse_if_changed(connection, campaign, plan)
        voided = lives.void(connection, campaign.campaign_id, now, "sent back")
        detail = {"reason": reason.strip(), "author": campaign.created_by, "plan_id": plan.plan_id}
        told = detail | {"content_hash": plan.content_hash, "approvals_voided": voided}
        lives.tell(connection, campaign.campaign_id, "campaign_sent_back", by, now, told)


def _refuse_if_changed(connection: Connection, campaign: lives.CampaignRecord, plan: PlanRecord) -> None:
    query = select(campaigns.c.plan_id, campaigns.c.created_by).where(campaigns.c.campaign_id == campaign.campaign_id)
    if tuple(connection.execute(query).one()) != (plan.plan_id, campaign.created_by):
        raise Refused(f"{campaign.campaign_id} was edited or checked again since you looked at it. Look at it again.")


def standing(connection: Connection, campaign_id: str, content_hash: str) -> Approval | None:
    """Return the approval that stands for this content, or None."""
    return next(
        (each for each in history(connection, campaign_id) if not each.voided_at and each.content_hash == content_hash),
        None,
    )


def history(connection: Connection, campaign_id: str) -> list[Approval]:
    """Return every approval of a campaign, the last one first."""
    columns = [approvals.c[name] for name in Approval.__dataclass_fields__]
    query = select(*columns).where(approvals.c.campaign_id == campaign_id).order_by(approvals.c.approval_id.desc())
    return [Approval(*row) for row in connection.execute(query)]


def plans_in_short(ledger: Engine) -> dict[int, dict[str, Any]]:
    """Return, by its number, of each plan that a campaign stands on: people who get it, and verdict."""
    query = select(plans.c.plan_id, plans.c.verdict, plans.c.summary).join(
        campaigns, campaigns.c.plan_id == plans.c.plan_id
    )
    with ledger.connect() as connection:
        rows = connection.execute(query).all()
    return {row.plan_id: {"people": json.loads(row.summary).get("people"), "verdict": row.verdict} for row in rows}


def last_approved(ledger: Engine, campaign_id: str) -> tuple[Approval, PlanRecord] | None:
    """Return the last approval that a campaign got, standing or void, with the plan it was for; None without any."""
    what = [approvals.c[name] for name in Approval.__dataclass_fields__]
    of = [plans.c[name] for name in PlanRecord.__dataclass_fields__]
    query = select(*what, *of).join_from(approvals, plans, approvals.c.plan_id == plans.c.plan_id)
    query = query.where(approvals.c.campaign_id == campaign_id).order_by(approvals.c.approval_id.desc()).limit(1)
    with ledger.connect() as connection:
        row = connection.execute(query).first()
    return (Approval(*row[: len(what)]), PlanRecord(*row[len(what) :])) if row else None


def refuse(ledger: Engine, campaign: lives.CampaignRecord, by: str, now: datetime, action: str, why: str) -> NoReturn:
    """Write a refusal into the chain, then raise it."""
    with ledger.begin() as connection:
        chain.append(
            connection, now, by, action, {"why": why}, campaign_id=campaign.campaign_id, page_id=campaign.page_id
        )
    raise Refused(why)
