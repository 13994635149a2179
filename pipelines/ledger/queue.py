"""The dispatcher's side of the ledger: what is due, what goes out now, what came back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, String, bindparam, func, or_, select, update

from pipelines.ledger.moves import OPEN_SENDS, SendState
from pipelines.ledger.schema import campaigns, sends


@dataclass(frozen=True, slots=True)
class Queued:
    """One send that is due. `fields` is JSON; `attempts` counts the calls made so far."""

    send_id: int
    campaign_id: str
    page_id: str
    psid: str
    lane: str
    variant: str
    token: str | None
    fields: str | None
    attempts: int
    state: SendState


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one call. `not_before` is when it may be tried again; `attempts` are the calls held against it."""

    send_id: int
    state: SendState
    state_at: datetime
    reason: str | None = None
    words: str | None = None
    mid: str | None = None
    trace: str | None = None
    not_before: datetime | None = None
    settled_by: str | None = None
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Known:
    """What tells whether an echo is a send's: whose it is, and since when it can have gone out."""

    state: SendState
    page_id: str
    psid: str
    launched_at: datetime


_QUEUED = [sends.c[name] for name in Queued.__dataclass_fields__]
_SENDING = select(campaigns.c.campaign_id).where(campaigns.c.state == "sending").scalar_subquery()

_OVER = ("cancelled", "parked")
"""Such a campaign sends nothing more, and holds no token."""
_IS_PERMITTED = or_(sends.c.permission_ends_at.is_(None), sends.c.permission_ends_at > bindparam("now"))

# Made once: for what is asked with every message, making the statement costs more than the database does.
_DUE = (
    select(*_QUEUED)
    .where(
        sends.c.campaign_id == bindparam("its_campaign"),
        sends.c.state == "queued",
        sends.c.lane == bindparam("its_lane"),
        or_(sends.c.not_before.is_(None), sends.c.not_before <= bindparam("now")),
        _IS_PERMITTED,
    )
    .order_by(sends.c.send_id)
    .limit(bindparam("most"))
)
_DUE_BUT_QUIET = _DUE.where(sends.c.zone.not_in(bindparam("quiet", expanding=True)))
_GOING = (
    update(sends)
    .where(sends.c.send_id.in_(bindparam("ids", expanding=True)), sends.c.campaign_id.in_(_SENDING), _IS_PERMITTED)
    .values(state="sending", state_at=bindparam("now"), attempts=sends.c.attempts + 1)
    .returning(sends.c.send_id)
)
_LANE = bindparam("its_lane", type_=String)
_START = _GOING.where(sends.c.state == "queued", or_(_LANE == "", sends.c.lane == _LANE))
_START_AGAIN = _GOING.where(sends.c.state == "unconfirmed", sends.c.lane == "otn", sends.c.lane == _LANE)
_STANDS = sends.c.state == "sending"
_WAS_GIVEN_UP = (sends.c.state == "unconfirmed") & (bindparam("new_state", type_=String) == "accepted")
_WRITTEN: dict[str, Any] = {name: bindparam(f"new_{name}") for name in Result.__dataclass_fields__ if name != "send_id"}
_RECORD = update(sends).where(sends.c.send_id == bindparam("new_send_id"), _STANDS | _WAS_GIVEN_UP).values(_WRITTEN)


def pages_with_work(ledger: Engine) -> list[str]:
    """Return the Pages with a campaign that is sending, or one that left something on its way or in the queue."""
    own = sends.c.campaign_id == campaigns.c.campaign_id
    loose = select(1).where(own, sends.c.state == "sending").exists()
    left = select(1).where(own, sends.c.state == "queued").exists() & campaigns.c.state.in_(_OVER)
    is_work = (campaigns.c.state == "sending") | loose | left
    with ledger.connect() as connection:
        return sorted(connection.execute(select(campaigns.c.page_id).distinct().where(is_work)).scalars())


def due(
    connection: Connection, campaign_id: str, lane: str, now: datetime, *, quiet: Collection[str], limit: int
) -> list[Queued]:
    """Return the next sends of a lane that may go, oldest first: none of a zone in `quiet`, none that waits."""
    given = {"its_campaign": campaign_id, "its_lane": lane, "now": now, "most": limit}
    if quiet:
        rows = connection.execute(_DUE_BUT_QUIET, given | {"quiet": list(quiet)})
    else:
        rows = connection.execute(_DUE, given)
    return [Queued(*row) for row in rows.all()]


def start(connection: Connection, send_ids: Collection[int], now: datetime, lane: str = "") -> set[int]:
    """
    Mark sends as going out, and return those that may: still queued, permitted, their campaign still sending.

    With a lane only those that still go by it: a load may have let them go by the window meanwhile.

    Committed before the call is made: a crash afterwards leaves `sending`, which is never sent again by itself.
    """
    return set(connection.execute(_START, {"ids": list(send_ids), "now": now, "its_lane": lane}).scalars().all())


def start_again(connection: Connection, send_ids: Collection[int], now: datetime, lane: str = "otn") -> set[int]:
    """Mark unconfirmed sends by one-time token as going out again, and return those that may."""
    return set(connection.execute(_START_AGAIN, {"ids": list(send_ids), "now": now, "its_lane": lane}).scalars().all())


def record(connection: Connection, results: Sequence[Result]) -> None:
    """Write down what came of calls. A send that was settled otherwise meanwhile keeps what it has.

    But that it was accepted counts also where another dispatcher, or nobody, waited for the answer any more.
    """
    rows = [{f"new_{name}": getattr(result, name) for name in Result.__dataclass_fields__} for result in results]
    if rows:
        connection.execute(_RECORD, rows)


def lapse(connection: Connection, campaign_id: str, now: datetime, not_after: datetime | None) -> int:
    """Give up what is queued and may no longer go: its permission ended, or the campaign's last moment has passed."""
    queued = update(sends).where(sends.c.campaign_id == campaign_id, sends.c.state == "queued")
    ended = {
        "state": "failed", "state_at": now, "reason": "permission_ended",
        "words": "Its permission ended before its turn came; no call was made.",
    }  # fmt: skip
    count = connection.execute(queued.where(sends.c.permission_ends_at <= now).values(ended)).rowcount
    if not_after is not None and now >= not_after:
        late = ended | {"reason": "too_late", "words": "The campaign's last moment had passed; no call was made."}
        count += connection.execute(queued.values(late)).rowcount
    return int(count)


def drop_cancelled(connection: Connection, page_id: str, now: datetime) -> int:
    """Cancel what came back to the queue of a campaign that had ended meanwhile: its tokens are free."""
    ended = (campaigns.c.page_id == page_id) & campaigns.c.state.in_(_OVER)
    over = select(campaigns.c.campaign_id).where(ended).scalar_subquery()
    left = update(sends).where(sends.c.state == "queued", sends.c.campaign_id.in_(over))
    return int(connection.execute(left.values(state="cancelled", state_at=now, reason="cancelled")).rowcount)


def orphaned(connection: Connection, page_id: str, now: datetime) -> int:
    """Call unconfirmed what a dispatcher that is gone had on its way. Only for the one who holds the Page."""
    own = select(campaigns.c.campaign_id).where(campaigns.c.page_id == page_id).scalar_subquery()
    lost = update(sends).where(sends.c.campaign_id.in_(own), sends.c.state == "sending")
    words = "The dispatcher ended before the answer came."
    values = {"state": "unconfirmed", "state_at": now, "reason": "no_answer", "words": words}
    return int(connection.execute(lost.values(values)).rowcount)


def unconfirmed(
    connection: Connection, page_id: str, now: datetime, *, before: datetime, tries: int, limit: int
) -> list[Queued]:
    """Return sends by one-time token that have been unconfirmed since before then and may be tried again."""
    query = select(*_QUEUED).where(
        sends.c.page_id == page_id,
        sends.c.state == "unconfirmed",
        sends.c.lane == "otn",
        sends.c.campaign_id.in_(_SENDING),
        sends.c.state_at <= before,
        sends.c.attempts < tries,
        or_(sends.c.not_before.is_(None), sends.c.not_before <= now),
        or_(sends.c.permission_ends_at.is_(None), sends.c.permission_ends_at > now),
    )
    return [Queued(*row) for row in connection.execute(query.order_by(sends.c.send_id).limit(limit))]


def known(connection: Connection, send_ids: Collection[int]) -> dict[int, Known]:
    """Return what is known of these sends; ids that are no sends are left out."""
    columns = (sends.c.send_id, sends.c.state, sends.c.page_id, sends.c.psid, campaigns.c.launched_at)
    query = select(*columns).join_from(sends, campaigns).where(sends.c.send_id.in_(send_ids))
    return {send_id: Known(*rest) for send_id, *rest in connection.execute(query).all()}


def unsettled_since(connection: Connection) -> datetime | None:
    """Return when the first campaign was launched that has a send of which an echo could tell; None for none.

    Such are the unconfirmed, and those in the queue that were called before.
    """
    is_open = (sends.c.state == "unconfirmed") | ((sends.c.state == "queued") & (sends.c.attempts > 0))
    loose = select(1).where(sends.c.campaign_id == campaigns.c.campaign_id, is_open)
    found: datetime | None = connection.execute(
        select(func.min(campaigns.c.launched_at)).where(loose.exists())
    ).scalar()
    return found


def left(connection: Connection, now: datetime, *, since: datetime, tries: int) -> int:
    """Count what a dispatcher can still do something about: send, try again, or wait for an echo that may come.

    An echo may come for what has been unconfirmed since `since` or later; one-time tokens are tried `tries` times,
    as long as they may be.
    """
    is_late = select(campaigns.c.campaign_id).where(campaigns.c.not_after <= now).scalar_subquery()
    begun = select(campaigns.c.campaign_id).where(campaigns.c.launched_at.is_not(None)).scalar_subquery()
    is_recent = (sends.c.state == "unconfirmed") & (sends.c.state_at > since)
    is_token = (sends.c.state == "unconfirmed") & (sends.c.lane == "otn") & (sends.c.attempts < tries)
    is_token &= or_(sends.c.permission_ends_at.is_(None), sends.c.permission_ends_at > now)
    is_token &= sends.c.campaign_id.not_in(is_late)
    is_open = sends.c.campaign_id.in_(_SENDING) & (sends.c.state.in_(("queued", "sending")) | is_token)
    # By campaign and open state, which an index holds: what is over is not read.
    among = sends.c.campaign_id.in_(begun) & sends.c.state.in_(OPEN_SENDS)
    unfinished = (
        select(func.count())
        .select_from(campaigns)
        .where(
            campaigns.c.state == "sending",
            ~select(1).where(sends.c.campaign_id == campaigns.c.campaign_id, sends.c.state.in_(OPEN_SENDS)).exists(),
        )
    )
    open_sends = select(func.count()).select_from(sends).where(among, is_open | is_recent)
    return int(connection.execute(open_sends).scalar_one()) + int(connection.execute(unfinished).scalar_one())


def echoed(connection: Connection, echoes: dict[int, tuple[str, datetime]]) -> int:
    """Accept sends whose echo came: (mid, when) by send id. Only those queued again or unconfirmed change."""
    waits = (sends.c.state == "queued") | (sends.c.state == "unconfirmed")  # IN does not go with many echoes at once
    change = update(sends).where(sends.c.send_id == bindparam("the_send"), waits)
    values: dict[str, Any] = {"state": "accepted", "state_at": bindparam("its_time"), "mid": bindparam("its_mid"),
              "settled_by": "echo", "reason": None, "words": None}  # fmt: skip
    rows = [{"the_send": send_id, "its_mid": mid, "its_time": at} for send_id, (mid, at) in echoes.items()]
    return int(connection.execute(change.values(values), rows).rowcount) if rows else 0


def open_count(connection: Connection, campaign_id: str) -> dict[str, int]:
    """Return how many sends of a campaign are in each open state."""
    by = (sends.c.campaign_id == campaign_id) & sends.c.state.in_(OPEN_SENDS)
    return _counts(connection, select(sends.c.state, func.count()).where(by).group_by(sends.c.state))


def proven(connection: Connection, campaign_id: str) -> dict[str, int]:
    """Return how many sends of each lane of a campaign were accepted."""
    by = (sends.c.campaign_id == campaign_id) & (sends.c.state == "accepted")
    return _counts(connection, select(sends.c.lane, func.count()).where(by).group_by(sends.c.lane))


def lanes_and_zones(connection: Connection, campaign_id: str) -> tuple[set[str], set[str]]:
    """Return the lanes and the time zones of a campaign's sends; reads all of them, so once is enough."""
    rows = connection.execute(
        select(sends.c.lane, sends.c.zone).distinct().where(sends.c.campaign_id == campaign_id)
    ).all()
    return {lane for lane, _ in rows}, {zone for _, zone in rows if zone}


def next_retry(connection: Connection, campaign_id: str) -> datetime | None:
    """Return when the first send that waits for a retry is due; None where none waits."""
    waiting = (sends.c.campaign_id == campaign_id) & (sends.c.state == "queued")
    found: datetime | None = connection.execute(select(func.min(sends.c.not_before)).where(waiting)).scalar()
    return found


def _counts(connection: Connection, query: Select[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in connection.execute(query)}
