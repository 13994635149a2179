"""A planner in plain Python, one person at a time, to hold the real one against. Times are naive UTC."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.plan.campaign import Audience, Campaign
from tests.conftest import NOW

PAID_SINCE = datetime(2026, 2, 10)
FREE_REGIONS = ("AU", "EU", "JP", "KR", "UK")
RESTS = timedelta(hours=48)
FATES = ("reserved", "spent", "expired", "stranded")


@dataclass(frozen=True, slots=True)
class Token:
    """A token of one person, available from `given` to `ends`, and in the state `then` afterwards."""

    name: str
    kind: str
    topic: str
    given: datetime
    ends: datetime
    then: str
    region: str

    def state(self, at: datetime) -> str:
        """Say what the logs know of it."""
        return "available" if at < self.ends else self.then


@dataclass(frozen=True, slots=True)
class Send:
    """A send that the ledger holds for a person, by a token or none."""

    lane: str
    token: str | None
    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """All that is known of one person. Windows last from their opening for 24 hours."""

    psid: str
    seen: datetime
    opened: tuple[datetime, ...]
    tokens: tuple[Token, ...]
    echoes: tuple[datetime, ...]
    sends: tuple[Send, ...]


def choose(person: Person, campaign: Campaign, lanes: Collection[str]) -> tuple[str, set[str]] | None:
    """Return the lane or the reason, and the tokens that may be taken; None for somebody whom nobody meant."""
    if not is_meant(person, campaign.audience):
        return None
    stop = _stop(person, campaign)
    if stop:
        return stop, set()
    is_open = window_until(person) is not None
    usable = {kind: _first(person, campaign.topic, kind) for kind in ("otn", "marketing")}
    used = [send for send in person.sends if send.lane == "marketing"]
    rests = any(_is_open(send) or (send.state == "accepted" and send.at > NOW - RESTS) for send in used)
    ready = {kind: tokens for kind, tokens in usable.items() if tokens and not (kind == "marketing" and rests)}
    if is_open and "standard_window" in lanes:
        return "standard_window", set()
    for kind in ("marketing", "otn"):
        if kind in ready and kind in lanes and not is_open:
            return kind, ready[kind]
    free = [lane for lane in lanes if lane not in ("standard_window", "otn", "marketing")]
    return free[0] if free else _why_not(person, campaign, lanes, usable, ready), set()


def is_meant(person: Person, audience: Audience) -> bool:
    """Say whether a person is in the audience."""
    is_open = window_until(person) is not None
    last = max((at for at in person.opened if at <= NOW), default=None)
    topics = {token.topic for token in person.tokens if token.given <= NOW}
    held = {token.kind for token in person.tokens if token.given <= NOW and token.state(NOW) == "available"}
    since, until = audience.last_seen_within, audience.not_seen_within
    return (
        person.seen <= NOW
        and (not audience.topics or bool(topics & {*audience.topics}))
        and (not audience.token_kinds or bool(held & {*audience.token_kinds}))
        and (not audience.window or is_open == (audience.window == "open"))
        and (since is None or (last is not None and last >= NOW - since))
        and (until is None or last is None or last < NOW - until)
    )


def window_until(person: Person) -> datetime | None:
    """Return when the window that is open now closes."""
    return max((at + timedelta(hours=24) for at in person.opened if at <= NOW < at + timedelta(hours=24)), default=None)


def _stop(person: Person, campaign: Campaign) -> str | None:
    audience, cap = campaign.audience, campaign.cap
    unwanted = {token.topic for token in person.tokens if token.given <= NOW} & {*audience.exclude_topics}
    if unwanted or person.psid in audience.exclude_psids:
        return "excluded"
    live = [send for send in person.sends if _is_open(send) or send.state == "accepted"]
    written = [*(at for at in person.echoes if at <= NOW), *(NOW if _is_open(send) else send.at for send in live)]
    lately = audience.not_messaged_within
    if lately and any(at >= NOW - lately for at in written):
        return "messaged_lately"
    if cap and sum(at > NOW - cap.within for at in written) >= cap.messages:
        return "frequency_cap"
    return None


def _why_not(
    person: Person, campaign: Campaign, lanes: Collection[str], usable: dict[str, set[str]], ready: dict[str, set[str]]
) -> str:
    if not lanes:
        return "no_lane_open"
    if window_until(person):
        return "window_not_used"
    if ready:
        return "token_not_used"
    if usable["marketing"]:
        return "marketing_cooling"
    on_topic = [token for token in person.tokens if token.topic == campaign.topic and token.given <= NOW]
    states = {_state(person, token) for token in on_topic}
    if any(_is_paid_only(token) and _state(person, token) == "available" for token in on_topic):
        return "token_paid_only"
    known = [fate for fate in FATES if fate in states]
    return f"token_{known[0]}" if known else "token_revoked" if "revoked" in states else "no_permission"


def _first(person: Person, topic: str, kind: str) -> set[str]:
    """Return the names of the usable tokens of a kind that end first."""
    free = [
        token
        for token in person.tokens
        if (token.kind, token.topic) == (kind, topic)
        and token.given <= NOW
        and _state(person, token) == "available"
        and not _is_paid_only(token)
    ]
    return {token.name for token in free if token.ends == min(each.ends for each in free)}


def _state(person: Person, token: Token) -> str:
    using = [send for send in person.sends if send.token == token.name]
    if any(send.state == "accepted" and send.lane == "otn" for send in using):
        return "spent"
    return "reserved" if any(_is_open(send) for send in using) else token.state(NOW)


def _is_paid_only(token: Token) -> bool:
    return token.kind == "marketing" and token.given >= PAID_SINCE and token.region not in FREE_REGIONS


def _is_open(send: Send) -> bool:
    return send.state in ("queued", "sending", "unconfirmed")
