"""The careful way: a line that the fast way could not read in full, put into the shape of a delivery, or refused."""

import json
import re
from typing import Any

from pipelines.load.documents import open_brackets
from pipelines.load.reader import LONGEST_LINE

WRAPPERS = ("body", "payload", "message")
LISTS = ("messaging", "standby", "changes")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_MOST_WRAPPERS = 4


class NotADelivery(Exception):
    """The line cannot be read as a webhook delivery; str(error) is the reason, for the rejects table."""


def mend(line: bytes) -> dict[str, Any]:
    """
    Read one line as a delivery: {"object", "entry": [{"id", "time", "envelope", and a list of items}]}.

    The list is `messaging`, `standby` or `changes`. Opens a log shipper's wrapper, an array of deliveries, and a bare
    entry, event or change. Items keep all that they hold; an entry without items stands in `entry_itself`; `envelope`
    holds the unknown fields around an entry's items, as {"wrapper", "delivery", "entry"}. Raises NotADelivery.
    """
    value = _parse(line)
    deliveries = value if isinstance(value, list) and value else [value]
    shaped = [_delivery(each, _MOST_WRAPPERS) for each in deliveries]
    return {"object": shaped[0]["object"], "entry": [entry for each in shaped for entry in each["entry"]]}


def _parse(line: bytes) -> Any:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotADelivery(f"is not UTF-8: byte {error.start + 1} of the line is 0x{line[error.start]:02x}") from error
    try:
        return json.loads(_LONE_SURROGATE.sub("\ufffd", text), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        if text.lstrip()[:1] in ("{", "[") and open_brackets(line) > 0:
            raise NotADelivery(f"is cut off: the JSON ends in the middle, after {len(line):,} bytes") from error
        raise NotADelivery(f"is not JSON: {error.msg.lower()} at column {error.colno}") from error
    except RecursionError as error:
        raise NotADelivery("is not a delivery: its JSON is nested too deeply") from error


def _refuse_constant(name: str) -> None:
    raise NotADelivery(f"is not JSON: {name} is not a JSON number")


def _delivery(value: Any, wrappers: int) -> dict[str, Any]:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _parse(value.encode("utf-8", "replace"))
    if not isinstance(value, dict):
        raise NotADelivery(f"is not a delivery: it is {_kind_of(value)}, not an object with an entry")
    if value.get("entry") is not None:
        return _from_entries(value)
    if any(isinstance(value.get(name), list) for name in LISTS):
        return {"object": value.get("object"), "entry": _entry(value)}
    if "sender" in value or "recipient" in value:
        return _from_event(value)
    if "field" in value:
        return _from_change(value)
    return _unwrapped(value, wrappers)


def _unwrapped(value: dict[str, Any], wrappers: int) -> dict[str, Any]:
    name = next((name for name in WRAPPERS if isinstance(value.get(name), dict | str)), None)
    if name and wrappers:
        try:
            inner = _delivery(value[name], wrappers - 1)
        except NotADelivery as error:
            raise NotADelivery(f"is not a delivery: its {name} {error}") from error
        return _keep_around(inner, "wrapper", {key: value[key] for key in value if key != name})
    if "page_id" in value:
        return _from_change(value)
    raise NotADelivery("is not a delivery: it has no entry, and no body, payload or message that holds one")


def _from_entries(value: dict[str, Any]) -> dict[str, Any]:
    entries = value["entry"] if isinstance(value["entry"], list) else [value["entry"]]
    if not entries:
        raise NotADelivery("holds no event: its entry is empty")
    shaped = {"object": value.get("object"), "entry": [shaped for each in entries for shaped in _entry(each)]}
    return _keep_around(shaped, "delivery", {key: value[key] for key in value if key not in ("object", "entry")})


def _keep_around(delivery: dict[str, Any], part: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Keep what a delivery or its wrapper holds beside its entries with each of them: nothing else of it goes on."""
    for entry in delivery["entry"] if fields else ():
        envelope = entry.get("envelope") or dict.fromkeys(("wrapper", "delivery", "entry"))
        entry["envelope"] = {**envelope, part: {**fields, **(envelope[part] or {})}}
    return delivery


def _entry(value: Any) -> list[dict[str, Any]]:
    """One entry for each list of items that it holds: the fast way reads entries of one list."""
    if not isinstance(value, dict):
        raise NotADelivery(f"is not a delivery: an entry is {_kind_of(value)}, not an object")
    lists = {name: _as_list(value[name]) for name in LISTS if value.get(name) is not None}
    if lists and not any(lists.values()):
        raise NotADelivery(f"holds no event: its {' and '.join(lists)} is empty")
    envelope = {"id": value.get("id"), "time": value.get("time")}
    if not lists:
        return [{**envelope, "entry_itself": [value]}]
    shaped = {"entry": [{**envelope, name: items} for name, items in lists.items() if items]}
    known = {"id", "time", "object", *LISTS}
    return list(_keep_around(shaped, "entry", {key: value[key] for key in value if key not in known})["entry"])


def _from_event(event: dict[str, Any]) -> dict[str, Any]:
    """An event without its envelope: the Page is whoever is not the person."""
    return {"object": None, "entry": [{"id": None, "time": event.get("timestamp"), "messaging": [event]}]}


def _from_change(change: dict[str, Any]) -> dict[str, Any]:
    if not change.get("page_id"):
        raise NotADelivery(
            "is a change without its entry, as the App Dashboard's Test button sends it: nothing names its Page"
        )
    item = {"field": change.get("field", "unknown"), "value": change}
    return {"object": None, "entry": [{"id": change["page_id"], "time": change.get("timestamp"), "changes": [item]}]}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    return {dict: "an object", list: "an array", str: "a text", bool: "true or false"}.get(type(value), "a number")


def too_long(begins: bytes) -> str:
    """The reason for a line over LONGEST_LINE bytes, of which only the beginning is kept."""
    return f"is longer than {LONGEST_LINE >> 20} MiB; the first {len(begins) >> 10} KiB are kept here"
