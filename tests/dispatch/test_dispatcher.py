"""A dispatcher against a sandbox: what goes out, when, how fast, and what stops it."""

import asyncio
import json
import time
from datetime import time as clock_time
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from pipelines.dispatch.canary import CANARIES
from pipelines.ledger import campaigns
from pipelines.plan.campaign import QuietHours
from tests.dispatch.graph_server import saying, serving
from tests.dispatch.sending import (
    PAGE,
    Dispatching,
    Person,
    brakes,
    crowd,
    dispatching,
    introduce,
    launch,
    rows,
    send_all,
    tally,
    wait_for,
)
from tests.sandbox.serving import START, Clock, Sandbox

OTHER_PAGE = "109555555555555"


def why(ledger: Engine, campaign_id: str = "shoes") -> str:
    """Return why a campaign is where it is."""
    return campaigns.get(ledger, campaign_id).state_why


def test_each_person_gets_the_message_once_by_their_own_lane(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """And the ledger says what people really received."""
    people = [*crowd(30, tokens=15), *crowd(20, page_id=OTHER_PAGE, first=101)]
    introduce(box, people)
    launch(ledger, people[:30])
    launch(ledger, people[30:], "boots")
    send_all(ledger, box, clock)

    truth = box.truth()
    assert sorted((each["psid"], each["lane"], each["mid"]) for each in truth) == sorted(
        rows(ledger, "psid", "lane", "mid")
    )
    assert tally(ledger) | tally(ledger, "boots") == {"accepted": 20}
    assert len(truth) == 50
    assert [record.state for record in campaigns.every(ledger)] == ["done", "done"]


@pytest.mark.slow
def test_no_second_holds_more_than_the_rate(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """Counted where requests arrive, with answers that come late."""
    people = crowd(60)
    introduce(box, people)
    launch(ledger, people)
    with dispatching(ledger, box, clock, rate=15) as sending:
        for latency in (0.05, 0.4, 0, 0.2, 0.01):
            box.set("faults", latency=latency)
            time.sleep(0.6)
        sending.end()

    assert tally(ledger) == {"accepted": 60}
    assert box.stats()["pages"][PAGE]["highest_in_a_second"] <= 15


@pytest.mark.parametrize("tokens", [0, 40])
def test_a_lane_that_does_not_work_is_not_used_up(ledger: Engine, box: Sandbox, clock: Clock, tokens: int) -> None:
    """The sandbox knows none of the tokens, and nobody's window: only so many find it out."""
    people = crowd(40, tokens=tokens)
    introduce(box, crowd(1, first=999))
    launch(ledger, people)
    send_all(ledger, box, clock)

    asked = box.stats()["pages"][PAGE]["requests"]
    assert asked <= (5 if tokens else 20) + CANARIES - 1
    assert tally(ledger) == {"refused": asked, "queued": 40 - asked}
    assert campaigns.get(ledger, "shoes").state == "paused"
    assert ("3 tokens in a row" if tokens else "20 of the last 20 messages were refused") in why(ledger)


def test_the_rest_of_a_lane_waits_for_its_first_three(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """While their answers are awaited nobody else's message leaves."""
    people = crowd(20, tokens=10)
    introduce(box, people)
    launch(ledger, people)
    box.set("faults", latency=3)
    with dispatching(ledger, box, clock) as sending:
        wait_for(lambda: box.stats()["requests"] == 2 * CANARIES)
        time.sleep(0.5)
        assert box.stats()["requests"] == 2 * CANARIES
        assert tally(ledger) == {"sending": 2 * CANARIES, "queued": 20 - 2 * CANARIES}
        box.set("faults", latency=0)
        sending.end()

    assert tally(ledger) == {"accepted": 20}


@pytest.mark.slow
def test_a_page_whose_allowance_is_nearly_used_rests_before_meta_refuses(
    ledger: Engine, box: Sandbox, clock: Clock
) -> None:
    """Meta's headers say 85 percent: nothing was refused, and nothing more is called for now."""
    people = crowd(10)
    introduce(box, people)
    box.set("faults", usage=85)
    launch(ledger, people)
    with dispatching(ledger, box, clock, until_empty=False):
        wait_for(lambda: bool(brakes(ledger)))
        wait_for(lambda: "sending" not in tally(ledger))
        stats = box.stats()["pages"][PAGE]

    assert (stats["refused"], stats["requests"] <= CANARIES) == ({}, True)
    assert tally(ledger) == {"accepted": stats["requests"], "queued": 10 - stats["requests"]}
    assert "nearly all of its allowance" in brakes(ledger)[0][2]


def test_a_throttled_page_rests(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """No send is held against it, the other Page goes on, and the brake stands in the ledger for every dispatcher."""
    people, others = crowd(10), crowd(10, page_id=OTHER_PAGE)
    introduce(box, [*people, *others])
    box.set("faults", throttle=1)
    launch(ledger, people)
    with dispatching(ledger, box, clock, until_empty=False):
        wait_for(lambda: bool(brakes(ledger)))
        box.set("faults", throttle=0)
        asked = box.stats()["pages"][PAGE]["requests"]
        launch(ledger, others, "boots")
        wait_for(lambda: tally(ledger, "boots") == {"accepted": 10})
        assert box.stats()["pages"][PAGE]["requests"] == asked <= CANARIES
    assert tally(ledger) == {"queued": 10}
    assert set(rows(ledger, "campaign_id", "attempts")) == {("shoes", 0), ("boots", 1)}
    with dispatching(ledger, box, clock, until_empty=False) as sending:
        time.sleep(1.5)
        assert box.stats()["pages"][PAGE]["requests"] == asked, "another dispatcher heeds it too"
        clock.advance(minutes=2)
        wait_for(lambda: tally(ledger) == {"accepted": 10})
        assert sending.is_running

    ((page_id, until, _),) = brakes(ledger)
    assert page_id == PAGE
    assert until > START + timedelta(seconds=30)


@pytest.mark.parametrize("fault", ["token_expired", pytest.param("page_restricted", marks=pytest.mark.deep)])
def test_a_page_that_may_not_send_pauses_all_its_campaigns(
    ledger: Engine, box: Sandbox, clock: Clock, fault: str
) -> None:
    """No send is lost, nor held against: with a new token all of them go out."""
    people = crowd(20, tokens=10)
    introduce(box, people)
    launch(ledger, people[:14])
    launch(ledger, people[14:], "boots")
    box.set("faults", **{fault: 1})
    send_all(ledger, box, clock)

    assert [record.state for record in campaigns.every(ledger)] == ["paused", "paused"]
    assert {"token_expired": "access token has expired", "page_restricted": "restricted"}[fault] in why(ledger)
    assert why(ledger) == why(ledger, "boots")
    assert set(rows(ledger, "state", "attempts")) == {("queued", 0)}
    box.set("faults", **{fault: 0})
    for campaign_id in ("shoes", "boots"):
        campaigns.change(ledger, campaign_id, "sending", "Rita", clock(), "mended", "campaign_resumed")
    send_all(ledger, box, clock)
    assert set(rows(ledger, "state")) == {("accepted",)}


def test_an_answer_that_nobody_knows_stops_the_campaign(ledger: Engine, clock: Clock, tmp_path: Path) -> None:
    """It asks for a person, and loses nothing."""
    launch(ledger, crowd(30))

    async def send() -> int:
        body = json.dumps({"error": {"code": 4711, "error_subcode": 7, "message": "?"}}).encode()
        async with serving(saying(400, body)) as graph:
            await asyncio.to_thread(Dispatching(ledger, graph.url, tmp_path, clock).start().end)
            return len(graph.seen)

    assert asyncio.run(send()) <= CANARIES
    assert tally(ledger) == {"queued": 30}
    assert "error 4711/7, unknown here. A person must look at it" in why(ledger)


def test_a_page_without_an_access_token_waits_for_one(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """The sentence names the setting, and the other Page is sent for."""
    people, others = crowd(5), crowd(5, page_id=OTHER_PAGE)
    introduce(box, [*people, *others])
    launch(ledger, people)
    launch(ledger, others, "boots")
    send_all(ledger, box, clock, token_of=lambda page: SecretStr("EAAG") if page == OTHER_PAGE else None)

    assert tally(ledger) == {"queued": 5}
    assert tally(ledger, "boots") == {"accepted": 5}
    assert "[access_tokens] in settings.toml" in why(ledger)


def test_an_access_token_of_a_wrong_form_stops_its_page_alone(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """And is not repeated."""
    people, others = crowd(5), crowd(5, page_id=OTHER_PAGE)
    introduce(box, [*people, *others])
    launch(ledger, people)
    launch(ledger, others, "boots")
    send_all(ledger, box, clock, token_of=lambda page: SecretStr("EAAG " if page == PAGE else "EAAG"))

    assert tally(ledger, "boots") == {"accepted": 5}
    assert why(ledger).startswith(f"The access token of the Page {PAGE} is empty, or holds a space")
    assert "EAAG" not in why(ledger)


def test_what_no_longer_may_go_does_not_go(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """A permission that ended before its turn came costs no call."""
    people = [Person("24001", until=START - timedelta(seconds=1)), *crowd(3)]
    introduce(box, people)
    launch(ledger, people)
    send_all(ledger, box, clock)

    assert rows(ledger, "state", "reason", "attempts")[0] == ("failed", "permission_ended", 0)
    assert tally(ledger) == {"accepted": 3, "failed": 1}
    assert box.stats()["requests"] == 3


def test_nothing_goes_out_after_the_last_moment(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """It passes while the campaign is being sent."""
    people = crowd(60)
    introduce(box, people)
    launch(ledger, people, not_after=START + timedelta(minutes=10))
    with dispatching(ledger, box, clock, rate=10) as sending:
        wait_for(lambda: tally(ledger).get("accepted", 0) >= 12)
        clock.advance(minutes=10)
        asked = box.stats()["requests"]
        sending.end()

    counts = tally(ledger)
    assert box.stats()["requests"] <= asked + 3, "those that were on their way when it passed"
    assert counts["accepted"] + counts["failed"] == 60
    assert ("failed", "too_late") in rows(ledger, "state", "reason")
    assert campaigns.get(ledger, "shoes").state == "done"


def test_nothing_goes_out_before_the_first_moment(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """It is waited for."""
    people = crowd(5)
    introduce(box, people)
    launch(ledger, people, start_at=START + timedelta(minutes=10))
    with dispatching(ledger, box, clock) as sending:
        time.sleep(2)
        assert box.stats()["requests"] == 0
        clock.advance(minutes=10)
        sending.end()

    assert tally(ledger) == {"accepted": 5}


def test_whoever_is_in_quiet_hours_gets_it_after_them(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """At noon UTC it is evening in Taipei and one o'clock in Berlin."""
    people = [*crowd(5), *crowd(5, first=6, zone="Europe/Berlin")]
    introduce(box, people)
    launch(ledger, people, quiet_hours=QuietHours(clock_time(19), clock_time(21)))
    with dispatching(ledger, box, clock) as sending:
        wait_for(lambda: tally(ledger).get("accepted") == 5)
        time.sleep(0.5)
        assert set(rows(ledger, "zone", "state")) == {("Asia/Taipei", "queued"), ("Europe/Berlin", "accepted")}
        clock.advance(hours=1, minutes=1)
        sending.end()

    assert tally(ledger) == {"accepted": 10}
