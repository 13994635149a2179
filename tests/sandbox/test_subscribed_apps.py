"""The edge subscribed_apps, and what becomes of a Page whose webhooks do not arrive."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.policy import Policy
from tests.sandbox.serving import Clock, Sandbox, sandbox
from tests.sandbox.test_webhooks import ALL, kinds, receiver
from tests.sandbox.test_window import ANNA, PAGE, hours_ago, refusal

PATH = f"/v25.0/{PAGE}/subscribed_apps"
OTHER = "108555555555555"


@pytest.fixture
def posting(tmp_path: Path, clock: Clock) -> Iterator[tuple[Sandbox, list[Any], list[int]]]:
    """Return a sandbox that posts its webhooks, what arrives, and the statuses that come before the first 200."""
    answers: list[int] = []
    with (
        receiver(answers) as (url, arrived),
        sandbox(tmp_path / "home", clock=clock, people=[*ALL, "replies=0", "reacts=0"], webhook_url=url) as box,
    ):
        box.add(PAGE, ANNA, wrote_at=hours_ago(1))
        yield box, arrived, answers


def subscribed(box: Sandbox, page_id: str = PAGE) -> list[str]:
    """Return the fields that the edge tells; none where no application is listed."""
    apps = box.client.get(f"/v25.0/{page_id}/subscribed_apps?access_token=x").json()["data"]
    return [field for app in apps for field in app["subscribed_fields"]]


def is_failing(box: Sandbox) -> bool:
    """Whether webhooks of the Page do not arrive."""
    return bool(box.client.get("/sandbox/subscriptions").json()[PAGE]["failing_since"])


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _ in range(500):
        if is_so():
            return
        time.sleep(0.02)
    pytest.fail("It did not come about.")


def test_a_page_begins_with_every_field(box: Sandbox, policy: Policy, clock: Clock) -> None:
    """And so with all that Clear to Send needs."""
    box.add(PAGE, ANNA)

    fields = set(subscribed(box))

    assert fields == set(policy.rule("webhook.fields", clock()).value)
    assert fields >= set(policy.rule("webhook.fields.needed", clock()).value)


def test_an_application_leaves_and_comes_back(box: Sandbox) -> None:
    """Fields add up, whether they come as text, as a list, or in the address."""
    box.add(PAGE, ANNA)

    assert box.client.delete(f"{PATH}?access_token=x").json() == {"success": True}
    assert box.client.get(f"{PATH}?access_token=x").json() == {"data": []}
    box.post(PATH, {"subscribed_fields": "messages,message_echoes"})
    box.post(PATH, {"subscribed_fields": ["messaging_optins"]})
    assert box.post(f"{PATH}?subscribed_fields=standby,messages", {}).json() == {"success": True}
    assert subscribed(box) == ["message_echoes", "messages", "messaging_optins", "standby"]


def test_what_is_asked_wrongly_changes_nothing(box: Sandbox) -> None:
    """A missing field, one that does not exist, a token that is none: each in the API's own words."""
    box.add(PAGE, ANNA)
    before = subscribed(box)

    missing = box.post(PATH, {}).json()["error"]
    unknown = box.post(PATH, {"subscribed_fields": ["messages", "postcards"]}).json()["error"]

    assert (missing["code"], missing["message"]) == (100, "(#100) The parameter subscribed_fields is required.")
    assert (missing["type"], "fbtrace_id" in missing) == ("OAuthException", True)
    assert unknown["message"].startswith("(#100) Param subscribed_fields[1] must be one of {business_integrity, ")
    wrongs: list[Any] = [7, {}, [], "", "[", [[]]]
    for wrong in wrongs:
        assert refusal(box.post(PATH, {"subscribed_fields": wrong})) == (100, None)
    assert refusal(box.client.get(PATH)) == (190, None)
    assert refusal(box.client.delete(f"{PATH}?access_token=expired-x")) == (190, 463)
    assert refusal(box.client.delete(f"{PATH}?access_token=sandbox-999")) == (100, 33)
    assert refusal(box.client.put(f"{PATH}?access_token=x")) == (2500, None)
    assert subscribed(box) == before


def test_webhooks_come_for_what_is_subscribed_only(posting: tuple[Sandbox, list[Any], list[int]]) -> None:
    """A Page, and a field of it; what does not come is counted."""
    box, arrived, _ = posting
    box.add(OTHER, ANNA, wrote_at=hours_ago(1))
    control = {PAGE: ["message_echoes", "message_reads"], OTHER: []}
    shown = box.client.post("/sandbox/subscriptions", json=control).json()

    box.send(PAGE, {"id": ANNA})
    box.send(OTHER, {"id": ANNA})
    box.settle()

    bodies = [each for each, _ in arrived]
    assert shown[PAGE] == {"fields": control[PAGE], "failing_since": None}
    assert len(bodies) == 2
    assert all(PAGE.encode() in each for each in bodies)
    assert (box.stats()["webhooks"]["withheld"], subscribed(box, OTHER)) == (4, [])


def test_into_log_segments_everything_goes(box: Sandbox) -> None:
    """There nobody is called, so nobody needs a subscription."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(1))
    box.client.delete(f"{PATH}?access_token=x")

    box.send(PAGE, {"id": ANNA})

    assert kinds(box.webhooks()) == ["echo"]


@pytest.mark.parametrize("given", [[], {PAGE: "messages"}, {PAGE: ["postcards"]}, {PAGE: [{}]}, {"999": []}])
def test_the_control_says_what_it_cannot_read(box: Sandbox, given: Any) -> None:
    """And sets nothing."""
    box.add(PAGE, ANNA)

    answer = box.client.post("/sandbox/subscriptions", json=given)

    assert (answer.status_code, len(answer.json()["error"]) > 20) == (400, True)
    assert subscribed(box)


def test_an_hour_of_failures_ends_the_subscription(posting: tuple[Sandbox, list[Any], list[int]], clock: Clock) -> None:
    """Not 59 minutes; and somebody has to subscribe again."""
    box, arrived, answers = posting
    answers += [503] * 100

    box.send(PAGE, {"id": ANNA})
    until(lambda: is_failing(box))
    clock.advance(minutes=59)
    tries = len(answers)
    until(lambda: len(answers) < tries)
    assert subscribed(box)
    clock.advance(minutes=2)
    box.send(PAGE, {"id": ANNA})
    until(lambda: not subscribed(box))

    answers.clear()
    box.settle()
    told = len(arrived)
    box.send(PAGE, {"id": ANNA})
    box.settle()
    assert len(arrived) == told
    box.post(PATH, {"subscribed_fields": "message_echoes"})
    box.send(PAGE, {"id": ANNA})
    box.settle()
    assert len(arrived) == told + 1


def test_one_success_ends_a_run_of_failures(posting: tuple[Sandbox, list[Any], list[int]], clock: Clock) -> None:
    """The next failure begins another hour."""
    box, _, answers = posting
    answers += [500]
    box.send(PAGE, {"id": ANNA})
    box.settle()
    until(lambda: not is_failing(box))

    clock.advance(hours=2)
    answers += [500]
    box.send(PAGE, {"id": ANNA})
    box.settle()

    assert subscribed(box)
