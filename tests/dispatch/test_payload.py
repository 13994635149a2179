"""Bodies for the Send API are what the platform documents, for every lane and every content."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dispatch.payload import metadata_of, read_metadata, send_body
from pipelines.plan.campaign import LANES, Button, Campaign, Image, QuickReply, Room, Utility, Variant
from pipelines.plan.fields import MissingField, TooLong
from tests.conftest import IS_DEEP, Home
from tests.deliveries import ANNA, NOON, delivery, echo, otn, write_lines
from tests.plan.campaigns import CAMPAIGNS, VALUES

ROOM = Room(text=640, card_title=20, card_subtitle=20, payload=40)
PLAIN = Campaign("n", "1084", "promotional", (Variant("A", "Hi {{first_name|there}}", 1.0),), ROOM)
PICTURE = Image(url="https://example.com/a.png")
LANES_AND_A_TAG = (*LANES, "tag:ACCOUNT_UPDATE")


def body(campaign: Campaign, lane: str = "standard_window", values: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the body of a send to a person who holds a token."""
    return send_body(campaign, "A", lane, psid="p1", token="t1", values=values or {}, metadata="m")


def worded(text: str, **more: Any) -> Campaign:
    """Return a campaign with that text."""
    return replace(PLAIN, variants=(Variant("A", text, 1.0),), **more)


@pytest.mark.parametrize(
    ("lane", "permission"),
    [
        ("standard_window", {"recipient": {"id": "p1"}, "messaging_type": "UPDATE"}),
        ("otn", {"recipient": {"one_time_notif_token": "t1"}}),
        ("marketing", {"recipient": {"notification_messages_token": "t1"}}),
        (
            "tag:ACCOUNT_UPDATE",
            {"recipient": {"id": "p1"}, "messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"},
        ),
    ],
)
def test_each_lane_claims_its_own_permission_and_no_other(lane: str, permission: dict[str, Any]) -> None:
    """A token goes without a type and a tag; all others name the person and what they claim."""
    assert body(PLAIN, lane) == {**permission, "message": {"text": "Hi there", "metadata": "m"}}


def test_utility_sends_the_template_with_its_parameters() -> None:
    """The approved words are Meta's; only what fills them goes along."""
    campaign = replace(PLAIN, utility=Utility("order_ready", "zh_TW", ("{{first_name|you}}", "42")))
    template = {"name": "order_ready", "language": {"code": "zh_TW"}}
    parameters = [{"type": "text", "text": "Mei"}, {"type": "text", "text": "42"}]

    assert body(campaign, "utility", {"first_name": "Mei"}) == {
        "recipient": {"id": "p1"},
        "messaging_type": "UTILITY",
        "message": {
            "template": {**template, "components": [{"type": "body", "parameters": parameters}]},
            "metadata": "m",
        },
    }
    bare = replace(PLAIN, utility=Utility("order_ready", "zh_TW"))
    assert body(bare, "utility")["message"]["template"] == template


def test_buttons_make_a_button_template() -> None:
    """With an address for one person, a payload and a telephone number; quick replies stand beside."""
    campaign = replace(
        PLAIN,
        buttons=(
            Button("web_url", "See", "https://example.com/?who={{first_name|}}"),
            Button("postback", "Ask", "ask:{{first_name|}}"),
            Button("phone_number", "Call", "+886227208889"),
        ),
        quick_replies=(QuickReply("No", "no:{{first_name|x}}", "https://example.com/n.png"), QuickReply("Yes", "yes")),
    )

    assert body(campaign, values={"first_name": "Mei & Li"})["message"] == {
        "attachment": {
            "type": "template",
            "payload": {
                "template_type": "button",
                "text": "Hi Mei & Li",
                "buttons": [
                    {"type": "web_url", "title": "See", "url": "https://example.com/?who=Mei%20%26%20Li"},
                    {"type": "postback", "title": "Ask", "payload": "ask:Mei%20%26%20Li"},
                    {"type": "phone_number", "title": "Call", "payload": "+886227208889"},
                ],
            },
        },
        "quick_replies": [
            {
                "content_type": "text",
                "title": "No",
                "payload": "no:Mei%20%26%20Li",
                "image_url": "https://example.com/n.png",
            },
            {"content_type": "text", "title": "Yes", "payload": "yes"},
        ],
        "metadata": "m",
    }


@pytest.mark.parametrize(
    ("image", "payload"),
    [
        (PICTURE, {"url": "https://example.com/a.png"}),
        (Image(attachment_id="42"), {"attachment_id": "42"}),
    ],
)
def test_a_picture_alone_is_an_attachment(image: Image, payload: dict[str, Any]) -> None:
    """By its address, or by the id under which Meta keeps it."""
    assert body(worded("", image=image))["message"] == {
        "attachment": {"type": "image", "payload": payload},
        "metadata": "m",
    }


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("Short", {"title": "Short"}),
        ("One line\nand another", {"title": "One line", "subtitle": "and another"}),
        ("These words do not go into one", {"title": "These words do not", "subtitle": "go into one"}),
        ("exactly twenty signs and more", {"title": "exactly twenty signs", "subtitle": "and more"}),
        ("越" * 30, {"title": "越" * 20, "subtitle": "越" * 10}),
    ],
)
def test_a_picture_with_a_text_is_a_card(text: str, card: dict[str, str]) -> None:
    """The platform has no message of both: the text becomes a title and the line below it."""
    button = Button("web_url", "See", "https://example.com")
    (element,) = body(worded(text, image=PICTURE, buttons=(button,)))["message"]["attachment"]["payload"]["elements"]

    assert element == {
        **card,
        "image_url": "https://example.com/a.png",
        "buttons": [{"type": "web_url", "title": "See", "url": "https://example.com"}],
    }


def test_what_does_not_fit_with_this_persons_values_is_refused() -> None:
    """Never cut: half a sentence is not what was approved."""
    long = {"first_name": "x" * 638}
    assert len(body(PLAIN, values={"first_name": "x" * 637})["message"]["text"]) == 640

    with pytest.raises(TooLong):
        body(PLAIN, values=long)
    with pytest.raises(TooLong):
        body(worded("Hi {{first_name}}", image=PICTURE), values={"first_name": "x" * 38})
    with pytest.raises(TooLong):
        body(replace(PLAIN, quick_replies=(QuickReply("No", "{{size}}"),)), values={"size": "&" * 14})
    with pytest.raises(MissingField):
        body(worded("{{first_name}}"))


def test_a_lane_without_what_it_needs_is_no_send() -> None:
    """No token, no template, no such lane: nothing is guessed."""
    with pytest.raises(ValueError, match="needs its token"):
        send_body(PLAIN, "A", "otn", psid="p1", token=None, values={}, metadata="m")
    with pytest.raises(ValueError, match="names no template"):
        body(PLAIN, "utility")
    with pytest.raises(ValueError, match="no lane window"):
        body(PLAIN, "window")


@given(CAMPAIGNS, st.sampled_from(LANES_AND_A_TAG), VALUES)
@settings(max_examples=100 if IS_DEEP else 40)
def test_whatever_is_sent_fits_and_goes_to_one(campaign: Campaign, lane: str, values: dict[str, str]) -> None:
    """Any campaign, any lane, any values: JSON in UTF-8, one recipient, no text longer than there is room."""
    try:
        made = body(campaign, lane, values)
    except (MissingField, TooLong):
        return

    assert json.loads(json.dumps(made, ensure_ascii=False).encode()) == made
    assert len(made["recipient"]) == 1
    message = made["message"]
    payload = message.get("attachment", {}).get("payload", {})
    assert len(message.get("text", payload.get("text", ""))) <= campaign.room.text
    for element in payload.get("elements", []):
        assert 0 < len(element["title"]) <= campaign.room.card_title
        assert len(element.get("subtitle", "")) <= campaign.room.card_subtitle
    assert all(len(reply["payload"]) <= campaign.room.payload for reply in message.get("quick_replies", []))
    assert message["metadata"] == "m"


@given(st.uuids().map(str), st.sampled_from(LANES_AND_A_TAG), st.text(st.characters(codec="utf-8"), min_size=1))
def test_metadata_is_read_back(send_id: str, lane: str, token: str) -> None:
    """A token's md5 is in it where the lane spends one, the token itself never."""
    metadata = metadata_of(send_id, lane, token)
    read = read_metadata(metadata)

    assert read is not None
    assert read[:2] == (send_id, lane)
    assert (read[2] is not None) == (lane in {"otn", "marketing"})
    assert len(metadata) < 1000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "clear-to-send/2 send=s lane=otn",
        "clear-to-send/1 send= lane=otn",
        "x clear-to-send/1 send=s lane=o",
    ],
)
def test_the_metadata_of_others_is_not_ours(text: str) -> None:
    """Another program's, another version's, and halves of ours."""
    assert read_metadata(text) is None


def test_the_warehouse_knows_the_token_by_the_metadata(home: Home, tmp_path: Path) -> None:
    """The echo of a send marks just the token that it spent."""
    metadata = metadata_of("s1", "otn", "tøken-1")
    items = [
        otn(ANNA, NOON, "tøken-1"),
        otn(ANNA, NOON, "token-2"),
        echo(ANNA, NOON + timedelta(hours=1), "m_1", metadata=metadata),
    ]
    home.load(write_lines(tmp_path / "log.jsonl", *(delivery(each) for each in items)))

    assert home.rows("SELECT token, state FROM tokens ORDER BY token") == [
        ("token-2", "available"),
        ("tøken-1", "spent"),
    ]
