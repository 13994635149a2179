"""A campaign while it is sent: how far it is, what went wrong, who waits. By the ledger alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, case, func, select

from pipelines.dispatch.canary import CANARIES
from pipelines.dispatch.outcomes import ErrorTable
from pipelines.ledger import brakes, campaigns
from pipelines.ledger.campaigns import CampaignRecord
from pipelines.ledger.moves import OPEN_SENDS, SendState
from pipelines.ledger.schema import sends
from pipelines.ledger.sends import DEAD
from pipelines.plan.campaign import Campaign, QuietHours
from pipelines.plan.quiet import quiet_zones
from pipelines.pseudonyms import pseudonym, pseudonym_key
from pipelines.rights import Person

RATE_OVER = timedelta(minutes=1)
_ANSWERED: tuple[SendState, ...] = ("accepted", "refused", "unconfirmed")


@dataclass(frozen=True, slots=True)
class Canaries:
    """The first sends of a lane, which go alone: `accepted` of `wanted`. `held` wait for them, or are among them."""

    lane: str
    accepted: int
    wanted: int
    held: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a campaign stands, at the price of one look into an index. `counts` is by lane and state."""

    record: CampaignRecord
    counts: Mapping[tuple[str, SendState], int]
    brake: tuple[datetime, str] | None

    @property
    def planned(self) -> int:
        """How many sends were reserved."""
        return sum(self.counts.values())

    def count(self, *states: SendState) -> int:
        """Return how many sends are in these states."""
        return sum(number for (_, state), number in self.counts.items() if state in states)

    @property
    def is_over(self) -> bool:
        """Whether nothing of it will change any more."""
        return self.record.state not in ("sending", "paused") and not self.count(*OPEN_SENDS)

    @property
    def canaries(self) -> tuple[Canaries, ...]:
        """What each lane has shown so far."""
        found = []
        for lane in sorted({lane for lane, _ in self.counts}):
            states = {state: number for (its, state), number in self.counts.items() if its == lane}
            accepted = states.get("accepted", 0)
            open_ones = sum(states.get(state, 0) for state in OPEN_SENDS)
            wanted = min(CANARIES, accepted + open_ones)  # what was refused is no canary: the next one is
            if wanted:
                held = states.get("queued", 0) if accepted < CANARIES else 0
                found.append(Canaries(lane, min(accepted, wanted), wanted, held))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Group:
    """Sends that stand alike. `lately`: answered within the last minute; `later`: refused for a while, tried again.

    `action` is what data/errors.toml says of the reason; "" where it is no code of Meta's.
    """

    lane: str
    variant: str
    state: SendState
    reason: str | None
    words: str | None
    action: str
    sends: int
    lately: int
    later: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """People of one time zone who are not written to before their quiet hours end (naive UTC)."""

    zone: str
    people: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Detail:
    """What reading each send tells. `retry_at` is when the first of those that wait for another try is due."""

    groups: tuple[Group, ...]
    quiet: tuple[Quiet, ...]
    retry_at: datetime | None

    @property
    def lately(self) -> int:
        """How many messages got their answer, whatever it was, within the last minute."""
        return sum(each.lately for each in self.groups)


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A send of which nobody knows whether it arrived. `person` is a pseudonym for whoever may not see ids."""

    send_id: int
    person: str
    lane: str
    since: datetime


def standing(ledger: Engine, campaign_id: str, by: Person, now: datetime) -> Standing:
    """Return where a campaign stands at `now` (naive UTC). Raises UsageError, Refused."""
    by.must("see", "watch a campaign")
    record = campaigns.get(ledger, campaign_id)
    by_state = (sends.c.state, sends.c.lane)  # both stand in the index sends_to_do: no row is read
    query = select(*by_state, func.count()).where(sends.c.campaign_id == campaign_id).group_by(*by_state)
    with ledger.connect() as connection:
        counts: dict[tuple[str, SendState], int] = {(lane, state): n for state, lane, n in connection.execute(query)}
        brake = brakes.standing(connection, record.page_id, now)
        return Standing(record, counts, brake)


def detail(ledger: Engine, record: CampaignRecord, errors: ErrorTable, by: Person, now: datetime) -> Detail:
    """Read every send of a campaign, once: a second for each quarter of a million. Raises Refused."""
    by.must("see", "watch a campaign")
    hours = _quiet_hours(record)
    with ledger.connect() as connection:
        groups, retry_at = _groups(connection, record.campaign_id, errors, now)
        waiting = any(each.state == "queued" for each in groups)
        return Detail(groups, _quiet(connection, record.campaign_id, hours, now) if hours and waiting else (), retry_at)


def action_of(reason: str | None, lane: str, errors: ErrorTable) -> str:
    """Return what the table of errors does about the reason of a send; "" where the reason is no code of Meta's."""
    code, _, subcode = (reason or "").removeprefix(DEAD).removeprefix("unknown ").partition("/")
    if not code.lstrip("-").isdigit():
        return ""
    entry = errors.find(int(code), int(subcode) if subcode.lstrip("-").isdigit() else None, lane)
    return entry.action if entry else ""


def unconfirmed(ledger: Engine, home: Path, record: CampaignRecord, by: Person, limit: int) -> list[Unconfirmed]:
    """Return the first sends of which nobody knows whether they arrived. Raises Refused."""
    by.must("see", "watch a campaign")
    key = None if by.may("see_ids") else pseudonym_key(home)
    columns = (sends.c.send_id, sends.c.psid, sends.c.lane, sends.c.state_at)
    found = (sends.c.campaign_id == record.campaign_id) & (sends.c.state == "unconfirmed")
    with ledger.connect() as connection:
        rows = connection.execute(select(*columns).where(found).order_by(sends.c.send_id).limit(limit)).all()
    return [
        Unconfirmed(send_id, psid if key is None else pseudonym(key, record.page_id, psid), lane, since)
        for send_id, psid, lane, since in rows
    ]


def quiet_until(hours: QuietHours, zone: str, now: datetime) -> datetime:
    """Return when the quiet hours in which a zone is at `now` come to an end. All naive UTC."""
    local = now.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    end = datetime.combine(local.date(), hours.ends, local.tzinfo)
    if end <= local:
        end = datetime.combine(local.date() + timedelta(days=1), hours.ends, local.tzinfo)
    return end.astimezone(UTC).replace(tzinfo=None)


def _groups(
    connection: Connection, campaign_id: str, errors: ErrorTable, now: datetime
) -> tuple[tuple[Group, ...], datetime | None]:
    by = (sends.c.lane, sends.c.variant, sends.c.state, sends.c.reason)
    is_lately = sends.c.state.in_(_ANSWERED) & (sends.c.state_at > now - RATE_OVER)
    is_later = (sends.c.state == "queued") & (sends.c.not_before > now)
    columns = (
        func.max(sends.c.words), func.count(), func.sum(case((is_lately, 1), else_=0)),
        func.sum(case((is_later, 1), else_=0)), func.min(case((is_later, sends.c.not_before))),
    )  # fmt: skip
    query = select(*by, *columns).where(sends.c.campaign_id == campaign_id).group_by(*by).order_by(*by)
    rows = connection.execute(query).all()
    groups = tuple(
        Group(lane, variant, state, reason, words, action_of(reason, lane, errors), count, lately, later)
        for lane, variant, state, reason, words, count, lately, later, _ in rows
    )
    return groups, min((row[-1] for row in rows if row[-1]), default=None)


def _quiet(connection: Connection, campaign_id: str, hours: QuietHours, now: datetime) -> tuple[Quiet, ...]:
    queued = (sends.c.campaign_id == campaign_id) & (sends.c.state == "queued") & sends.c.zone.is_not(None)
    rows = connection.execute(select(sends.c.zone, func.count()).where(queued).group_by(sends.c.zone)).all()
    asleep = quiet_zones(hours, (zone for zone, _ in rows), now)
    found = [Quiet(zone, people, quiet_until(hours, zone, now)) for zone, people in rows if zone in asleep]
    return tuple(sorted(found, key=lambda each: (each.until, each.zone)))


def _quiet_hours(record: CampaignRecord) -> QuietHours | None:
    try:
        return Campaign.from_json(record.definition).quiet_hours
    except (ValueError, TypeError, KeyError):  # another version's: the dispatcher pauses it, and says so
        return None
