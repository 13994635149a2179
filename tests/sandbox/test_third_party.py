"""A client library that somebody else wrote, pointed at the sandbox, works as against Meta."""

import json
from typing import Any

import pytest

from tests.sandbox.serving import Sandbox
from tests.sandbox.test_window import ANNA, PAGE, hours_ago

pyfacebook = pytest.importorskip("pyfacebook", reason="python-facebook-api is not installed")


@pytest.fixture
def api(box: Sandbox) -> Any:
    """Return the library's client."""
    made = pyfacebook.GraphAPI(
        access_token=f"sandbox-{PAGE}", base_url=f"{box.url}/", version="v24.0", sleep_on_rate_limit=False
    )
    made.session.trust_env = False
    yield made
    made.session.close()


def message(recipient: dict[str, str], **content: Any) -> dict[str, str]:
    """Return a message's fields as the library posts them: a form with JSON in it."""
    return {
        "recipient": json.dumps(recipient),
        "message": json.dumps({"text": "Hello", **content}),
        "messaging_type": "RESPONSE",
    }


def test_it_sends_and_reads_the_answer(box: Sandbox, api: Any) -> None:
    """By form, with the token among the fields."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(1))

    answer = api.post_object("me", "messages", data=message({"id": ANNA}, metadata="m1"))

    assert answer["recipient_id"] == ANNA
    assert [(each["mid"], each["metadata"]) for each in box.truth()] == [(answer["message_id"], "m1")]


@pytest.mark.parametrize(
    ("recipient", "code", "subcode"),
    [({"id": "404"}, 100, 2018001), ({"id": ANNA}, 10, 2018278), ({"one_time_notif_token": "none"}, 100, None)],
)
def test_it_understands_a_refusal(
    box: Sandbox, api: Any, recipient: dict[str, str], code: int, subcode: int | None
) -> None:
    """Code, subcode and words are where it looks for them."""
    box.add(PAGE, ANNA)

    with pytest.raises(pyfacebook.FacebookError) as refused:
        api.post_object(PAGE, "messages", data=message(recipient))

    assert refused.value.code == code
    assert getattr(refused.value, "error_subcode", None) == subcode
    assert refused.value.message.startswith(f"(#{code}) ")
    assert refused.value.fbtrace_id


def test_it_reads_the_page_and_how_much_is_used(box: Sandbox, api: Any) -> None:
    """The usage headers are in the form that it parses."""
    box.add(PAGE, ANNA)
    box.set("faults", usage=42)

    assert api.get_object(PAGE)["id"] == PAGE
    assert api.get_connection(PAGE, "subscribed_apps")["data"]
    assert api.rate_limit.get_limit().call_count == 42
    assert api.rate_limit.get_limit(PAGE, "messenger").max_percent() == 42
