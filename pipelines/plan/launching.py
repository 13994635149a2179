"""Approved, launched, parked: what lets a campaign go out, each time seen with the eyes of that moment."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Engine

from pipelines.errors import Refused
from pipelines.ledger import approvals, campaigns, sends
from pipelines.ledger.campaigns import CampaignRecord
from pipelines.ledger.moves import CAMPAIGN_MOVES, CampaignState
from pipelines.lint.linter import Linter
from pipelines.plan import planner
from pipelines.plan.campaign import Campaign
from pipelines.plan.checking import Checked, examine
from pipelines.plan.judging import judge

_BATCH = 50_000
"""Rows of a plan in memory at once, on their way to the ledger."""


@dataclass(frozen=True, slots=True)
class Launched:
    """What a launch reserved, and how the plan had changed since the check: rows of was, is_, people."""

    checked: Checked
    reserved: int
    changes: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a launch would reserve now, how that differs from the check, and why it would be refused; '' if not."""

    checked: Checked
    changes: list[dict[str, Any]]
    hindrance: str


def approve(
    ledger: Engine, record: CampaignRecord, by: str, now: datetime, reason: str, seen: int | None = None
) -> None:
    """
    Let a checked campaign pass. Raises Refused; past its last moment the campaign is parked.

    `seen` is the plan that `by` looked at, where that is known: no other is approved.
    """
    plan = _looked_at(ledger, record, seen)
    if plan is None or record.state != "checked":
        raise Refused(
            f"The campaign {record.campaign_id} is {record.state}. Only a checked one can be approved: "
            f"clear-to-send campaign check {record.campaign_id}"
        )
    park_if_late(ledger, record, by, now)
    approvals.approve(ledger, record, plan, by, now, reason)


def send_back(
    ledger: Engine, record: CampaignRecord, by: str, now: datetime, reason: str, seen: int | None = None
) -> None:
    """Give a checked campaign back to its author, with the reason. Raises Refused; `seen` as in `approve`."""
    plan = _looked_at(ledger, record, seen)
    if plan is None or record.state != "checked":
        raise Refused(f"The campaign {record.campaign_id} is {record.state}. Only a checked one can be sent back.")
    approvals.send_back(ledger, record, plan, by, now, reason)


def launch(
    cursor: duckdb.DuckDBPyConnection, ledger: Engine, linter: Linter, record: CampaignRecord, by: str,
    now: datetime, plans_folder: Path,
) -> Launched:  # fmt: skip
    """
    Plan anew, see that the approval still stands for it, and reserve a send for everyone: all or nothing.

    Raises Refused, and writes that down, when it is too late, or no longer what was approved; where somebody launched
    it already, it says who and when.
    """
    _refuse_if_launched(ledger, record)
    plan = approvals.plan_of(ledger, record.campaign_id)
    if plan is None or record.state != "approved":
        raise Refused(
            f"The campaign {record.campaign_id} is {record.state}. Only an approved one can be launched; "
            f"clear-to-send campaign status {record.campaign_id} says what is missing."
        )
    park_if_late(ledger, record, by, now)
    try:
        checked = examine(cursor, ledger, linter, record, now)
    except Refused as error:  # a CSV is not what was approved
        approvals.refuse(ledger, record, by, now, "launch_refused", str(error))
    why = _hindrance(ledger, record, checked)
    if why:
        approvals.refuse(ledger, record, by, now, "launch_refused", why)
    changed = planner.changes(cursor, plans_folder / f"{plan.plan_hash}.parquet")
    told = {"lanes": checked.counts.lanes, "left_out": checked.counts.left_out, "changes": changed,
            "plan_hash": planner.freeze(cursor, plans_folder), "content_hash": checked.content_hash}  # fmt: skip
    try:
        reserved = sends.launch(ledger, record, planner.batches(cursor, record.page_id, _BATCH), by, now, told)
    except Refused as refusal:
        _refuse_if_launched(ledger, campaigns.get(ledger, record.campaign_id))  # two at once: this is the second
        approvals.refuse(ledger, record, by, now, "launch_refused", str(refusal))
    return Launched(checked, reserved, changed)


def foresee(
    cursor: duckdb.DuckDBPyConnection, ledger: Engine, linter: Linter, record: CampaignRecord, now: datetime,
    plans_folder: Path,
) -> Foreseen:  # fmt: skip
    """Plan anew as a launch would, and write nothing. Raises Refused for one that is not approved."""
    _refuse_if_launched(ledger, record)
    plan = approvals.plan_of(ledger, record.campaign_id)
    if plan is None or record.state != "approved":
        raise Refused(f"The campaign {record.campaign_id} is {record.state}. Only an approved one can be launched.")
    checked = examine(cursor, ledger, linter, record, now)
    changed = planner.changes(cursor, plans_folder / f"{plan.plan_hash}.parquet")
    return Foreseen(checked, changed, _hindrance(ledger, record, checked))


def resume(ledger: Engine, linter: Linter, record: CampaignRecord, by: str, now: datetime, why: str) -> None:
    """
    Let a paused campaign go on, by the rules of now: what was allowed at its launch may not be any more.

    Raises Refused, and writes that down, where a lane that is still to be used is blocked, or everything is stopped;
    past its last moment the campaign is parked.
    """
    park_if_late(ledger, record, by, now)
    judgement = judge(linter, Campaign.from_json(record.definition), [], now, [])
    waiting = {each.lane for each in sends.tally(ledger, record.campaign_id) if each.state == "queued"}
    for each in judgement.findings:
        if each["severity"] == "block" and each["lane"] in waiting:
            because = f"{each['lane']} is blocked now by {each['rule']}: {each['reason']} Cancel what is left of it."
            approvals.refuse(ledger, record, by, now, "resume_refused", because)
    try:
        campaigns.change(ledger, record.campaign_id, "sending", by, now, why, "campaign_resumed")
    except Refused as refusal:
        approvals.refuse(ledger, record, by, now, "resume_refused", str(refusal))


def park_if_late(ledger: Engine, record: CampaignRecord, by: str, now: datetime) -> None:
    """Park a campaign whose last moment has passed, where it can be, and raise Refused."""
    if record.not_after is None or now < record.not_after:
        return
    why = f"Its last moment, {record.not_after:%Y-%m-%d %H:%M} UTC, has passed: what it says is no longer news."
    state: CampaignState = record.state
    if (state, "parked") in CAMPAIGN_MOVES:
        sends.park(ledger, record, by, now, why)
        state = "parked"
    hint = "Write a new one for the rest." if record.launched_at else "Edit it to give it another not_after."
    raise Refused(f"The campaign {record.campaign_id} is {state}. {why} {hint}")


def _looked_at(ledger: Engine, record: CampaignRecord, seen: int | None) -> approvals.PlanRecord | None:
    plan = approvals.plan_of(ledger, record.campaign_id)
    if plan and seen is not None and plan.plan_id != seen:
        raise Refused(f"{record.campaign_id} was checked again since you looked at it. Look at it again.")
    return plan


def _refuse_if_launched(ledger: Engine, record: CampaignRecord) -> None:
    if record.launched_at is None:
        return
    with ledger.connect() as connection:
        who = campaigns.launched_by(connection, record.campaign_id)
    when = f"{record.launched_at:%Y-%m-%d %H:%M:%S} UTC"
    raise Refused(f"{who} launched {record.campaign_id} already, on {when}. A campaign goes out once.")


def _hindrance(ledger: Engine, record: CampaignRecord, checked: Checked) -> str:
    """Say why what was approved may not go out as it is now; '' where it may."""
    with ledger.connect() as connection:
        approval = approvals.standing(connection, record.campaign_id, checked.content_hash)
    if checked.judgement.verdict != "block" and approval is not None:
        return ""
    blocks = [each for each in checked.judgement.findings if each["severity"] == "block"]
    what = f" It is blocked now by {blocks[0]['rule']}: {blocks[0]['reason']}" if blocks else ""
    return (
        f"The approval of {record.campaign_id} is for other content: the text, the audience or the rules have changed "
        f"since.{what} Check it, and have it approved again."
    )
