"""What a message may look like, and what is saved for one."""

from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.serving import Clock, Sandbox
from tests.sandbox.test_window import ANNA, PAGE, hours_ago, refusal

IMAGE = "https://example.com/shoes.png"
BUTTON = {"type": "postback", "title": "Yes", "payload": "YES"}
REPLY = {"content_type": "text", "title": "Yes", "payload": "YES"}


def file(url: str, kind: str = "image", **more: Any) -> dict[str, Any]:
    """Return a message with a file."""
    return {"attachment": {"type": kind, "payload": {"url": url, **more}}}


def template(kind: str, **payload: Any) -> dict[str, Any]:
    """Return a message with a template."""
    return {"attachment": {"type": "template", "payload": {"template_type": kind, **payload}}}


@pytest.fixture(autouse=True)
def anna(box: Sandbox) -> None:
    """Anna wrote an hour ago."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(1))


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"text": "x" * 1999}, "x" * 1999),
        ({"text": "Which?", "quick_replies": [REPLY] * 13}, "Which?"),
        ({"text": "Hello", "metadata": "m" * 999}, "Hello"),
        (file(IMAGE), "[image]"),
        (file("https://example.com/film.mp4?megabytes=25", "video"), "[video]"),
        (template("button", text="Go on?", buttons=[BUTTON]), "Go on?"),
        (template("generic", elements=[{"title": "Shoes", "subtitle": "Red", "buttons": [BUTTON]}]), "Shoes Red"),
        (template("one_time_notif_req", title="Back in stock", payload="restock"), "Back in stock"),
        (template("notification_messages", payload="news"), "Updates and promotions"),
    ],
)
def test_messages_that_are_taken(box: Sandbox, message: dict[str, Any], text: str) -> None:
    """And what the person reads of them."""
    answer = box.send(PAGE, {"id": ANNA}, message=message)

    assert answer.status_code == 200, answer.text
    assert [each["text"] for each in box.truth()] == [text]
    assert [each["metadata"] for each in box.truth()] == [message.get("metadata")]


@pytest.mark.parametrize(
    ("message", "subcode"),
    [
        ({}, None),
        ({"text": " "}, None),
        ({"text": 5}, None),
        ({"text": "x" * 2000}, None),
        ({"text": "Hello", "metadata": "m" * 1000}, None),
        ({"text": "Which?", "quick_replies": [REPLY] * 14}, None),
        ({"text": "Which?", "quick_replies": [{"content_type": "text"}]}, None),
        ({"text": "Hello", **file(IMAGE)}, None),
        ({"attachment": "image"}, None),
        (file(IMAGE, "hologram"), None),
        (file(""), None),
        (file("ftp://example.com/shoes.png"), 2018008),
        (file("https://nowhere.invalid/shoes.png"), 2018008),
        (file(f"{IMAGE}?megabytes=9"), 2018109),
        (file("https://example.com/film.mp4?megabytes=26", "video"), 2018109),
        ({"attachment": {"type": "image", "payload": {"attachment_id": "1"}}}, 2018074),
        (template("hologram"), None),
        (template("button", text="Go on?", buttons=[BUTTON] * 4), None),
        (template("button", text="Go on?", buttons=[]), None),
        (template("button", text="x" * 641, buttons=[BUTTON]), None),
        (template("generic", elements=[]), None),
        (template("generic", elements=[{"subtitle": "no title"}]), None),
        (template("one_time_notif_req", title="x" * 66, payload="p"), None),
        (template("one_time_notif_req", payload="p"), None),
    ],
)
def test_messages_that_are_not(box: Sandbox, message: dict[str, Any], subcode: int | None) -> None:
    """Nothing goes out."""
    assert refusal(box.send(PAGE, {"id": ANNA}, message=message)) == (100, subcode)
    assert box.truth() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"messaging_type": "SHOUT"},
        {"notification_type": "LOUD"},
        {"recipient": "Anna"},
        {"recipient": {}},
        {"recipient": {"id": ANNA, "one_time_notif_token": "T1"}},
    ],
)
def test_calls_that_are_not(box: Sandbox, fields: dict[str, Any]) -> None:
    """A word that does not exist, a recipient that is none or two."""
    call = {"recipient": {"id": ANNA}, "message": {"text": "Hello"}, **fields}

    assert refusal(box.post(f"/v25.0/{PAGE}/messages", call)) == (100, None)


def test_one_title_is_asked_for_once_a_week(box: Sandbox, clock: Clock) -> None:
    """Another title may be asked for at once."""
    ask = template("notification_messages", title="News", payload="news")
    assert box.send(PAGE, {"id": ANNA}, message=ask).status_code == 200

    assert refusal(box.send(PAGE, {"id": ANNA}, message=ask)) == (613, 1893016)
    other = template("notification_messages", title="Sales", payload="sales")
    assert box.send(PAGE, {"id": ANNA}, message=other).status_code == 200
    clock.advance(days=7)
    box.add(PAGE, ANNA, wrote_at=clock().isoformat())
    assert box.send(PAGE, {"id": ANNA}, message=ask).status_code == 200


def test_a_saved_attachment_holds_ninety_days(box: Sandbox, clock: Clock) -> None:
    """Whether it was saved by itself or with a message."""
    saved = box.post(f"/v25.0/{PAGE}/message_attachments", {"message": file(IMAGE, is_reusable=True)}).json()
    with_message = box.send(PAGE, {"id": ANNA}, message=file(IMAGE, is_reusable=True)).json()

    for answer in (saved, with_message):
        message = {"attachment": {"type": "image", "payload": {"attachment_id": answer["attachment_id"]}}}
        assert box.send(PAGE, {"id": ANNA}, message=message).status_code == 200
    clock.advance(days=90)
    box.add(PAGE, ANNA, wrote_at=(clock() - timedelta(hours=1)).isoformat())
    assert refusal(box.send(PAGE, {"id": ANNA}, message=message)) == (100, 2018074)
