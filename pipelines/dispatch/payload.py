"""One send → the body of its call to the Send API, and the metadata by which its echo is known again."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from pipelines.plan.campaign import TOKEN_LANES, Button, Campaign, Image, Room
from pipelines.plan.fields import TooLong, render, render_quoted
from pipelines.plan.wording import card_of, text_for

_RECIPIENT = {"otn": "one_time_notif_token", "marketing": "notification_messages_token"}
_METADATA = re.compile(r"clear-to-send/1 send=(\S+) lane=(\S+)(?: token=([0-9a-f]{32}))?")


def send_body(
    campaign: Campaign,
    variant_name: str,
    lane: str,
    *,
    psid: str,
    token: str | None,
    values: Mapping[str, str],
    metadata: str,
) -> dict[str, Any]:
    """Return the body of `POST /{page}/messages` for one person by one lane.

    `token` is for the lanes that spend one. Raises MissingField and TooLong, where this person's values do not make a
    message, and ValueError for a lane without what it needs.
    """
    message = _template(campaign, values) if lane == "utility" else _content(campaign, variant_name, values)
    return {**_permission(lane, psid, token), "message": {**message, "metadata": metadata}}


def metadata_of(send_id: str, lane: str, token: str | None) -> str:
    """Return what Meta gives back in the echo of this send: which one it was, and what it spent.

    The warehouse reads the token's md5 from it: pipelines/sql/40_token_events.sql.
    """
    known = f"clear-to-send/1 send={send_id} lane={lane}"
    return f"{known} token={_token_key(lane, token)}" if lane in TOKEN_LANES else known


def read_metadata(text: str) -> tuple[str, str, str | None] | None:
    """Return (send_id, lane, md5 of the token) of an echo's metadata, or None for one that is not ours."""
    match = _METADATA.fullmatch(text)
    return (match[1], match[2], match[3]) if match else None


def _token_key(lane: str, token: str | None) -> str:
    return hashlib.md5(_needed(lane, token).encode(), usedforsecurity=False).hexdigest()


def _needed(lane: str, token: str | None) -> str:
    if not token:
        msg = f"A send by the lane {lane} needs its token."
        raise ValueError(msg)
    return token


def _permission(lane: str, psid: str, token: str | None) -> dict[str, Any]:
    """Return whom the message goes to and what it claims. A token is its own permission: it claims nothing beside."""
    if lane in _RECIPIENT:
        return {"recipient": {_RECIPIENT[lane]: _needed(lane, token)}}
    recipient = {"recipient": {"id": psid}}
    if lane == "standard_window":
        return {**recipient, "messaging_type": "UPDATE"}
    if lane == "utility":
        return {**recipient, "messaging_type": "UTILITY"}
    if lane.startswith("tag:"):
        return {**recipient, "messaging_type": "MESSAGE_TAG", "tag": lane.removeprefix("tag:")}
    msg = f"There is no lane {lane}."
    raise ValueError(msg)


def _template(campaign: Campaign, values: Mapping[str, str]) -> dict[str, Any]:
    """Return the approved template with its parameters. Buttons and pictures are part of it already."""
    utility = campaign.utility
    if utility is None:
        msg = f'The campaign "{campaign.name}" names no template for the lane utility.'
        raise ValueError(msg)
    template: dict[str, Any] = {"name": utility.template, "language": {"code": utility.language}}
    if utility.parameters:
        parameters = [{"type": "text", "text": render(parameter, values)} for parameter in utility.parameters]
        template["components"] = [{"type": "body", "parameters": parameters}]
    return {"template": template}


def _content(campaign: Campaign, variant_name: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Return text, text over buttons, a picture, or a card of picture and text; and the quick replies."""
    text = text_for(campaign, variant_name, values)
    buttons = [_button(button, campaign.room, values) for button in campaign.buttons]
    if campaign.image and text:
        content = _attached_template(_card(text, campaign.image, buttons, campaign.room))
    elif campaign.image:
        content = {"attachment": {"type": "image", "payload": _picture(campaign.image)}}
    elif buttons:
        content = _attached_template({"template_type": "button", "text": text, "buttons": buttons})
    else:
        content = {"text": text}
    replies = _quick_replies(campaign, values)
    return {**content, "quick_replies": replies} if replies else content


def _attached_template(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"attachment": {"type": "template", "payload": payload}}


def _card(text: str, image: Image, buttons: list[dict[str, str]], room: Room) -> dict[str, Any]:
    title, subtitle = card_of(text, room)
    element: dict[str, Any] = {"title": title, "image_url": image.url}
    if subtitle:
        element["subtitle"] = subtitle
    if buttons:
        element["buttons"] = buttons
    return {"template_type": "generic", "elements": [element]}


def _picture(image: Image) -> dict[str, Any]:
    if image.attachment_id:
        return {"attachment_id": image.attachment_id}
    return {"url": image.url}


def _button(button: Button, room: Room, values: Mapping[str, str]) -> dict[str, str]:
    named = {"type": button.kind, "title": button.title}
    if button.kind == "web_url":
        return {**named, "url": render_quoted(button.value, values)}
    if button.kind == "postback":
        return {**named, "payload": _payload(button.value, room, values)}
    return {**named, "payload": button.value}


def _quick_replies(campaign: Campaign, values: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        {
            "content_type": "text",
            "title": reply.title,
            "payload": _payload(reply.payload, campaign.room, values),
            **({"image_url": reply.image_url} if reply.image_url else {}),
        }
        for reply in campaign.quick_replies
    ]


def _payload(text: str, room: Room, values: Mapping[str, str]) -> str:
    payload = render_quoted(text, values)
    if len(payload) > room.payload:
        raise TooLong(f"A payload has {len(payload)} characters, and {room.payload} fit. Shorten it.")
    return payload
