"""What one item of a delivery is, as the loader's chunk.sql reads it: whose, which Page's, of which kind, and when.

A test holds the two together: what is erased from a log is what the loader makes of these items, and nothing else.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

_BODIES = ("delivery", "read", "optin", "postback", "reaction", "message_edit")
_BESIDE = {
    "sender", "recipient", "timestamp", "messaging_type", "notification_type", "persona_id", "sender_action", "tag",
}  # fmt: skip
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  as every time here: naive UTC
_LAST = 4_102_444_799


@dataclass(frozen=True, slots=True)
class Event:
    """An item: page_id is None where nothing names it, psid '' where it is about nobody; `at` is naive UTC or None."""

    page_id: str | None
    psid: str
    kind: str
    at: datetime | None


def event_of(item: dict[str, Any], channel: str, entry_id: object, entry_time: object) -> Event:
    """Read an item. `channel` is messaging, standby, changes, or entry for one that holds no list."""
    page_id = str(entry_id).strip() if entry_id is not None else ""
    message, value = _part(item, "message"), _part(item, "value")
    is_echo = _is_true(message.get("is_echo"))
    sender, recipient = (_text(_part(item, end).get("id")) for end in ("sender", "recipient"))
    kind = _kind(item, channel, is_echo=is_echo)
    if channel == "changes":
        recipient_id = _text(value.get("recipient_id"))
        psid = _text(_part(value, "sender").get("id")) if recipient_id is None else recipient_id
    elif is_echo:
        psid = recipient
    elif page_id and sender == page_id:
        psid = "" if recipient == page_id else recipient
    else:
        psid = sender
    page = page_id or (sender if is_echo else recipient)
    return Event(page or None, psid or "", kind, _moment(item, channel, kind, entry_time))


def _kind(item: dict[str, Any], channel: str, *, is_echo: bool) -> str:
    if channel in ("changes", "entry"):
        return f"change:{_text(item['field'])}" if item.get("field") is not None else "unknown"
    if item.get("message") is not None:
        is_deleted = _is_true(_part(item, "message").get("is_deleted"))
        return "message_echo" if is_echo else "message_deleted" if is_deleted else "message"
    named = next((name for name in _BODIES if item.get(name) is not None), None)
    if named:
        return named
    other = next((key for key, held in item.items() if _names_a_kind(key) and held is not None), "unknown")
    return other.replace("-", "_")


def _names_a_kind(key: str) -> bool:
    return key not in _BESIDE and _KEY.fullmatch(key) is not None


def _moment(item: dict[str, Any], channel: str, kind: str, entry_time: object) -> datetime | None:
    value = _part(item, "value")
    told = [item.get("timestamp")]
    if kind in ("delivery", "read"):
        told.append(_part(item, kind).get("watermark"))
    if channel == "changes":
        told += [value.get("timestamp"), value.get("created_time")]
    moments = (_logged_time(each) for each in [*told, entry_time])
    return next((each for each in moments if each is not None), None)


def _logged_time(written: object) -> datetime | None:
    """Read a time as the logs give it: seconds, milliseconds or microseconds since 1970, or ISO 8601."""
    text = _text(written)
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        return _iso(text)
    if 1e11 <= number <= _LAST * 1e3:
        return _EPOCH + timedelta(microseconds=round(number * 1e3))
    if 1 <= number <= _LAST:
        return _EPOCH + timedelta(microseconds=round(number * 1e6))
    return _EPOCH + timedelta(microseconds=round(number)) if 1e14 <= number <= _LAST * 1e6 else None


def _iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _part(value: dict[str, Any], name: str) -> dict[str, Any]:
    held = value.get(name)
    return held if isinstance(held, dict) else {}


def _text(value: object) -> str | None:
    return None if value is None or isinstance(value, dict | list) else str(value)


def _is_true(value: object) -> bool:
    return value is True or value == "true"
