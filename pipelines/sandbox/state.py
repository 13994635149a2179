"""What the platform knows of each Page: people, windows, tokens, comments, templates; learned event by event."""

import hashlib
import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from pipelines.policy import UNKNOWN_REGION
from pipelines.sandbox.book import Book
from pipelines.sandbox.moments import read_time

Item = dict[str, Any]

_KINDS = ("message", "postback", "reaction", "optin", "referral", "delivery", "read", "message_edit")
_CHANNELS = ("messaging", "standby", "changes")
_LANE = re.compile(r" lane=(\w+)")
_SPENT = re.compile(r"^clear-to-send/1 .*\btoken=([0-9a-f]{32})\b")


@dataclass(slots=True)
class Person:
    """One person as one Page meets them. Times are milliseconds; 0 is never."""

    psid: str
    acted_at: int = 0
    window_closes_at: int = 0
    marketing_at: int = 0
    zone: str = ""
    region: str = UNKNOWN_REGION
    blocked: bool = False
    asked: dict[str, int] = field(default_factory=dict)
    """Title of a marketing opt-in request → when it was last asked."""


@dataclass(slots=True)
class Token:
    """A permission that a person gave."""

    token: str
    kind: str
    psid: str
    title: str
    given_at: int
    expires_at: int
    region: str = UNKNOWN_REGION
    frequency: str = ""
    changed_at: int = 0
    """When the person last gave, stopped or resumed it: an older event that comes late changes nothing."""
    stopped: bool = False
    sent_at: int = 0
    follow_ups: int = 0


@dataclass(slots=True)
class Comment:
    """A comment or a visitor's post, which allows one private reply."""

    psid: str
    made_at: int
    is_answered: bool = False


@dataclass(slots=True)
class Page:
    """One Page and all that belongs to it."""

    page_id: str
    object: str = "page"
    people: dict[str, Person] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    """md5 of each one-time token that was used: an echo names it so, and what is spent stays so."""
    comments: dict[str, Comment] = field(default_factory=dict)
    aliases: dict[tuple[str, str], str] = field(default_factory=dict)
    """("user_ref" or "phone_number", its value) → psid."""
    templates: dict[tuple[str, str], Item] = field(default_factory=dict)
    attachments: dict[str, int] = field(default_factory=dict)
    """Id of a saved attachment → when it was saved."""
    subscribed_fields: set[str] = field(default_factory=set)
    """Webhook fields that the application is subscribed to; none: it is not subscribed."""
    failing_since: int = 0
    """When the first of an unbroken run of webhooks could not be delivered; 0 while they arrive."""

    def person(self, psid: str) -> Person:
        """Return a person, met now if not before."""
        found = self.people.get(psid)
        if found is None:
            found = self.people[psid] = Person(psid)
        return found

    def note_marketing(self, psid: str, at: int) -> None:
        """Remember when a person got a marketing message."""
        person = self.person(psid)
        person.marketing_at = max(person.marketing_at, at)


class State:
    """All Pages. `learn` takes webhook deliveries, earlier ones from the logs and later ones as they are sent."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.pages: dict[str, Page] = {}
        self._later: list[tuple[int, int, str, Page, Item]] = []
        self._numbers = count()

    def page(self, page_id: str, object_: str = "page") -> Page:
        """Return a Page, met now if not before; the application is subscribed to all of a new one."""
        found = self.pages.get(page_id)
        if found is None:
            found = self.pages[page_id] = Page(page_id, object_, subscribed_fields=set(self.book.webhook_fields))
        return found

    def learn(self, delivery: Item, now: int) -> int:
        """Take in one delivery and return how many events it held. What it says of the future waits for its time."""
        events = 0
        for page, channel, item, at in self._events(delivery):
            events += 1
            if at > now:
                heapq.heappush(self._later, (at, next(self._numbers), channel, page, item))
                if channel != "changes":
                    self._note_spent(page, item, at)
            else:
                self._apply(page, channel, item, at)
        return events

    def advance(self, now: int) -> None:
        """Let happen what the logs say of the time up to now."""
        while self._later and self._later[0][0] <= now:
            at, _, channel, page, item = heapq.heappop(self._later)
            self._apply(page, channel, item, at)

    def _events(self, delivery: Item) -> Iterator[tuple[Page, str, Item, int]]:
        entries = delivery.get("entry")
        for entry in entries if isinstance(entries, list) else ():
            if not isinstance(entry, dict) or not entry.get("id"):
                continue
            page = self.page(str(entry["id"]), str(delivery.get("object") or "page"))
            for channel in _CHANNELS:
                items = entry.get(channel)
                for item in items if isinstance(items, list) else ():
                    if isinstance(item, dict):
                        yield page, channel, item, _time_of(item) or read_time(entry.get("time"))

    def _apply(self, page: Page, channel: str, item: Item, at: int) -> None:
        if channel == "changes":
            _change(page, item, at)
            return
        kind = kind_of(item)
        if kind == "message_echo":
            self._note_spent(page, item, at)
        psid = psid_of(item, page.page_id, kind)
        if not psid:
            return
        person = page.person(psid)
        closes_at = self.book.closes_at(page.object, kind, item, at)
        if closes_at:
            person.acted_at = max(person.acted_at, at)
            person.window_closes_at = max(person.window_closes_at, closes_at)
        if kind == "optin" and isinstance(item["optin"], dict):
            self._opt_in(page, person, item["optin"], at)

    def _note_spent(self, page: Page, item: Item, at: int) -> None:
        message = item.get("message")
        metadata = message.get("metadata") if isinstance(message, dict) and message.get("is_echo") else None
        match = _SPENT.match(metadata) if isinstance(metadata, str) else None
        if not match or not isinstance(metadata, str):
            return
        lane = _LANE.search(metadata)
        if lane and lane[1] == "marketing":
            page.note_marketing(psid_of(item, page.page_id, "message_echo"), at)
        elif not lane or lane[1] == "otn":
            page.spent.add(match[1])

    def _opt_in(self, page: Page, person: Person, optin: Item, at: int) -> None:
        if user_ref := optin.get("user_ref"):
            page.aliases["user_ref", str(user_ref)] = person.psid
        if token := optin.get("one_time_notif_token"):
            expires_at = self.book.expires_at("otn", "", at)
            title = str(optin.get("title") or optin.get("payload") or "")
            page.tokens.setdefault(token, Token(token, "otn", person.psid, title, at, expires_at, person.region))
        if token := optin.get("notification_messages_token"):
            self._subscribe(page, person, str(token), optin, at)

    def _subscribe(self, page: Page, person: Person, token: str, optin: Item, at: int) -> None:
        zone = str(optin.get("notification_messages_timezone") or "")
        if (region := self.book.region(zone)) != UNKNOWN_REGION:
            person.zone, person.region = zone, region
        status = str(optin.get("notification_messages_status") or "").upper()
        frequency = str(optin.get("notification_messages_frequency") or "").upper()
        known = page.tokens.get(token)
        if known and at < known.changed_at:
            return
        if status.startswith("STOP"):
            if known:
                known.stopped, known.changed_at = True, at
            return
        expires_at = read_time(optin.get("token_expiry_timestamp")) or self.book.expires_at("marketing", frequency, at)
        title = str(optin.get("title") or optin.get("payload") or "")
        fresh = Token(token, "marketing", person.psid, title, at, expires_at, person.region, frequency, at)
        if known:
            fresh.sent_at = known.sent_at
        page.tokens[token] = fresh


def md5(token: str) -> str:
    """Return the name under which metadata speaks of a token."""
    return hashlib.md5(token.encode(), usedforsecurity=False).hexdigest()


def kind_of(item: Item) -> str:
    """Return an event's kind, as the rule book names it."""
    message = item.get("message")
    if isinstance(message, dict):
        if message.get("is_echo"):
            return "message_echo"
        return "message_deleted" if message.get("is_deleted") else "message"
    return next((kind for kind in _KINDS if kind in item), "other")


def psid_of(item: Item, page_id: str, kind: str) -> str:
    """Return whose event it is; "" where it is nobody's."""
    sides = ("recipient", "sender") if kind == "message_echo" else ("sender", "recipient")
    for side in sides:
        who = item.get(side)
        if isinstance(who, dict):
            name = str(who.get("id") or who.get("user_ref") or "")
            if name and name != page_id:
                return name
    optin = item.get("optin")
    return str(optin.get("user_ref") or "") if isinstance(optin, dict) else ""


def _time_of(item: Item) -> int:
    if at := read_time(item.get("timestamp")):
        return at
    delivery = item.get("delivery")
    return read_time(delivery.get("watermark")) if isinstance(delivery, dict) else 0


def _change(page: Page, item: Item, at: int) -> None:
    value = item.get("value")
    if not isinstance(value, dict):
        return
    if item.get("field") == "feed" and value.get("verb", "add") == "add":
        writer = value.get("from")
        psid = str(writer.get("id") or "") if isinstance(writer, dict) else ""
        made_at = read_time(value.get("created_time")) or at
        name = value.get("comment_id") or value.get("post_id")
        if name and psid != page.page_id:
            page.comments.setdefault(str(name), Comment(psid, made_at))
    if item.get("field") in {"message_template_status_update", "messenger_template_status_update"}:
        key = (str(value.get("message_template_name")), str(value.get("message_template_language")))
        known = page.templates.get(key, {})
        page.templates[key] = {**known, "status": str(value.get("event")), "name": key[0], "language": key[1]}
