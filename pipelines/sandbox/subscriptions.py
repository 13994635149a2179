"""What the application is subscribed to at a Page: asked, set, and taken away after an hour of failures."""

import json
from collections.abc import Iterable

from pipelines.sandbox import errors
from pipelines.sandbox.book import Book
from pipelines.sandbox.errors import GraphError
from pipelines.sandbox.messages import Fields
from pipelines.sandbox.moments import HOUR
from pipelines.sandbox.people import APP_ID
from pipelines.sandbox.state import Item, Page, kind_of

_FIELDS = {
    "message": "messages",
    "message_deleted": "messages",
    "message_echo": "message_echoes",
    "message_edit": "message_edits",
    "delivery": "message_deliveries",
    "read": "message_reads",
    "reaction": "message_reactions",
    "optin": "messaging_optins",
    "postback": "messaging_postbacks",
    "referral": "messaging_referrals",
}


def answer(method: str, page: Page, fields: Fields, book: Book) -> Fields:
    """Answer a call of the edge subscribed_apps. Raises GraphError."""
    if method == "GET":
        app = {"id": APP_ID, "name": "Sandbox", "category": "Business", "link": f"https://localhost/{APP_ID}"}
        listed = {**app, "subscribed_fields": sorted(page.subscribed_fields)}
        return {"data": [listed] if page.subscribed_fields else []}
    if method == "DELETE":
        unsubscribe(page)
    elif method == "POST":
        page.subscribed_fields |= checked(_named(fields), book)
        page.failing_since = 0
    else:
        raise GraphError(errors.UNKNOWN_PATH, "Unknown path components: /subscribed_apps")
    return {"success": True}


def checked(names: Iterable[str], book: Book) -> set[str]:
    """Return fields that all exist. Raises GraphError, in the platform's words."""
    found = set()
    for number, name in enumerate(names):
        if name not in book.webhook_fields:
            known = ", ".join(sorted(book.webhook_fields))
            raise GraphError(errors.BAD_PARAMETER, f"Param subscribed_fields[{number}] must be one of {{{known}}}")
        found.add(name)
    if not found:
        raise GraphError(errors.BAD_PARAMETER, "The parameter subscribed_fields is required.")
    return found


def unsubscribe(page: Page) -> None:
    """Tell the application nothing more of a Page."""
    page.subscribed_fields.clear()
    page.failing_since = 0


def is_told(page: Page, channel: str, item: Item) -> bool:
    """Whether the application is subscribed to what tells of an event; what has no field is told in any case."""
    if channel == "messaging":
        field = _FIELDS.get(kind_of(item), "")
    else:
        field = channel if channel == "standby" else str(item.get("field") or "")
    return bool(page.subscribed_fields) and (not field or field in page.subscribed_fields)


def note_delivery(page: Page, *, has_arrived: bool, at: int, book: Book) -> None:
    """Take in how one attempt to deliver ended; an hour in which none succeeded ends the subscription."""
    if has_arrived:
        page.failing_since = 0
    elif not page.failing_since:
        page.failing_since = at if page.subscribed_fields else 0
    elif at - page.failing_since >= book.value("webhook.disabled.hours", at) * HOUR:
        unsubscribe(page)


def _named(fields: Fields) -> list[str]:
    given = fields.get("subscribed_fields")
    if isinstance(given, str) and given.startswith("["):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            given = None
    if isinstance(given, str):
        given = given.split(",")
    return [str(name).strip() for name in given if str(name).strip()] if isinstance(given, list) else []
