"""Whatever a client sends, the answer is Graph's: never a failure of the server."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.conftest import QUIET
from tests.sandbox.serving import Sandbox, sandbox
from tests.sandbox.test_window import ANNA, PAGE, hours_ago

WORDS = st.sampled_from(
    ["RESPONSE", "MESSAGE_TAG", "UTILITY", "HUMAN_AGENT", "image", "template", "button", "generic", "text", "T1", ANNA,
     "one_time_notif_req", "notification_messages", "typing_on", "https://a.example/b.png?megabytes=9", "order_sent"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["id", "one_time_notif_token", "notification_messages_token", "comment_id", "text", "attachment", "template",
     "type", "payload", "template_type", "title", "buttons", "elements", "quick_replies", "content_type", "metadata",
     "url", "attachment_id", "is_reusable", "name", "language", "code", "components", "parameters", "feedback_screens"]
)  # fmt: skip
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    WORDS,
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)), max_leaves=8
)
TOP = ["recipient", "message", "messaging_type", "tag", "notification_type", "sender_action", "name", "language",
       "category", "components", "subscribed_fields", "access_token", "appsecret_proof"]  # fmt: skip
KNOWN = st.sampled_from([{"id": ANNA}, {"one_time_notif_token": "T1"}])


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Return one sandbox for all examples."""
    with sandbox(tmp_path_factory.mktemp("asked"), people=QUIET, secret="shh") as box:
        box.add(PAGE, ANNA, wrote_at=hours_ago(1), otn_token="T1")
        for number in range(50):
            box.add(PAGE, str(number))  # each person is worth 200 calls a day
        yield box


@settings(max_examples=40)
@given(
    edge=st.sampled_from(["messages"] * 5 + ["message_attachments", "message_templates", "subscribed_apps", ""]),
    fields=st.dictionaries(st.sampled_from(TOP), VALUES, max_size=4),
    recipient=st.one_of(st.none(), KNOWN),
    message=st.one_of(st.none(), st.dictionaries(KEYS, VALUES, max_size=3)),
)
def test_every_body_gets_an_answer(
    asked: Sandbox, edge: str, fields: dict[str, Any], recipient: Any, message: Any
) -> None:
    """An answer or an error, with JSON in it."""
    given_parts = {"recipient": recipient, "message": message}
    body = fields | {name: value for name, value in given_parts.items() if value is not None}

    answer = asked.post(f"/v25.0/{PAGE}/{edge}", body)

    assert answer.status_code in {200, 400, 403}, answer.text
    assert ("error" in answer.json()) == (answer.status_code != 200)
