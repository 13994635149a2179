"""What goes wrong on purpose, and the limits that the sandbox holds by itself."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.errors import UsageError
from tests.sandbox.conftest import QUIET
from tests.sandbox.serving import Sandbox, sandbox
from tests.sandbox.test_window import ANNA, PAGE, hours_ago, refusal

TOKEN = {"one_time_notif_token": "T1"}


@pytest.fixture(autouse=True)
def anna(box: Sandbox) -> None:
    """Anna wrote an hour ago and gave a token."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(1), otn_token="T1")


@pytest.mark.parametrize(
    ("fault", "refusals"),
    [
        ("transient", {(2, None)}),
        ("throttle", {(613, None), (80006, None), (4, None)}),
        ("token_expired", {(190, 463)}),
        ("page_restricted", {(10, 1893063)}),
        ("blocked", {(551, 1545041)}),
    ],
)
def test_a_refusal_on_purpose_accepts_nothing(box: Sandbox, fault: str, refusals: set[Any]) -> None:
    """Once the fault is over the same token works."""
    box.set("faults", **{fault: 1})

    answers = [box.send(PAGE, TOKEN) for _ in range(3)]

    assert {refusal(each) for each in answers} == refusals
    assert answers[0].json()["error"].get("is_transient", False) == (fault == "transient")
    assert box.truth() == []
    box.set("faults", **{fault: 0})
    assert box.send(PAGE, TOKEN).status_code == 200


def test_a_server_error_is_no_json_and_accepts_nothing(box: Sandbox) -> None:
    """As from a proxy on the way."""
    box.set("faults", server_error=1)

    answer = box.send(PAGE, TOKEN)

    assert answer.status_code == 503
    assert answer.text.startswith("<html>")
    assert box.truth() == []


@pytest.mark.parametrize(("fault", "received"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_connection_gives_no_answer(box: Sandbox, fault: str, received: int) -> None:
    """The client cannot tell whether the message went out; the truth file can."""
    box.set("faults", **{fault: 1})

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        box.send(PAGE, TOKEN)

    box.set("faults", **{fault: 0})
    assert len(box.truth()) == received
    assert box.send(PAGE, TOKEN).status_code == (400 if received else 200)
    assert box.stats()["faults"] == {fault: 1}


def test_a_garbled_answer_comes_although_the_message_went_out(box: Sandbox) -> None:
    """The echo tells, and so does the token's next use."""
    box.set("faults", garbled=1)

    assert refusal(box.send(PAGE, TOKEN, message={"text": "Hello", "metadata": "send-1"})) == (1, 1357046)

    assert [each["metadata"] for each in box.truth()] == ["send-1"]
    assert [each["message"]["metadata"] for each in box.webhooks()] == ["send-1"]
    assert box.stats()["refused"] == {}


def test_latency_holds_an_answer_back_and_no_other_call(box: Sandbox) -> None:
    """Ten calls wait at the same time."""
    box.set("faults", latency=0.3)
    with ThreadPoolExecutor(10) as pool:
        began = time.monotonic()
        answers = list(pool.map(lambda _: box.send(PAGE, {"id": ANNA}), range(10)))
        took = time.monotonic() - began

    assert {each.status_code for each in answers} == {200}
    assert 0.3 <= took < 10 * 0.3


def test_faults_come_at_their_rate(tmp_path: Path) -> None:
    """The same seed draws the same faults in the same order."""

    def codes(name: str, seed: int) -> list[int]:
        with sandbox(tmp_path / name, people=QUIET, faults=["transient=0.3"], seed=seed) as box:
            box.add(PAGE, ANNA, wrote_at=hours_ago(1))
            return [box.send(PAGE, {"id": ANNA}).status_code for _ in range(100)]

    once = codes("a", 1)
    assert 10 <= once.count(500) <= 50
    assert once == codes("b", 1)
    assert once != codes("c", 2)


def test_usage_can_be_shown_higher_than_it_is(box: Sandbox) -> None:
    """So that a sender slows down before it is refused."""
    box.set("faults", usage=85, throttle=1, regain=7)

    refused = box.send(PAGE, {"id": ANNA}).headers
    box.set("faults", throttle=0)
    taken = box.send(PAGE, {"id": ANNA}).headers

    assert json.loads(taken["x-app-usage"])["call_count"] == 85
    ((case,),) = json.loads(refused["x-business-use-case-usage"]).values()
    assert (case["call_count"], case["estimated_time_to_regain_access"]) == (100, 7)


def test_a_day_has_two_hundred_calls_for_each_person(box: Sandbox) -> None:
    """Then the Page waits, and is told how long."""
    codes = [box.send(PAGE, {"id": "404"}).json()["error"]["code"] for _ in range(201)]

    assert codes[199:] == [100, 80006]
    ((case,),) = json.loads(box.send(PAGE, {"id": ANNA}).headers["x-business-use-case-usage"]).values()
    assert case["call_count"] >= 100
    assert 0 < case["estimated_time_to_regain_access"] <= 24 * 60 + 1


def test_the_numbers_add_up(box: Sandbox) -> None:
    """Accepted, refused by code, requests, and the most within one second."""
    for recipient in ({"id": ANNA}, {"id": "404"}, TOKEN, TOKEN):
        box.send(PAGE, recipient)

    numbers = box.stats()

    assert (numbers["requests"], numbers["accepted"]) == (4, 2)
    assert numbers["refused"] == {"100/2018001": 1, "100": 1}
    assert numbers["pages"][PAGE]["lanes"] == {"standard_window": 1, "otn": 1}
    assert 1 <= numbers["pages"][PAGE]["highest_in_a_second"] <= 4


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        (["meteor=1"], "There are: latency, drop_before"),
        (["transient=2"], "a rate from 0 to 1"),
        (["transient"], "a rate from 0 to 1"),
        (["transient=nan"], "a rate from 0 to 1"),
        (["latency=-1"], "a number from 0 on"),
    ],
)
def test_a_fault_that_is_not_known_is_told(tmp_path: Path, faults: list[str], said: str) -> None:
    """With all the names there are, or what a rate is."""
    with pytest.raises(UsageError, match=said), sandbox(tmp_path / "other", faults=faults):
        pass


def test_what_is_set_while_it_runs_is_checked_too(box: Sandbox) -> None:
    """A sentence, and nothing changes."""
    for path, body in (("faults", {"meteor": 1}), ("habits", {"reads": 7}), ("people", {"psid": "1"})):
        answer = box.client.post(f"/sandbox/{path}", json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert box.client.get("/sandbox/faults").json() == {}
    assert box.client.get("/sandbox/habits").json()["reads"] == 0.6
