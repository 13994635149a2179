"""One send, followed back: its text, the permission it rests on and the log line of that, who let it go, what came."""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection
from sqlalchemy import Engine, select

from pipelines.audit.dossier import Dossier, dossier_of
from pipelines.audit.sends import bench, hold_sends
from pipelines.errors import ClearToSendError, UsageError
from pipelines.ledger.schema import sends
from pipelines.plan.campaign import Campaign
from pipelines.plan.fields import render
from pipelines.plan.wording import text_for
from pipelines.statements import statements

_SQL = statements(Path(__file__).with_suffix(".sql"))
_MOST_DIGITS = 19
"""A number of so many digits is none of a send: it may not fit into the ledger."""


@dataclass(frozen=True, slots=True)
class LineageRow:
    """The way of one send. Times are naive UTC; None where nothing is known. `token_key` is the md5 of the token.

    For a token `agreed_title` and `agreed_payload` are the words of the opt-in, and `permission_…` is that event; for
    the standard window it is the person's last message in it. A tag rests on what the message says: it has none.
    """

    send_id: int
    campaign_id: str
    page_id: str
    person: str
    psid: str | None
    lane: str
    variant: str
    topic: str | None
    token_key: str | None
    agreed_title: str | None
    agreed_payload: str | None
    permission_event: str | None
    permission_at: datetime | None
    permission_file: str | None
    permission_line: int | None
    permission_ends_at: datetime | None
    plan_id: int | None
    plan_hash: str | None
    approved_by: str | None
    approved_at: datetime | None
    approval_reason: str | None
    launched_by: str | None
    launched_at: datetime | None
    launch_entry: int | None
    state: str
    state_at: datetime
    attempts: int
    reason: str | None
    words: str | None
    settled_by: str | None
    mid: str | None
    trace: str | None
    echo_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    replied_at: datetime | None
    stopped_at: datetime | None


@dataclass(frozen=True, slots=True)
class Lineage:
    """One send with the text as this person got it; where `text` is None, `text_note` says why."""

    row: LineageRow
    campaign_name: str
    text: str | None
    text_note: str
    plan_made_by: str | None
    plan_made_at: datetime | None
    verdict: str | None
    knows_logs: bool


def pseudonym_in(campaign_id: str, page_id: str, psid: str) -> str:
    """Return what stands for a person in a campaign's lineage; lineage.sql says the same in SQL."""
    return f"person-{sha256(f'{campaign_id}/{page_id}/{psid}'.encode()).hexdigest()[:12]}"


def find_send(ledger: Engine, named: str) -> int:
    """Return the number of the send that is meant by its number, or by the mid that Meta gave it. Raises UsageError."""
    named = named.strip()
    if named.isdecimal() and len(named) < _MOST_DIGITS:
        return int(named)
    with ledger.connect() as connection:
        found = connection.execute(select(sends.c.send_id).where(sends.c.mid == named).limit(1)).scalar()
    if found is None:
        raise UsageError(f"No send has the mid {named}: give a send's number, or the mid of a message of a campaign.")
    return int(found)


def trace(ledger: Engine, cursor: DuckDBPyConnection | None, send_id: int, *, show_ids: bool = False) -> Lineage:
    """Follow one send. Raises UsageError for a number that is not there."""
    query = select(sends.c.campaign_id, sends.c.fields, sends.c.variant, sends.c.lane).where(sends.c.send_id == send_id)
    with ledger.connect() as connection:
        found = connection.execute(query).first()
    if found is None:
        raise UsageError(f"There is no send {send_id}. Its number stands in sends.csv of an export, and in its echo.")
    dossier = dossier_of(ledger, found.campaign_id)
    with bench(cursor) as table:
        hold_sends(ledger, table, dossier.campaign, send_id)
        trace_held(table, dossier, show_ids=show_ids)
        (row,) = _rows(table)
    text, note = _rendered(dossier.content, found.variant, found.lane, found.fields)
    plan = dossier.plan
    return Lineage(
        row=row,
        campaign_name=dossier.campaign.name,
        text=text,
        text_note=note,
        plan_made_by=plan.made_by if plan else None,
        plan_made_at=plan.made_at if plan else None,
        verdict=plan.verdict if plan else None,
        knows_logs=cursor is not None,
    )


def lineage_rows(
    ledger: Engine, cursor: DuckDBPyConnection | None, campaign_id: str, *, show_ids: bool = False
) -> list[LineageRow]:
    """Follow every send of a campaign, in the order of their numbers. Raises UsageError."""
    dossier = dossier_of(ledger, campaign_id)
    with bench(cursor) as table:
        hold_sends(ledger, table, dossier.campaign)
        trace_held(table, dossier, show_ids=show_ids)
        return _rows(table)


def trace_held(cursor: DuckDBPyConnection, dossier: Dossier, *, show_ids: bool) -> None:
    """Fill the temporary table audit_lineage for the sends that `hold_sends` brought beside this cursor's events."""
    plan, approval, launch = dossier.plan, dossier.approval, dossier.launch
    values: dict[str, Any] = {
        "show_ids": show_ids,
        "plan_id": plan and plan.plan_id,
        "plan_hash": plan and plan.plan_hash,
        "approved_by": approval and approval.approved_by,
        "approved_at": approval and approval.approved_at,
        "approval_reason": approval and approval.reason,
        "launched_by": launch and launch.actor,
        "launched_at": launch.at if launch else dossier.campaign.launched_at,
        "launch_entry": launch and launch.entry_id,
    }
    cursor.execute(_SQL["trace"], values)


def _rows(cursor: DuckDBPyConnection) -> list[LineageRow]:
    return [LineageRow(*row) for row in cursor.execute(_SQL["rows"]).fetchall()]


def _rendered(content: Campaign | None, variant: str, lane: str, fields: str | None) -> tuple[str | None, str]:
    """Return the text with this person's values, as the dispatcher makes it, or why there is none."""
    if content is None:
        return None, "The campaign was written by another version, which this one cannot read; see its definition."
    try:
        values = json.loads(fields or "{}")
        if lane == "utility" and content.utility:
            parameters = [render(parameter, values) for parameter in content.utility.parameters]
            told = f" with {', '.join(parameters)}" if parameters else ""
            return f"Template {content.utility.template} ({content.utility.language}){told}", ""
        return text_for(content, variant, values), ""
    except (ClearToSendError, KeyError, ValueError) as error:
        return None, f"The text cannot be put together: {error}"
