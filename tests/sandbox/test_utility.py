"""Utility templates: made, approved, listed, filled in, sent."""

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.conftest import QUIET
from tests.sandbox.serving import Clock, Sandbox, sandbox
from tests.sandbox.test_window import ANNA, PAGE, refusal

ORDER: dict[str, Any] = {
    "name": "order_sent",
    "language": "en_US",
    "category": "UTILITY",
    "components": [
        {"type": "BODY", "text": "Order {{1}} is on its way to {{2}}."},
        {"type": "BUTTONS", "buttons": [{"type": "POSTBACK", "text": "Track"}]},
    ],
}
TEMPLATES = f"/v25.0/{PAGE}/message_templates"


def utility(*parameters: str, name: str = "order_sent", **more: Any) -> dict[str, Any]:
    """Return the fields of a message by template."""
    components = [{"type": "body", "parameters": [{"type": "text", "text": each} for each in parameters]}]
    asked = {"name": name, "language": {"code": "en_US"}, "components": components, **more}
    return {"messaging_type": "UTILITY", "message": {"template": asked}}


@pytest.fixture(autouse=True)
def anna(box: Sandbox) -> None:
    """Anna is known, and her window is closed."""
    box.add(PAGE, ANNA)


def test_a_template_is_approved_listed_and_sent(box: Sandbox) -> None:
    """Its variables are filled in; no window is asked for."""
    made = box.post(TEMPLATES, ORDER)

    assert made.json().keys() == {"id", "status", "category"}
    assert made.json()["status"] == "APPROVED"
    (listed,) = box.client.get(f"{TEMPLATES}?access_token=x").json()["data"]
    assert (listed["name"], listed["id"]) == ("order_sent", made.json()["id"])
    assert box.send(PAGE, {"id": ANNA}, **utility("17", "Taipei")).status_code == 200
    assert [(each["lane"], each["text"]) for each in box.truth()] == [("utility", "Order 17 is on its way to Taipei.")]


@pytest.mark.parametrize(
    ("wrong", "subcode"),
    [
        ({"category": "MARKETING"}, None),
        ({"name": "Order sent"}, None),
        ({"components": []}, None),
        ({"components": [*ORDER["components"], {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY"}]}]}, 2018416),
    ],
)
def test_a_template_may_be_refused(box: Sandbox, wrong: dict[str, Any], subcode: int | None) -> None:
    """Another category, a bad name, nothing to say, a quick reply."""
    assert refusal(box.post(TEMPLATES, {**ORDER, **wrong})) == (100, subcode)


def test_a_message_must_fit_its_template(box: Sandbox) -> None:
    """One that exists, with as many parameters and button payloads as it has."""
    box.post(TEMPLATES, ORDER)

    assert refusal(box.send(PAGE, {"id": ANNA}, **utility("17", "Taipei", name="no_such"))) == (100, None)
    assert refusal(box.send(PAGE, {"id": ANNA}, **utility("17"))) == (100, None)
    two = [{"type": "body", "parameters": [{"text": "1"}, {"text": "2"}]}, {"type": "button"}, {"type": "button"}]
    assert refusal(box.send(PAGE, {"id": ANNA}, **utility(components=two))) == (100, 1893029)
    assert refusal(box.send(PAGE, {"id": ANNA}, messaging_type="UTILITY")) == (100, None)
    assert refusal(box.send(PAGE, {"id": ANNA}, message=utility("1", "2")["message"])) == (100, None)


@pytest.mark.parametrize(("zone", "works"), [("America/New_York", True), ("Europe/Berlin", False)])
def test_utility_messages_go_where_they_are_offered(box: Sandbox, zone: str, works: bool) -> None:
    """A person whose region is known to be elsewhere gets none."""
    box.post(TEMPLATES, ORDER)
    box.add(PAGE, ANNA, marketing_token="M1", timezone=zone)

    answer = box.send(PAGE, {"id": ANNA}, **utility("17", "Taipei"))

    assert (answer.status_code == 200) == works
    assert works or refusal(answer) == (10, None)


def test_a_template_outlives_a_restart(box: Sandbox, tmp_path: Path, clock: Clock) -> None:
    """The webhook that told of its approval stands in the logs."""
    box.post(TEMPLATES, ORDER)
    assert [each["field"] for each in box.webhooks()] == ["message_template_status_update"]
    clock.advance(minutes=1)

    with sandbox(tmp_path / "home", clock=clock, people=QUIET, truth=tmp_path / "other.jsonl") as again:
        again.add(PAGE, ANNA)

        assert again.send(PAGE, {"id": ANNA}, **utility("17", "Taipei")).status_code == 200
