"""Sends: reserved all at once by a launch, one row a person, and what has become of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, ScalarSelect, case, func, insert, select, update
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg as Psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite as SQLite
from sqlalchemy.exc import IntegrityError

from pipelines.errors import Refused, UsageError
from pipelines.ledger import campaigns as lives
from pipelines.ledger import chain
from pipelines.ledger.moves import LIVE_SENDS, OPEN_SENDS, SendState
from pipelines.ledger.schema import campaigns, sends

RESERVED = ("psid", "lane", "variant", "topic", "token_key", "token", "fields", "zone", "permission_ends_at")
"""The columns of a row to reserve, in this order. A token and its key (md5, 32 hex digits) only on a token's lane."""

_POSITIONAL: Mapping[str, Dialect] = {
    "sqlite": SQLite(paramstyle="qmark"),
    "postgresql": Psycopg(paramstyle="format"),  # type: ignore[no-untyped-call]
}
"""How each driver takes values by their place instead of by name."""


DEAD = "token "
"""Begins the reason of a send whose token was refused for good: no plan takes that token again."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many sends of a campaign stand where: by lane, variant, state, and the reason for it."""

    lane: str
    variant: str
    state: SendState
    reason: str | None
    words: str | None
    sends: int


def launch(
    ledger: Engine,
    campaign: lives.CampaignRecord,
    batches: Iterable[Sequence[tuple[Any, ...]]],
    by: str,
    now: datetime,
    told: dict[str, Any],
) -> int:
    """
    Reserve a send, and its token, for every row, and let the campaign send: all in one transaction, or nothing.

    Rows are tuples of RESERVED. Raises Refused where a token went to another campaign meanwhile, or where everything is
    stopped. Returns how many were reserved.
    """
    count = 0
    try:
        with ledger.begin() as connection:
            lives.move(
                connection, campaign.campaign_id, "sending", by, now, "launched",
                only_from=["approved"], launched_at=now,
            )  # fmt: skip
            _refuse_if_changed(connection, campaign)
            for batch in batches:
                if batch:
                    _reserve(connection, campaign, batch, now)
                    count += len(batch)
            # Last: whoever stops everything need not wait for a million rows.
            lives.refuse_while_stopped(connection)
            detail = told | {"reserved": count}
            about = {"campaign_id": campaign.campaign_id, "page_id": campaign.page_id}
            chain.append(connection, now, by, "campaign_launched", detail, **about)
    except IntegrityError:  # the database's own words name the token
        raise Refused(
            "Another campaign reserved a token, or a person stands twice in the plan. "
            "Nothing was reserved. Check the campaign again."
        ) from None
    return count


def _reserve(
    connection: Connection, campaign: lives.CampaignRecord, batch: Sequence[tuple[Any, ...]], now: datetime
) -> None:
    """Insert rows as the database's own driver takes them: SQLAlchemy would look at each value of a million."""
    dialect = _POSITIONAL[connection.dialect.name]
    columns = ["campaign_id", "page_id", *RESERVED, "state", "state_at"]
    # Whatever fails ends the transaction: told so, SQLite keeps no way back for each row.
    statement = insert(sends).prefix_with("OR ROLLBACK", dialect="sqlite").compile(dialect=dialect, column_keys=columns)
    in_its_order = itemgetter(*(columns.index(name) for name in statement.positiontup or ()))
    plain = _as_text if dialect.name == "sqlite" else _as_it_is
    before, after = (campaign.campaign_id, campaign.page_id), ("queued", plain(now))
    rows = [in_its_order((*before, *row[:-1], plain(row[-1]), *after)) for row in batch]
    connection.exec_driver_sql(str(statement), rows)


def _as_text(value: datetime | None) -> str | None:
    """As SQLAlchemy writes and reads a DateTime in SQLite."""
    return value.isoformat(" ", "microseconds") if value else None


def _as_it_is(value: datetime | None) -> datetime | None:
    return value


def tally(ledger: Engine, campaign_id: str) -> list[Tally]:
    """Return how a campaign's sends stand, the most first."""
    by = (sends.c.lane, sends.c.variant, sends.c.state, sends.c.reason)
    query = select(*by, func.max(sends.c.words), func.count()).where(sends.c.campaign_id == campaign_id)
    with ledger.connect() as connection:
        rows = connection.execute(query.group_by(*by).order_by(func.count().desc(), *by))
        return [Tally(*row) for row in rows]


def going(ledger: Engine) -> dict[str, tuple[int, int]]:
    """Count, for each campaign that sends or is paused, its sends, and those of them that need nothing more."""
    live = select(campaigns.c.campaign_id).where(campaigns.c.state.in_(("sending", "paused"))).scalar_subquery()
    is_over = case((sends.c.state.in_(OPEN_SENDS), 0), else_=1)
    query = select(sends.c.campaign_id, func.count(), func.sum(is_over)).where(sends.c.campaign_id.in_(live))
    with ledger.connect() as connection:
        rows = connection.execute(query.group_by(sends.c.campaign_id))
        return {campaign_id: (int(count), int(ended)) for campaign_id, count, ended in rows}


def count(ledger: Engine, campaign_id: str) -> int:
    """Return how many sends a campaign reserved."""
    query = select(func.count()).select_from(sends).where(sends.c.campaign_id == campaign_id)
    with ledger.connect() as connection:
        return int(connection.execute(query).scalar_one())


def live_sends(connection: Connection, page_id: str, since: datetime) -> list[tuple[Any, ...]]:
    """Rows (psid, token_key, topic, lane, state, state_at, mid) that bind a Page's plans.

    They are the sends on their way, whatever their age, and those accepted since then; of one-time tokens all, and
    those whose tokens were refused for good.
    """
    columns = (
        sends.c.psid, sends.c.token_key, sends.c.topic, sends.c.lane, sends.c.state, sends.c.state_at, sends.c.mid
    )  # fmt: skip
    binding = sends.c.state.in_(OPEN_SENDS) | (
        (sends.c.state == "accepted") & ((sends.c.state_at >= since) | (sends.c.lane == "otn"))
    )
    is_dead = (sends.c.state == "refused") & sends.c.reason.startswith(DEAD)
    query = select(*columns).where(
        sends.c.campaign_id.in_(_of(page_id)), sends.c.state.in_((*LIVE_SENDS, "refused")), binding | is_dead
    )
    return [tuple(row) for row in connection.execute(query).all()]


def held_tokens(connection: Connection, at: datetime) -> list[tuple[str, str, str]]:
    """Rows (page_id, token_key, state) of tokens that campaigns launched by then (naive UTC) reserved or have spent."""
    launched = select(campaigns.c.campaign_id).where(campaigns.c.launched_at <= at).scalar_subquery()
    is_spent = (sends.c.state == "accepted") & (sends.c.lane == "otn")
    query = select(sends.c.page_id, sends.c.token_key, case((is_spent, "spent"), else_="reserved")).where(
        sends.c.campaign_id.in_(launched), sends.c.token_key.is_not(None), is_spent | sends.c.state.in_(OPEN_SENDS)
    )
    return [tuple(row) for row in connection.execute(query).all()]


def last_accepted(connection: Connection, page_id: str) -> dict[str, datetime]:
    """Return when each lane of a Page last carried a message that was accepted."""
    accepted = sends.c.campaign_id.in_(_of(page_id)) & (sends.c.state == "accepted")
    query = select(sends.c.lane, func.max(sends.c.state_at)).where(accepted).group_by(sends.c.lane)
    return {row[0]: row[1] for row in connection.execute(query)}


def unconfirmed(ledger: Engine, campaign_id: str) -> list[tuple[int, str, str, datetime]]:
    """Rows (send_id, psid, lane, since when) of the sends of which nobody knows whether they arrived."""
    columns = (sends.c.send_id, sends.c.psid, sends.c.lane, sends.c.state_at)
    query = select(*columns).where(sends.c.campaign_id == campaign_id, sends.c.state == "unconfirmed")
    with ledger.connect() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(sends.c.send_id))]


def cancel(ledger: Engine, campaign: lives.CampaignRecord, by: str, now: datetime, why: str) -> int:
    """End a campaign: what is queued is cancelled and its tokens are free; what is on its way is waited for."""
    with ledger.begin() as connection:
        lives.move(connection, campaign.campaign_id, "cancelled", by, now, why)
        count = _drop_queued(connection, campaign.campaign_id, now, why)
        detail = {"why": why, "sends_cancelled": count}
        about = {"campaign_id": campaign.campaign_id, "page_id": campaign.page_id}
        chain.append(connection, now, by, "campaign_cancelled", detail, **about)
    return count


def settle(
    ledger: Engine,
    campaign: lives.CampaignRecord,
    send_ids: Collection[int],
    *,
    arrived: bool,
    by: str,
    now: datetime,
    why: str,
) -> int:
    """
    Write down what a person found out about unconfirmed sends: they arrived, or they did not.

    Those that did not go out again, unless the campaign is over.
    Empty `send_ids` means all that are unconfirmed. Raises UsageError without a reason. Returns how many were settled.
    """
    if not why.strip():
        raise UsageError("Say how you know: --reason TEXT, such as 'seen in the Page inbox'.")
    open_ones = (sends.c.campaign_id == campaign.campaign_id) & (sends.c.state == "unconfirmed")
    if send_ids:
        open_ones &= sends.c.send_id.in_(send_ids)
    to = {"state": "accepted"} if arrived else {"state": "queued", "not_before": None}
    values = to | {"state_at": now, "settled_by": by, "reason": "settled", "words": why}
    with ledger.begin() as connection:
        settled = update(sends).where(open_ones).values(values).returning(sends.c.send_id)
        ids = sorted(connection.execute(settled).scalars())
        over = select(campaigns.c.state).where(campaigns.c.campaign_id == campaign.campaign_id)
        if connection.execute(over).scalar() in ("cancelled", "parked"):  # then nothing goes out again
            _drop_queued(connection, campaign.campaign_id, now, why)
        detail = {"sends": ids, "arrived": arrived, "why": why}
        about = {"campaign_id": campaign.campaign_id, "page_id": campaign.page_id}
        chain.append(connection, now, by, "sends_settled", detail, **about)
    return len(ids)


def park(ledger: Engine, campaign: lives.CampaignRecord, by: str, now: datetime, why: str) -> None:
    """Put a campaign aside whose last moment has passed; what a launch reserved and has not gone out never does."""
    with ledger.begin() as connection:
        lives.move(connection, campaign.campaign_id, "parked", by, now, why)
        dropped = _drop_queued(connection, campaign.campaign_id, now, why)
        detail = {"why": why, "sends_cancelled": dropped}
        lives.tell(connection, campaign.campaign_id, "campaign_parked", by, now, detail)


def _of(page_id: str) -> ScalarSelect[str]:
    """The campaigns of a Page: by them its sends are found without reading those of others."""
    return select(campaigns.c.campaign_id).where(campaigns.c.page_id == page_id).scalar_subquery()


def _refuse_if_changed(connection: Connection, campaign: lives.CampaignRecord) -> None:
    """Raise Refused if somebody edited or checked it after the record was read: another plan was looked at."""
    now = select(campaigns.c.plan_id, campaigns.c.fingerprint).where(campaigns.c.campaign_id == campaign.campaign_id)
    if tuple(connection.execute(now).one()) != (campaign.plan_id, campaign.fingerprint):
        raise Refused(
            f"Somebody changed {campaign.campaign_id} meanwhile. Look at it again, and launch what it is now."
        )


def _drop_queued(connection: Connection, campaign_id: str, now: datetime, why: str) -> int:
    """Cancel what is queued: its tokens are free."""
    queued = update(sends).where(sends.c.campaign_id == campaign_id, sends.c.state == "queued")
    gone = queued.values(state="cancelled", state_at=now, reason="cancelled", words=why)
    return int(connection.execute(gone).rowcount)
