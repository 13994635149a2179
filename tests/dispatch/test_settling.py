"""Messages whose answers were lost: settled by their echo, by their token or by a person, never by a guess."""

import time

import pytest
from sqlalchemy import Engine

from pipelines.ledger import campaigns, sends
from tests.dispatch.sending import Dispatching, crowd, dispatching, introduce, launch, rows, send_all, tally, wait_for
from tests.sandbox.serving import Clock, Sandbox

COUNT = 12
"""Fewer than the breaker takes for an outage."""


def broadcast(ledger: Engine, box: Sandbox, tokens: int = 0, **faults: float) -> None:
    """Launch a small campaign into a sandbox in which something goes wrong."""
    people = crowd(COUNT, tokens=tokens)
    introduce(box, people)
    launch(ledger, people)
    box.set("faults", **faults)


def people_reached(box: Sandbox) -> int:
    """Return how many got a message; each of them got one."""
    people = [each["psid"] for each in box.truth()]
    assert len(people) == len(set(people))
    return len(people)


@pytest.mark.parametrize(
    ("tokens", "fault"),
    [
        (0, "drop_after"), (COUNT, "garbled"),
        pytest.param(COUNT, "drop_after", marks=pytest.mark.deep), pytest.param(0, "garbled", marks=pytest.mark.deep),
    ],
)  # fmt: skip
def test_an_echo_says_that_a_message_arrived(
    ledger: Engine, box: Sandbox, clock: Clock, tokens: int, fault: str
) -> None:
    """Whatever the lane; and nothing is tried again."""
    broadcast(ledger, box, tokens, **{fault: 1})
    send_all(ledger, box, clock, settle_after=20)

    assert people_reached(box) == COUNT
    assert set(rows(ledger, "state", "settled_by", "attempts")) == {("accepted", "echo", 1)}
    assert {mid for (mid,) in rows(ledger, "mid")} == {each["mid"] for each in box.truth()}
    assert campaigns.get(ledger, "shoes").state == "done"


@pytest.mark.parametrize("fault", ["drop_after", "drop_before", pytest.param("server_error", marks=pytest.mark.deep)])
def test_a_token_that_is_tried_again_says_it(ledger: Engine, box: Sandbox, clock: Clock, fault: str) -> None:
    """It works once: either the first try had arrived, or the second one does. No echo is needed."""
    broadcast(ledger, box, COUNT, lose_webhooks=1, **{fault: 1})
    with dispatching(ledger, box, clock) as sending:
        wait_for(lambda: tally(ledger) == {"unconfirmed": COUNT})
        box.set("faults", **{fault: 0})
        sending.end()

    assert people_reached(box) == COUNT
    assert set(rows(ledger, "state", "settled_by")) == {("accepted", "token")}
    assert campaigns.get(ledger, "shoes").state == "done", "a token that turns out to be used is no refusal"


@pytest.mark.parametrize("fault", ["drop_before", pytest.param("drop_after", marks=pytest.mark.deep)])
def test_a_person_settles_what_nothing_else_can(ledger: Engine, box: Sandbox, clock: Clock, fault: str) -> None:
    """A message by an open window would arrive twice: without an echo it stays as it is until somebody looks."""
    broadcast(ledger, box, lose_webhooks=1, **{fault: 1})
    send_all(ledger, box, clock)
    assert tally(ledger) == {"unconfirmed": COUNT}
    assert people_reached(box) == (COUNT if fault == "drop_after" else 0)
    box.set("faults", **{fault: 0})
    record = campaigns.get(ledger, "shoes")
    sends.settle(ledger, record, [], arrived=fault == "drop_after", by="Rita", now=clock(), why="seen in the inbox")
    send_all(ledger, box, clock)

    assert people_reached(box) == COUNT
    assert tally(ledger) == {"accepted": COUNT}
    assert {by for (by,) in rows(ledger, "settled_by")} == {"Rita"} if fault == "drop_after" else {"Rita", None}


def test_a_token_is_not_tried_for_ever(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """When no try gets an answer the dispatcher ends, and a person is to look."""
    people = crowd(1, tokens=1)
    introduce(box, people)
    launch(ledger, people)
    box.set("faults", drop_before=1)
    with dispatching(ledger, box, clock) as sending:
        while sending.is_running:
            clock.advance(minutes=10)
            time.sleep(0.05)

    assert rows(ledger, "state", "attempts") == [("unconfirmed", 12)]
    assert campaigns.get(ledger, "shoes").state == "sending"


def test_an_outage_does_not_make_a_whole_audience_unconfirmed(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """After twenty lost answers in a row the campaign asks for a person."""
    people = crowd(60)
    introduce(box, people)
    launch(ledger, people)
    box.set("faults", drop_before=1)
    send_all(ledger, box, clock)

    counts = tally(ledger)
    assert 20 <= counts["unconfirmed"] <= 22
    assert counts["queued"] == 60 - counts["unconfirmed"]
    assert "20 messages in a row got no answer" in campaigns.get(ledger, "shoes").state_why


def test_a_platform_that_cannot_be_reached_is_waited_for(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """A message that never left is tried again, later and later; nobody is lost, and nothing is unconfirmed."""
    people = crowd(5)
    introduce(box, people)
    launch(ledger, people)
    nobody = Dispatching(ledger, "http://127.0.0.1:9", box.home / "logs", clock, until_empty=False).start()

    def were_tried_again() -> bool:
        clock.advance(seconds=2)
        return all(attempts > 1 for (attempts,) in rows(ledger, "attempts")[:3])

    wait_for(were_tried_again)
    nobody.stop()
    assert {state for (state,) in rows(ledger, "state")} == {"queued"}
    assert {reason for (reason,) in rows(ledger, "reason")} <= {"not_sent", None}
    clock.advance(minutes=10)
    send_all(ledger, box, clock)

    assert tally(ledger) == {"accepted": 5}


def test_what_passes_is_tried_again(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """A refusal that Meta calls transient costs nobody the message."""
    broadcast(ledger, box, 6, transient=0.4)
    with dispatching(ledger, box, clock) as sending:
        while sending.is_running:
            clock.advance(seconds=30)
            time.sleep(0.3)

    assert people_reached(box) == COUNT
    assert tally(ledger) == {"accepted": COUNT}


@pytest.mark.deep
def test_a_hiccup_that_does_not_pass_does_not_use_up_the_audience(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """Whoever was tried twelve times is given up; after twenty of them a person is asked, and the rest is kept."""
    people = crowd(60)
    introduce(box, people)
    launch(ledger, people)
    box.set("faults", transient=1)
    with dispatching(ledger, box, clock) as sending:
        while sending.is_running:
            clock.advance(minutes=10)
            time.sleep(0.1)

    counts = tally(ledger)
    assert 20 <= counts["failed"] <= 22
    assert counts["queued"] == 60 - counts["failed"]
    assert "20 of the last 20 messages were refused" in campaigns.get(ledger, "shoes").state_why
