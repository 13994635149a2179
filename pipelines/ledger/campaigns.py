"""Campaigns: their life from draft to done. Each move is one transaction, with its entry in the audit chain."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from pipelines.errors import Refused, UsageError
from pipelines.ledger import chain, drafts
from pipelines.ledger.moves import CAMPAIGN_MOVES, CampaignState
from pipelines.ledger.schema import all_stop, approvals, audit_entries, campaigns


@dataclass(frozen=True, slots=True)
class CampaignRecord:
    """A campaign as the ledger knows it. Times are naive UTC; `definition` is JSON."""

    campaign_id: str
    page_id: str
    name: str
    state: CampaignState
    definition: str
    fingerprint: str
    created_by: str
    created_at: datetime
    plan_id: int | None
    start_at: datetime | None
    not_after: datetime | None
    state_at: datetime
    state_by: str
    state_why: str
    launched_at: datetime | None

    @property
    def was_sent_back(self) -> bool:
        """Whether a reviewer gave it back: only they put a draft there that is not their own. `state_why` is why."""
        return self.state == "draft" and self.state_by != self.created_by


@dataclass(frozen=True, slots=True)
class Stop:
    """That everything is stopped: by whom, when (naive UTC) and why."""

    by: str
    at: datetime
    why: str


_COLUMNS = [campaigns.c[name] for name in CampaignRecord.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class Draft:
    """What is written into the ledger of a campaign file. `definition` is JSON, `fingerprint` the sha256 of it."""

    page_id: str
    name: str
    definition: str
    fingerprint: str
    start_at: datetime | None
    not_after: datetime | None


def create(ledger: Engine, campaign_id: str, draft: Draft, by: str, now: datetime, typed_as: str = "") -> None:
    """Write a new campaign down. Raises UsageError if the id is taken, or nobody signs.

    `typed_as` is the page's draft that it was, which goes in the same transaction. Raises DraftGone where it is not
    there: whoever submits a draft twice makes one campaign.
    """
    signed(by)
    with ledger.begin() as connection:
        if typed_as:
            drafts.take(connection, typed_as)
        if connection.execute(select(campaigns.c.state).where(campaigns.c.campaign_id == campaign_id)).first():
            raise UsageError(f"There is a campaign {campaign_id} already. Give another id.")
        written = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
        origin = {"created_by": by, "created_at": now, "state_by": by, "state_at": now, "state_why": "written"}
        connection.execute(insert(campaigns).values(campaign_id=campaign_id, state="draft", **written, **origin))
        tell(connection, campaign_id, "campaign_written", by, now, {"fingerprint": draft.fingerprint})


def edit(ledger: Engine, campaign_id: str, draft: Draft, by: str, now: datetime, typed_as: str = "") -> None:
    """
    Put another definition in place: back to draft, its editor is the author, and every approval is void.

    Raises Refused for a campaign that was launched: what people have got stays what its record says. `typed_as` as in
    `create`.
    """
    signed(by)
    written = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
    with ledger.begin() as connection:
        if typed_as:
            drafts.take(connection, typed_as)
        move(connection, campaign_id, "draft", by, now, "edited", plan_id=None, created_by=by, **written)
        launched = select(campaigns.c.launched_at).where(campaigns.c.campaign_id == campaign_id)
        if connection.execute(launched).scalar():
            raise Refused(f"{campaign_id} was launched, and its text stays as people got it. Write a new campaign.")
        detail = {"fingerprint": draft.fingerprint, "approvals_voided": void(connection, campaign_id, now, "edited")}
        tell(connection, campaign_id, "campaign_edited", by, now, detail)


def void(connection: Connection, campaign_id: str, now: datetime, why: str) -> int:
    """Let no approval of a campaign stand, in the caller's transaction. Returns how many stood."""
    standing = update(approvals).where(approvals.c.campaign_id == campaign_id, approvals.c.voided_at.is_(None))
    return int(connection.execute(standing.values(voided_at=now, voided_why=why)).rowcount)


def change(ledger: Engine, campaign_id: str, to: CampaignState, by: str, now: datetime, why: str, action: str) -> None:
    """
    Pause, resume, park or finish a campaign, with its entry.

    Raises Refused where its state does not lead there; to `sending` only a paused one goes (an approved one is
    launched), and none while everything is stopped.
    """
    signed(by)
    with ledger.begin() as connection:
        move(connection, campaign_id, to, by, now, why, only_from=["paused"] if to == "sending" else [])
        if to == "sending":
            refuse_while_stopped(connection)
        tell(connection, campaign_id, action, by, now, {"why": why})


def move(
    connection: Connection,
    campaign_id: str,
    to: CampaignState,
    by: str,
    now: datetime,
    why: str,
    *,
    only_from: Collection[CampaignState] = (),
    **values: Any,
) -> None:
    """Move a campaign in the caller's transaction. Raises Refused, naming the state it is in."""
    origins = [origin for origin, end in CAMPAIGN_MOVES if end == to and (not only_from or origin in only_from)]
    found = campaigns.c.campaign_id == campaign_id
    values |= {"state": to, "state_at": now, "state_by": by, "state_why": why}
    if connection.execute(update(campaigns).where(found, campaigns.c.state.in_(origins)).values(values)).rowcount:
        return
    state = connection.execute(select(campaigns.c.state).where(found)).scalar()
    if state is None:
        raise unknown(connection, campaign_id)
    raise Refused(f"The campaign {campaign_id} is {state}: it cannot become {to}. It can from: {', '.join(origins)}.")


def get(ledger: Engine, campaign_id: str) -> CampaignRecord:
    """Return one campaign. Raises UsageError for an id that is not there, with the nearest that is."""
    with ledger.connect() as connection:
        row = connection.execute(select(*_COLUMNS).where(campaigns.c.campaign_id == campaign_id)).first()
        if row is None:
            raise unknown(connection, campaign_id)
    return CampaignRecord(*row)


def every(ledger: Engine, states: Collection[CampaignState] = ()) -> list[CampaignRecord]:
    """Return all campaigns, or those in these states, oldest first."""
    query = select(*_COLUMNS).order_by(campaigns.c.created_at, campaigns.c.campaign_id)
    if states:
        query = query.where(campaigns.c.state.in_(states))
    with ledger.connect() as connection:
        return [CampaignRecord(*row) for row in connection.execute(query)]


def sending(connection: Connection, page_id: str) -> list[CampaignRecord]:
    """Return the campaigns of a Page that send now, the first launched first."""
    query = select(*_COLUMNS).where(campaigns.c.page_id == page_id, campaigns.c.state == "sending")
    rows = connection.execute(query.order_by(campaigns.c.launched_at, campaigns.c.campaign_id))
    return [CampaignRecord(*row) for row in rows]


def pause_page(connection: Connection, page_id: str, by: str, now: datetime, why: str) -> None:
    """Pause every campaign of a Page that sends now, in the caller's transaction."""
    for record in sending(connection, page_id):
        pause(connection, record.campaign_id, by, now, why)


def pause(connection: Connection, campaign_id: str, by: str, now: datetime, why: str) -> None:
    """Pause a campaign that sends, in the caller's transaction. Raises Refused."""
    move(connection, campaign_id, "paused", by, now, why)
    tell(connection, campaign_id, "campaign_paused", by, now, {"why": why})


def unknown(connection: Connection, campaign_id: str) -> UsageError:
    """Return the error for an id that is not there."""
    known = list(connection.execute(select(campaigns.c.campaign_id)).scalars())
    near = difflib.get_close_matches(campaign_id, known)
    hint = f"Near it: {', '.join(near)}." if near else "`clear-to-send campaign list` shows those there are."
    return UsageError(f"There is no campaign {campaign_id}. {hint}")


def stop_all(ledger: Engine, by: str, now: datetime, why: str) -> list[str]:
    """Pause every campaign that sends, and let none start until `release_all`. Returns the ids of the paused."""
    signed(by)
    with ledger.begin() as connection:
        connection.execute(update(all_stop).values(is_on=True, set_by=by, set_at=now, why=why))
        stopping = update(campaigns).where(campaigns.c.state == "sending")
        values = {"state": "paused", "state_at": now, "state_by": by, "state_why": f"everything stopped: {why}"}
        paused = list(connection.execute(stopping.values(values).returning(campaigns.c.campaign_id)).scalars())
        chain.append(connection, now, by, "everything_stopped", {"why": why, "paused": paused})
    return paused


def release_all(ledger: Engine, by: str, now: datetime, why: str) -> None:
    """Let campaigns start again. None resumes by itself."""
    signed(by)
    with ledger.begin() as connection:
        connection.execute(update(all_stop).values(is_on=False, set_by=by, set_at=now, why=why))
        chain.append(connection, now, by, "everything_released", {"why": why})


def refuse_while_stopped(connection: Connection) -> None:
    """Raise Refused while everything is stopped. Whoever stops it waits until the caller's transaction ends."""
    query = select(all_stop.c.is_on, all_stop.c.set_by, all_stop.c.why).with_for_update(read=True)
    switch = connection.execute(query).one()
    if switch.is_on:
        raise Refused(
            f"{switch.set_by} stopped everything ({switch.why}). "
            "Once it is over: clear-to-send campaign release-all --reason TEXT"
        )


def standing_stop(connection: Connection) -> Stop | None:
    """Return who stopped everything; None while campaigns may start."""
    row = connection.execute(select(all_stop.c.is_on, all_stop.c.set_by, all_stop.c.set_at, all_stop.c.why)).one()
    return Stop(row.set_by, row.set_at, row.why) if row.is_on else None


def launched_by(connection: Connection, campaign_id: str) -> str | None:
    """Return who launched a campaign; None for one that was not."""
    is_launch = (audit_entries.c.campaign_id == campaign_id) & (audit_entries.c.action == "campaign_launched")
    return connection.execute(select(audit_entries.c.actor).where(is_launch)).scalar()


def tell(connection: Connection, campaign_id: str, action: str, by: str, now: datetime, detail: dict[str, Any]) -> None:
    """Append an entry about a campaign in the caller's transaction."""
    page = connection.execute(select(campaigns.c.page_id).where(campaigns.c.campaign_id == campaign_id)).scalar_one()
    chain.append(connection, now, by, action, detail, campaign_id=campaign_id, page_id=page)


def signed(by: str) -> None:
    """Raise UsageError for an act that nobody signs."""
    if not by.strip():
        raise UsageError("Say who does it: --as-user NAME.")
