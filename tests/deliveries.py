"""Webhook deliveries for tests, as Meta posts them. Times are naive UTC; the wire has milliseconds."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

PAGE = "108444444444444"
ANNA = "24000000000000001"
BEN = "24000000000000002"
NOON = datetime(2026, 11, 20, 12)

Item = dict[str, Any]


def ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.replace(tzinfo=UTC).timestamp() * 1000)


def item(psid: str, moment: datetime, **body: Any) -> Item:
    """An event from a person to the Page."""
    return {"sender": {"id": psid}, "recipient": {"id": PAGE}, "timestamp": ms(moment), **body}


def message(psid: str, moment: datetime, mid: str, text: str = "hello", **more: Any) -> Item:
    """A person writes."""
    return item(psid, moment, message={"mid": mid, "text": text, **more})


def echo(psid: str, moment: datetime, mid: str, text: str = "hi", **more: Any) -> Item:
    """The Page writes."""
    body = {"mid": mid, "is_echo": True, "app_id": 1517776481860111, "text": text, **more}
    return {"sender": {"id": PAGE}, "recipient": {"id": psid}, "timestamp": ms(moment), "message": body}


def otn(psid: str, moment: datetime, token: str, payload: str = "restock:trail-shoes") -> Item:
    """A person asks for one notification."""
    return item(psid, moment, optin={"type": "one_time_notif_req", "payload": payload, "one_time_notif_token": token})


def marketing(
    psid: str, moment: datetime, token: str, *, status: str = "", days: int | None = 180, **more: Any
) -> Item:
    """A person subscribes, or with a status stops or resumes. `days` until its own expiry; None says nothing."""
    body: Item = {
        "type": "notification_messages",
        "title": "New arrivals",
        "payload": "arrivals",
        "notification_messages_token": token,
    }
    if days is not None:
        body["token_expiry_timestamp"] = ms(moment + timedelta(days=days))
    if status:
        body["notification_messages_status"] = status
    return item(psid, moment, optin={**body, "notification_messages_timezone": "Europe/Berlin", **more})


def delivery(*items: Item, page: str = PAGE, time: datetime | None = None, channel: str = "messaging") -> Item:
    """A whole webhook body with one entry."""
    sent = ms(time) if time else max(each.get("timestamp", 0) for each in items) + 400
    return {"object": "page", "entry": [{"id": page, "time": sent, channel: list(items)}]}


def write_lines(path: Path, *bodies: Item | str | bytes) -> Path:
    """Write bodies one a line; text goes in as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        each if isinstance(each, bytes) else each.encode() if isinstance(each, str) else compact(each)
        for each in bodies
    ]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def compact(body: Item) -> bytes:
    """JSON as Meta sends it: no spaces."""
    return json.dumps(body, separators=(",", ":")).encode()
