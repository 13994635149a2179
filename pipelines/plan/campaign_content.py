"""The tables of a campaign that people see: variants, buttons, quick replies, the image, the utility template."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from urllib.parse import urlsplit

from pipelines.plan.campaign import Button, Image, QuickReply, Room, Utility, Variant
from pipelines.plan.campaign_tables import Table
from pipelines.plan.fields import TooLong, demanded_names, strays, strays_in_payload, with_fallbacks
from pipelines.plan.wording import card_of
from pipelines.policy import Policy

_TELEPHONE = re.compile(r"\+\d{4,15}")


class Limits:
    """What the rule book allows on one day. Raises PolicyUnknown where it says nothing of it."""

    def __init__(self, policy: Policy, as_of: datetime) -> None:
        def value(rule_id: str) -> int:
            return int(policy.rule(rule_id, as_of).value)

        self.text = value("send.text.characters") - 1  # a text stays *under* that number
        self.text_over_buttons = value("send.button_template.text.characters")
        self.card_title = value("send.card.title.characters")
        self.card_subtitle = value("send.card.subtitle.characters")
        self.buttons = value("send.buttons")
        self.button_title = value("send.button.title.characters")
        self.payload = value("send.payload.characters")
        self.quick_replies = value("send.quick_replies")
        self.quick_reply_title = value("send.quick_reply.title.characters")

    def room(self, *, over_buttons: bool) -> Room:
        """Return what fits into a message with or without buttons."""
        text = min(self.text, self.text_over_buttons) if over_buttons else self.text
        return Room(text, self.card_title, self.card_subtitle, self.payload)


def read_variants(top: Table, *, room: Room, image: Image | None, text_needed: bool) -> tuple[Variant, ...]:
    """Return the wordings: those of [[variant]], or the one text at the top, named A."""
    tables = top.tables("variant", ("name", "text", "share"))
    if not tables:
        text = top.text("text", needed=text_needed)
        _check_text(top, "text", text, room, with_image=image is not None)
        return (Variant("A", text, 1.0),)
    if "text" in top:
        beside = top.either("[[variant]] tables", "variants")
        top.fault("text", f"stands beside {beside}; remove it, or write it as one of them.")
    names = [table.text("name", needed=True) for table in tables]
    shares = _shares(tables)
    variants = []
    for table, name, share in zip(tables, names, shares, strict=True):
        if name and names.count(name) > 1:
            table.fault("name", f'"{name}" is the name of another variant too; give each its own.')
        text = table.text("text", needed=True)
        _check_text(table, "text", text, room, with_image=image is not None)
        variants.append(Variant(name, text, share))
    return tuple(variants)


def read_buttons(top: Table, limits: Limits) -> tuple[Button, ...]:
    """Return the buttons."""
    tables = top.tables("button", ("title", "url", "payload", "phone"))
    _check_count(top, "button", len(tables), limits.buttons)
    return tuple(button for table in tables if (button := _button(table, limits)))


def read_quick_replies(top: Table, limits: Limits) -> tuple[QuickReply, ...]:
    """Return the quick replies."""
    tables = top.tables("quick_reply", ("title", "payload", "image_url"))
    _check_count(top, "quick_reply", len(tables), limits.quick_replies)
    return tuple(
        QuickReply(
            _title(table, limits.quick_reply_title),
            _payload(table, limits.payload),
            _address(table, "image_url", fields=False),
        )
        for table in tables
    )


def read_image(top: Table) -> Image | None:
    """Return the picture, if there is one."""
    table = top.table("image", ("url", "attachment_id"))
    if table is None:
        return None
    if ("url" in table) == ("attachment_id" in table):
        table.fault("url", "the address of a picture or its attachment_id is needed, and only one of them; write one.")
    return Image(_address(table, "url", fields=False), table.text("attachment_id"))


def read_utility(top: Table) -> Utility | None:
    """Return the approved template, if one is named."""
    table = top.table("utility", ("template", "language", "parameters"))
    if table is None:
        return None
    parameters = table.texts("parameters", once=False)
    for parameter in parameters:
        _check_braces(table, "parameters", parameter, strays)
    return Utility(table.text("template", needed=True), table.text("language", needed=True), parameters)


def check_together(top: Table, image: Image | None, buttons: tuple[Button, ...], texts: Iterable[str]) -> None:
    """Note what the platform cannot show in one message."""
    has_text = any(texts)
    if buttons and not has_text:
        top.fault("button", "buttons stand below a text; write one.")
    if image and image.attachment_id and has_text:
        top.fault("image.attachment_id", "a saved picture cannot go with a text; give its url instead.")


def _shares(tables: list[Table]) -> list[float]:
    given = [table.number("share") for table in tables]
    if not any("share" in table for table in tables):
        return [1 / len(tables)] * len(tables)
    for table, share in zip(tables, given, strict=True):
        if "share" not in table:
            table.fault("share", "is missing; give every variant its share, or none of them.")
        elif share is not None and not 0 < share <= 1:
            table.fault("share", f"{share} is no share; write a number above 0 and up to 1.")
    shares = [float(share) for share in given if share is not None]
    if len(shares) == len(tables) and not abs(sum(shares) - 1) <= 1e-6:
        tables[-1].fault("share", f"the shares make {sum(shares):g} together; they must make 1.")
    return [share or 0.0 for share in given]


def _button(table: Table, limits: Limits) -> Button | None:
    title = _title(table, limits.button_title)
    kinds = [key for key in ("url", "payload", "phone") if key in table]
    if len(kinds) != 1:
        table.fault("title", "the button needs exactly one of url, payload and phone; write one.")
        return None
    if kinds == ["url"]:
        return Button("web_url", title, _address(table, "url", fields=True))
    if kinds == ["payload"]:
        return Button("postback", title, _payload(table, limits.payload))
    number = table.text("phone")
    if number and not _TELEPHONE.fullmatch(number):
        table.fault("phone", f'"{number}" is no telephone number; write + and the digits, as in "+442079460000".')
    return Button("phone_number", title, number)


def _title(table: Table, limit: int) -> str:
    title = table.text("title", needed=True)
    if len(title) > limit:
        table.fault("title", f"has {len(title)} characters and may have {limit}; shorten it.")
    if "{{" in title:
        table.fault("title", "cannot hold fields; write the same words for all.")
    return title


def _payload(table: Table, limit: int) -> str:
    payload = table.text("payload", needed=True)
    shortest = len(with_fallbacks(payload))
    if shortest > limit:
        table.fault("payload", f"has {shortest} characters and may have {limit}; shorten it.")
    _check_braces(table, "payload", payload, strays_in_payload)
    return payload


def _address(table: Table, key: str, *, fields: bool) -> str:
    """Return an https address, in which a field, where it may hold one, cannot change the host."""
    address = table.text(key)
    if not address:
        return ""
    certain, brace, _ = address.partition("{{")
    if brace and not fields:
        table.fault(key, "cannot hold fields; write the same address for all.")
    elif brace and not re.match(r"https://[^/?#]+[/?#]", certain):
        table.fault(key, "may have a field only after the host, as in https://example.com/{{page}}; move it.")
    elif not _is_https(certain) or re.search(r"\s", certain):
        table.fault(key, f'"{address}" is no https address; write it whole, as in "https://example.com/shoes".')
    else:
        _check_braces(table, key, address, strays)
    return address


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that does not close
        return False


def _check_count(top: Table, key: str, count: int, limit: int) -> None:
    if count > limit:
        top.fault(f"{key}[{limit + 1}]", f"there are {count} of them, and {limit} fit; remove some.")


def _check_text(table: Table, key: str, text: str, room: Room, *, with_image: bool) -> None:
    _check_braces(table, key, text, strays)
    shortest = with_fallbacks(text).strip()
    if text and not shortest and not demanded_names(text):
        table.fault(key, "is empty for whoever has no value for its fields; give one a fallback.")
    if not with_image and len(shortest) > room.text:
        table.fault(key, f"has {len(shortest)} characters, and {room.text} fit into this message; shorten it.")
    if with_image:
        try:
            card_of(shortest, room)
        except TooLong as error:
            table.fault(key, str(error))


def _check_braces(table: Table, key: str, text: str, look: Callable[[str], Iterable[str]]) -> None:
    for stray in look(text):
        table.fault(key, f"{stray}.")
