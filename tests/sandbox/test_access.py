"""How the API is called: access tokens, versions, forms, proofs, other edges."""

import hashlib
import hmac
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.sandbox.conftest import QUIET
from tests.sandbox.serving import Sandbox, sandbox
from tests.sandbox.test_window import ANNA, PAGE, hours_ago, refusal

HELLO = {"recipient": {"id": ANNA}, "message": {"text": "Hello"}}


@pytest.fixture(autouse=True)
def anna(box: Sandbox) -> None:
    """Anna wrote an hour ago."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(1))


def test_the_token_may_come_in_three_ways(box: Sandbox) -> None:
    """As a header, in the query, among the fields."""
    path = f"/v25.0/{PAGE}/messages"

    assert box.client.post(path, json=HELLO, headers={"Authorization": "Bearer abc"}).status_code == 200
    assert box.client.post(f"{path}?access_token=abc", json=HELLO).status_code == 200
    assert box.client.post(path, json={**HELLO, "access_token": "abc"}).status_code == 200


def test_without_a_good_token_nothing_goes(box: Sandbox) -> None:
    """None, an expired one, one of another Page."""
    path = f"/v25.0/{PAGE}/messages"

    assert refusal(box.client.post(path, json=HELLO)) == (190, None)
    assert refusal(box.client.post("/v25.0/me/messages", json=HELLO)) == (2500, None)
    assert refusal(box.post(path, HELLO, token="expired-abc")) == (190, 463)
    assert refusal(box.post(path, HELLO, token="sandbox-999")) == (100, 33)
    assert refusal(box.post("/v25.0/999/messages", HELLO)) == (100, 33)
    assert box.truth() == []


def test_me_is_the_page_of_the_token(box: Sandbox) -> None:
    """Or the only Page there is."""
    assert box.post("/v25.0/me/messages", HELLO).status_code == 200
    box.add("2", "77")

    assert refusal(box.post("/v25.0/me/messages", HELLO)) == (100, 33)
    assert box.post("/v25.0/me/messages", HELLO, token=f"sandbox-{PAGE}").status_code == 200
    assert box.client.get(f"/v25.0/me?access_token=sandbox-{PAGE}").json()["id"] == PAGE


@pytest.mark.parametrize(
    ("version", "code"),
    [("v26.0/", 0), ("v21.0/", 0), ("", 0), ("v20.0/", 2635), ("v2.6/", 2635), ("v99.0/", 2500)],
)
def test_a_version_has_its_days(box: Sandbox, version: str, code: int) -> None:
    """One that has ended is refused, and so is one that does not exist."""
    answer = box.post(f"/{version}{PAGE}/messages", HELLO)

    assert answer.status_code == 200 if code == 0 else refusal(answer) == (code, None)


def test_a_form_holds_objects_as_json(box: Sandbox) -> None:
    """So do third parties' clients send."""
    form = {name: json.dumps(value) for name, value in HELLO.items()} | {"messaging_type": "RESPONSE"}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    for body in (urlencode(form), urlencode({**form, "message": '{"text": "H\u00e4llo \u2764"}'})):
        path = f"/v25.0/{PAGE}/messages?access_token=x"
        assert box.client.post(path, content=body, headers=headers).status_code == 200
    assert [each["text"] for each in box.truth()] == ["Hello", "H\u00e4llo \u2764"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[1]", "application/json"),
        (b"\xff\xfe=1", "application/x-www-form-urlencoded"),
        (b"--x--", "multipart/form-data; boundary=x"),
        (b"", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"recipient": {"id": "24000000000000001"}, "message": {"text": "\\ud83d"}}', "application/json"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_bad_parameter(box: Sandbox, body: bytes, kind: str) -> None:
    """Never a failure of the server."""
    path = f"/v25.0/{PAGE}/messages?access_token=x"

    assert refusal(box.client.post(path, content=body, headers={"Content-Type": kind})) == (100, None)


def test_a_proof_must_be_right(tmp_path: Path) -> None:
    """Where the application's secret is known."""
    with sandbox(tmp_path / "proof", people=QUIET, secret="shh") as box:
        box.add(PAGE, ANNA, wrote_at=hours_ago(1))
        right = hmac.new(b"shh", b"any", hashlib.sha256).hexdigest()

        assert box.send(PAGE, {"id": ANNA}, appsecret_proof=right).status_code == 200
        assert refusal(box.send(PAGE, {"id": ANNA}, appsecret_proof="0" * 64)) == (100, None)


def test_what_there_is_not_is_an_unknown_path(box: Sandbox) -> None:
    """In the API's own words, whatever the method."""
    assert refusal(box.post(f"/v25.0/{PAGE}/feed", {})) == (2500, None)
    assert refusal(box.client.delete(f"/v25.0/{PAGE}/messages?access_token=x")) == (2500, None)
    assert box.client.get("/").status_code == 400


def test_every_answer_tells_how_much_is_used(box: Sandbox) -> None:
    """In percent of what a day allows: 200 calls for each person."""
    for _ in range(4):
        answer = box.send(PAGE, {"id": ANNA})

    assert json.loads(answer.headers["x-app-usage"])["call_count"] == 2
    ((case,),) = json.loads(answer.headers["x-business-use-case-usage"]).values()
    assert (case["type"], case["call_count"], case["estimated_time_to_regain_access"]) == ("messenger", 2, 0)
    assert "x-app-usage" in box.post("/v25.0/999/messages", HELLO).headers
