"""What the alerts ask of the rest of the ledger: Pages held, campaigns that wait, that stopped, or that are refused."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, or_, select

from pipelines.ledger.schema import campaigns, page_brakes, plans, sends


@dataclass(frozen=True, slots=True)
class Brake:
    """A Page that may not be called for now, why, and since when. Times are naive UTC."""

    page_id: str
    closed_until: datetime
    why: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A campaign in its state, and why and since when it is there."""

    campaign_id: str
    page_id: str
    name: str
    state_at: datetime
    state_why: str
    created_by: str


@dataclass(frozen=True, slots=True)
class Answers:
    """How many messages of a campaign Meta took, and how many it refused."""

    campaign_id: str
    page_id: str
    name: str
    accepted: int
    refused: int


_STANDING = [campaigns.c[name] for name in Standing.__dataclass_fields__]


def brakes(connection: Connection, now: datetime) -> list[Brake]:
    """Return the Pages that may not be called now."""
    columns = [page_brakes.c[name] for name in Brake.__dataclass_fields__]
    query = select(*columns).where(page_brakes.c.closed_until > now).order_by(page_brakes.c.page_id)
    return [Brake(*row) for row in connection.execute(query)]


def waiting_for_approval(connection: Connection, since: datetime, now: datetime) -> list[Standing]:
    """Return what was checked by `since`, may be approved, and is not yet; the oldest first."""
    in_time = or_(campaigns.c.not_after.is_(None), campaigns.c.not_after > now)
    query = (
        select(*_STANDING)
        .join_from(campaigns, plans, plans.c.plan_id == campaigns.c.plan_id)
        .where(campaigns.c.state == "checked", campaigns.c.state_at <= since, plans.c.verdict != "block", in_time)
    )
    return [Standing(*row) for row in connection.execute(query.order_by(campaigns.c.state_at, campaigns.c.campaign_id))]


def paused_by(connection: Connection, actor: str) -> list[Standing]:
    """Return the campaigns that `actor` paused, and that nobody has let go on."""
    query = select(*_STANDING).where(campaigns.c.state == "paused", campaigns.c.state_by == actor)
    return [Standing(*row) for row in connection.execute(query.order_by(campaigns.c.state_at, campaigns.c.campaign_id))]


def answers(connection: Connection, ended_after: datetime) -> list[Answers]:
    """Return how Meta answered the campaigns that send, and those that were done after `ended_after`."""
    is_late = (campaigns.c.state == "done") & (campaigns.c.state_at > ended_after)
    refused = func.sum(case((sends.c.state == "refused", 1), else_=0))
    query = (
        select(campaigns.c.campaign_id, campaigns.c.page_id, campaigns.c.name, func.count() - refused, refused)
        .join_from(campaigns, sends, sends.c.campaign_id == campaigns.c.campaign_id)
        .where(or_(campaigns.c.state == "sending", is_late), sends.c.state.in_(("accepted", "refused")))
        .group_by(campaigns.c.campaign_id, campaigns.c.page_id, campaigns.c.name)
    )
    return [Answers(*row) for row in connection.execute(query.order_by(campaigns.c.campaign_id))]
