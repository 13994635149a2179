"""What a person does with a message: reads it, answers, taps Notify Me, stops; drawn by seed, person and message."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.sandbox.faults import draws
from pipelines.sandbox.messages import Send
from pipelines.sandbox.moments import SECOND
from pipelines.sandbox.rules import Grant
from pipelines.sandbox.state import Item, Page

APP_ID = "1208444444444444"
"""The application in whose name every call is made."""

_REPLIES = ("Thank you!", "Great, I'll have a look.", "How much is it?", "Please send me the link.", "Not now, thanks.")
_REACTIONS = (("love", "❤"), ("like", "👍"), ("smile", "😆"))


@dataclass(frozen=True, slots=True)
class Planned:
    """A webhook to come."""

    at: int
    item: Item
    channel: str = "messaging"


def aftermath(
    habits: Mapping[str, float], seed: int, page: Page, grant: Grant, send: Send, echo: Item
) -> list[Planned]:
    """Return the webhooks that follow an accepted message, in order. May let the person block the Page.

    `echo` is the echo's item: its timestamp is when the message went out.
    """
    psid, mid, at = grant.person.psid, echo["message"]["mid"], echo["timestamp"]
    chance = draws(seed, page.page_id, psid, mid)
    planned = [Planned(at, echo)]
    if chance[0] >= habits["delivers"]:
        return planned
    delivered_at = at + 50 + int(chance[7] * 200)
    planned.append(Planned(delivered_at, _item(page, psid, delivered_at, delivery={"mids": [mid], "watermark": at})))
    if chance[6] < habits["blocks"]:
        grant.person.blocked = True  # no webhook tells of it
    if chance[1] >= habits["reads"]:
        return planned
    read_at = delivered_at + 100 + int(chance[2] * SECOND)
    planned.append(Planned(read_at, _item(page, psid, read_at, read={"watermark": at})))
    for delay, body in _answers(habits, chance, page, grant, send, mid):
        answered_at = read_at + delay
        planned.append(Planned(answered_at, _item(page, psid, answered_at, **body)))
    return planned


def _answers(
    habits: Mapping[str, float], chance: list[float], page: Page, grant: Grant, send: Send, mid: str
) -> Iterator[tuple[int, Item]]:
    """Give what a reader does, each with the milliseconds after reading."""
    if chance[3] < habits["reacts"]:
        reaction, emoji = _REACTIONS[int(chance[7] * len(_REACTIONS))]
        yield 100, {"reaction": {"reaction": reaction, "emoji": emoji, "action": "react", "mid": mid}}
    if send.request and chance[5] < habits["opts_in"]:
        yield 200, {"optin": _opt_in(page, grant, send, mid)}
    if chance[4] < habits["replies"]:
        yield 300 + int(chance[7] * SECOND), {"message": _reply(send, mid, chance[7])}
    if grant.lane == "marketing" and grant.token and chance[5] < habits["stops"]:
        stop = {
            "type": "notification_messages",
            "payload": grant.token.title,
            "title": grant.token.title,
            "notification_messages_token": grant.token.token,
            "notification_messages_status": "STOP NOTIFICATIONS",
            "user_token_status": "NOT_REFRESHED",
        }
        yield 400, {"optin": stop}


def _opt_in(page: Page, grant: Grant, send: Send, mid: str) -> Item:
    token = _name("token", page.page_id, grant.person.psid, mid)
    if send.template_type == "one_time_notif_req":
        return {
            "type": "one_time_notif_req",
            "payload": send.request["payload"],
            "one_time_notif_token": token,
        }
    return {
        "type": "notification_messages",
        "payload": send.request["payload"],
        "title": send.request["title"],
        "notification_messages_token": token,
        **({"notification_messages_timezone": grant.person.zone} if grant.person.zone else {}),
        "user_token_status": "NOT_REFRESHED",
    }


def _reply(send: Send, mid: str, chance: float) -> Item:
    replies = [each for each in send.message.get("quick_replies") or [] if each["content_type"] == "text"]
    reply: dict[str, Any] = {"mid": "m_" + _name("reply", mid)}
    if replies:
        tapped = replies[int(chance * len(replies))]
        return {**reply, "text": tapped["title"], "quick_reply": {"payload": tapped.get("payload", "")}}
    return {**reply, "text": _REPLIES[int(chance * len(_REPLIES))]}


def _item(page: Page, psid: str, at: int, **body: Any) -> Item:
    return {"sender": {"id": psid}, "recipient": {"id": page.page_id}, "timestamp": at, **body}


def _name(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()
