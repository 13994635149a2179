"""A call's fields → what is to be sent, or the error for its shape."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pipelines.sandbox import errors
from pipelines.sandbox.book import Book
from pipelines.sandbox.errors import GraphError

Fields = dict[str, Any]

ACTIONS = ("typing_on", "typing_off", "mark_seen", "react", "unreact")
FILES = ("image", "audio", "video", "file")
_MEGABYTES = "megabytes"  # https://…/large.png?megabytes=30 plays a file of that size: nothing is fetched


@dataclass(frozen=True, slots=True)
class Send:
    """One message that is asked for, its shape in order."""

    recipient: tuple[str, str]
    """Kind of recipient and its value."""
    messaging_type: str
    tag: str
    message: Fields
    text: str
    """What the person reads."""
    metadata: str = ""
    template_type: str = ""
    """Of an attached template; "utility" for message.template."""
    request: Fields = field(default_factory=dict)
    """Title and payload of an opt-in request."""
    is_reusable: bool = False


def recipient_of(fields: Fields, book: Book, at: int) -> tuple[str, str]:
    """Return who is meant: kind and value."""
    recipient = fields.get("recipient")
    if not isinstance(recipient, dict):
        raise GraphError(errors.BAD_PARAMETER, "The parameter recipient is required and must be an object")
    kinds = [kind for kind in book.value("send.recipients", at) if recipient.get(kind)]
    if len(kinds) != 1:
        raise GraphError(errors.BAD_PARAMETER, "The parameter recipient must name exactly one recipient")
    return kinds[0], str(recipient[kinds[0]])


def read_send(fields: Fields, book: Book, at: int) -> Send:
    """Read a message from a call's fields. Raises GraphError for what no platform would take."""
    message = fields.get("message")
    if not isinstance(message, dict) or not message:
        raise GraphError(errors.BAD_PARAMETER, "The parameter message is required and must be an object")
    messaging_type = _choice(fields, "messaging_type", book.value("send.messaging_types", at))
    _choice(fields, "notification_type", book.value("send.notification_types", at))
    metadata = _text_field(message, "metadata", book.value("send.metadata.characters", at))
    text = _text_field(message, "text", book.value("send.text.characters", at))
    attachment, template = message.get("attachment"), message.get("template")
    if (bool(text.strip()) + bool(attachment) + bool(template)) != 1:
        raise GraphError(errors.BAD_PARAMETER, "A message holds exactly one of text, attachment and template")
    _check_quick_replies(message, book, at)
    made: dict[str, Any] = {"text": text}
    if template:
        made = {"template_type": "utility", "text": ""}
    elif attachment:
        made = _attachment(attachment, book, at)
    return Send(
        recipient=recipient_of(fields, book, at),
        messaging_type=messaging_type,
        tag=str(fields.get("tag") or ""),
        message=message,
        metadata=metadata,
        **made,
    )


def check_url(url: str, kind: str, book: Book, at: int) -> None:
    """Refuse an address from which nothing could be fetched, or too much."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.hostname.endswith(".invalid"):
        raise GraphError(errors.URL_UNREADABLE, "The attachment could not be fetched from its URL")
    size = parse_qs(parts.query).get(_MEGABYTES, ["0"])[0]
    limit = book.value("send.image_by_url.megabytes" if kind == "image" else "send.attachment.megabytes", at)
    if size.isdecimal() and int(size) > limit:
        raise GraphError(errors.ATTACHMENT_TOO_LARGE, "The attachment is larger than allowed")


def _choice(fields: Fields, name: str, allowed: tuple[str, ...]) -> str:
    value = fields.get(name) or ""
    if value and value not in allowed:
        raise GraphError(errors.BAD_PARAMETER, f"Param {name} must be one of {{{', '.join(allowed)}}}")
    return str(value)


def _text_field(message: Fields, name: str, below: int) -> str:
    value = message.get(name, "")
    if not isinstance(value, str):
        raise GraphError(errors.BAD_PARAMETER, f"Param message[{name}] must be a string")
    if len(value) >= below:
        raise GraphError(errors.BAD_PARAMETER, f"Length of param message[{name}] must be less than {below}")
    return value


def _check_quick_replies(message: Fields, book: Book, at: int) -> None:
    replies = message.get("quick_replies") or []
    limit = int(book.value("send.quick_replies", at))
    if not isinstance(replies, list) or len(replies) > limit:
        raise GraphError(errors.BAD_PARAMETER, f"Param message[quick_replies] must be a list of at most {limit}")
    for reply in replies:
        kind = reply.get("content_type") if isinstance(reply, dict) else None
        if kind not in ("text", "user_phone_number", "user_email") or (kind == "text" and not reply.get("title")):
            raise GraphError(errors.BAD_PARAMETER, "A quick reply needs a content_type, and for text a title")


def _attachment(attachment: object, book: Book, at: int) -> dict[str, Any]:
    payload = attachment.get("payload") if isinstance(attachment, dict) else None
    if not isinstance(attachment, dict) or not isinstance(payload, dict):
        raise GraphError(errors.BAD_PARAMETER, "Param message[attachment] must have a type and a payload")
    if attachment.get("type") == "template":
        return _template(payload, book, at)
    if attachment.get("type") not in FILES:
        raise GraphError(errors.BAD_PARAMETER, f"An attachment's type must be one of {', '.join(FILES)} or template")
    if payload.get("url"):
        check_url(str(payload["url"]), str(attachment["type"]), book, at)
    elif not payload.get("attachment_id"):
        raise GraphError(errors.BAD_PARAMETER, "An attachment needs a url or an attachment_id")
    return {"text": f"[{attachment['type']}]", "is_reusable": payload.get("is_reusable") in (True, "true")}


def _template(payload: Fields, book: Book, at: int) -> dict[str, Any]:
    kind = str(payload.get("template_type") or "")
    if kind in {"one_time_notif_req", "notification_messages"}:
        return {**_request(payload, kind, book, at), "template_type": kind}
    if kind == "button":
        text = _text_field(payload, "text", book.value("send.button_template.text.characters", at) + 1)
        if not text:
            raise GraphError(errors.BAD_PARAMETER, "A button template needs a text")
        _check_buttons(payload.get("buttons"), book, at, least=1)
        return {"text": text, "template_type": kind}
    if kind == "generic":
        return {"text": _cards(payload, book, at), "template_type": kind}
    if kind == "customer_feedback":
        if not payload.get("title") or not payload.get("feedback_screens"):
            raise GraphError(errors.BAD_PARAMETER, "A feedback template needs a title and feedback_screens")
        return {"text": str(payload["title"]), "template_type": kind}
    if kind in {"media", "receipt", "coupon", "product"}:
        return {"text": f"[{kind}]", "template_type": kind}
    raise GraphError(errors.BAD_PARAMETER, f"Unknown template_type {kind!r}")


def _request(payload: Fields, kind: str, book: Book, at: int) -> dict[str, Any]:
    title = str(payload.get("title") or "")
    if kind == "notification_messages":
        title = title or str(book.value("marketing.title.default", at))
    limit = book.value("otn.title.characters", at)
    if not title or len(title) > limit:
        raise GraphError(errors.BAD_PARAMETER, f"The title of an opt-in request must have 1 to {limit} characters")
    asked_for = str(payload.get("payload") or "")
    if len(asked_for) > book.value("otn.payload.characters", at):
        raise GraphError(errors.BAD_PARAMETER, "The payload of an opt-in request is too long")
    return {"text": title, "request": {"title": title, "payload": asked_for}}


def _cards(payload: Fields, book: Book, at: int) -> str:
    cards = payload.get("elements")
    if not isinstance(cards, list) or not cards or not all(isinstance(card, dict) for card in cards):
        raise GraphError(errors.BAD_PARAMETER, "A generic template needs elements")
    for card in cards:
        if not card.get("title"):
            raise GraphError(errors.BAD_PARAMETER, "An element of a generic template needs a title")
        for name in ("title", "subtitle"):
            _text_field(card, name, book.value(f"send.card.{name}.characters", at) + 1)
        _check_buttons(card.get("buttons") or [], book, at, least=0)
    return "\n".join(f"{card['title']} {card.get('subtitle') or ''}".strip() for card in cards)


def _check_buttons(buttons: object, book: Book, at: int, *, least: int) -> None:
    limit = int(book.value("send.buttons", at))
    if not isinstance(buttons, list) or not least <= len(buttons) <= limit:
        raise GraphError(errors.BAD_PARAMETER, f"A template has {least} to {limit} buttons")
    for button in buttons:
        if not isinstance(button, dict) or not button.get("type"):
            raise GraphError(errors.BAD_PARAMETER, "A button needs a type")
        _text_field(button, "title", book.value("send.button.title.characters", at) + 1)
        _text_field(button, "payload", book.value("send.payload.characters", at) + 1)
