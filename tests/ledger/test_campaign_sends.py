"""What a launch reserves, what stops it, and what becomes of sends of which nobody knows whether they arrived."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from pipelines.errors import Refused, UsageError
from pipelines.ledger import campaigns, chain, queue, sends
from pipelines.ledger.queue import Result
from tests.ledger.broadcasts import AUTHOR, NOW, OTHER, approved, last_entry, launched, row, send_ids, state


def lose_answer(ledger: Engine) -> list[int]:
    """Let all sends of a campaign go out and none of their answers come back."""
    ids = send_ids(ledger)
    with ledger.begin() as connection:
        assert queue.start(connection, ids, NOW) == set(ids)
        assert queue.orphaned(connection, "1084", NOW) == len(ids)
    return ids


def states(connection: Connection, send_ids: list[int]) -> dict[int, str]:
    """Return in which state each of these sends is."""
    return {send_id: each.state for send_id, each in queue.known(connection, send_ids).items()}


def resume(ledger: Engine, campaign_id: str = "shoes") -> None:
    """Let a campaign go on."""
    campaigns.change(ledger, campaign_id, "sending", AUTHOR, NOW, "go on", "campaign_resumed")


def test_a_launch_reserves_all_or_nothing(ledger: Engine) -> None:
    """Its second batch holds a token that another campaign took: nothing of the first stays, and it may try again."""
    launched(ledger, row("24", "t1"), campaign_id="boots")
    campaign = approved(ledger)
    batches = [[row("25", "t2"), row("26")], [], [row("24", "t1")]]
    with ledger.connect() as connection:
        before = chain.head(connection)

    with pytest.raises(Refused, match=r"Nothing was reserved\. Check the campaign again"):
        sends.launch(ledger, campaign, batches, AUTHOR, NOW, {})

    assert send_ids(ledger) == []
    assert campaigns.get(ledger, "shoes") == campaign
    with ledger.connect() as connection:
        assert chain.head(connection) == before
    assert sends.launch(ledger, campaign, batches[:1], AUTHOR, NOW, {"lanes": {"otn": 1}}) == 2
    assert (state(ledger), campaigns.get(ledger, "shoes").launched_at) == ("sending", NOW)
    assert last_entry(ledger) == (AUTHOR, "campaign_launched", {"lanes": {"otn": 1}, "reserved": 2})


def test_a_refused_launch_shows_no_token(ledger: Engine) -> None:
    """Neither it nor its key, though the database names them."""
    launched(ledger, row("24", "s3cret"), campaign_id="boots")

    with pytest.raises(Refused) as caught:
        sends.launch(ledger, approved(ledger), [[row("24", "s3cret")]], AUTHOR, NOW, {})
    assert "s3cret" not in str(caught.value)
    assert row("24", "s3cret")[4] not in str(caught.value)


def test_while_everything_is_stopped_nothing_starts(ledger: Engine) -> None:
    """Neither a launch nor a resume; after the release each starts only when somebody says so."""
    launched(ledger, row("24"))
    boots = approved(ledger, "boots")
    assert campaigns.stop_all(ledger, OTHER, NOW, "wrong price") == ["shoes"]
    assert last_entry(ledger) == (OTHER, "everything_stopped", {"paused": ["shoes"], "why": "wrong price"})

    for act in (lambda: resume(ledger), lambda: sends.launch(ledger, boots, [[row("25")]], AUTHOR, NOW, {})):
        with pytest.raises(Refused, match=rf"{OTHER} stopped everything \(wrong price\).*release-all --reason TEXT"):
            act()
    with ledger.begin() as connection:
        assert queue.start(connection, send_ids(ledger), NOW) == set()
    assert (state(ledger), state(ledger, "boots"), send_ids(ledger, "boots")) == ("paused", "approved", [])

    campaigns.release_all(ledger, OTHER, NOW, "mended")
    assert (state(ledger), state(ledger, "boots")) == ("paused", "approved")
    resume(ledger)
    assert sends.launch(ledger, boots, [[row("25")]], AUTHOR, NOW, {}) == 1
    assert (state(ledger), state(ledger, "boots")) == ("sending", "sending")


def test_a_launch_under_way_is_stopped_too(ledger: Engine) -> None:
    """Everything is stopped while a launch reserves: the launch is refused, or paused once it is done."""
    stop = Thread(target=campaigns.stop_all, args=(ledger, OTHER, NOW, "wrong price"))

    def batches() -> Iterator[list[tuple[Any, ...]]]:
        stop.start()
        stop.join(0.5)
        yield [row("24")]

    campaign = approved(ledger)
    with suppress(Refused):  # PostgreSQL lets the stop go first
        sends.launch(ledger, campaign, batches(), AUTHOR, NOW, {})
    stop.join()

    assert (state(ledger), len(send_ids(ledger))) in [("paused", 1), ("approved", 0)]


def test_a_resume_is_no_launch(ledger: Engine) -> None:
    """What was approved is launched with its reservations, or not at all."""
    approved(ledger)

    with pytest.raises(Refused, match="is approved: it cannot become sending"):
        resume(ledger)


def test_a_cancelled_campaign_frees_what_is_queued(ledger: Engine) -> None:
    """What is on its way is waited for; if it comes back, its token is free too."""
    campaign = launched(ledger, row("24", "t1"), row("25", "t2"))
    one, two = send_ids(ledger)
    with ledger.begin() as connection:
        assert queue.start(connection, [one], NOW) == {one}

    assert sends.cancel(ledger, campaign, OTHER, NOW, "wrong price") == 1
    launched(ledger, row("25", "t2"), campaign_id="boots")
    with pytest.raises(Refused, match="Nothing was reserved"):
        launched(ledger, row("24", "t1"), campaign_id="socks")

    with ledger.begin() as connection:
        assert queue.open_count(connection, "shoes") == {"sending": 1}
        queue.record(connection, [Result(one, "queued", NOW, not_before=NOW)])
        assert queue.drop_cancelled(connection, "1084", NOW) == 1
        assert states(connection, [one, two]) == {one: "cancelled", two: "cancelled"}
    sends.launch(ledger, campaigns.get(ledger, "socks"), [[row("24", "t1")]], AUTHOR, NOW, {})


@pytest.mark.parametrize(("arrived", "becomes"), [(True, "accepted"), (False, "queued")])
def test_a_person_settles_what_nobody_knows(ledger: Engine, arrived: bool, becomes: str) -> None:
    """With a reason, one by one or all, and the trail says who and how they know."""
    campaign = launched(ledger, row("24", "t1"), row("25"), row("26"))
    ids = lose_answer(ledger)
    known: dict[str, Any] = {"arrived": arrived, "by": OTHER, "now": NOW}

    with pytest.raises(UsageError, match="Say how you know: --reason TEXT"):
        sends.settle(ledger, campaign, [], why=" ", **known)
    assert [each[0] for each in sends.unconfirmed(ledger, "shoes")] == ids

    assert sends.settle(ledger, campaign, ids[:1], why="seen in the inbox", **known) == 1
    told = {"arrived": arrived, "sends": ids[:1], "why": "seen in the inbox"}
    assert last_entry(ledger) == (OTHER, "sends_settled", told)
    assert sends.settle(ledger, campaign, [], why="asked them", **known) == 2
    assert last_entry(ledger)[2]["sends"] == ids[1:]
    with ledger.connect() as connection:
        assert set(states(connection, ids).values()) == {becomes}
    assert sends.settle(ledger, campaign, ids, why="once more", **known) == 0


def test_a_send_of_another_campaign_is_not_settled(ledger: Engine) -> None:
    """Its id in the list changes nothing."""
    launched(ledger, row("24"))
    boots = launched(ledger, row("24"), campaign_id="boots")
    ids = lose_answer(ledger)

    assert sends.settle(ledger, boots, ids, arrived=True, by=OTHER, now=NOW, why="seen") == 0
    assert len(sends.unconfirmed(ledger, "shoes")) == 1


def test_no_call_is_made_once_the_permission_has_ended(ledger: Engine) -> None:
    """From its last moment on: neither the first call nor another; what is queued is given up, with the reason."""
    soon = NOW + timedelta(hours=1)
    launched(ledger, row("24", "t1", until=soon), row("25", "t2", until=soon), row("26", until=soon))
    one, two, three = send_ids(ledger)
    with ledger.begin() as connection:
        assert queue.start(connection, [one], soon - timedelta(seconds=1)) == {one}
        queue.orphaned(connection, "1084", NOW)

        assert queue.due(connection, "shoes", "otn", soon, quiet=(), limit=9) == []
        assert queue.start(connection, [two, three], soon) == set()
        assert queue.start_again(connection, [one], soon) == set()
        assert queue.lapse(connection, "shoes", soon - timedelta(seconds=1), None) == 0
        assert queue.lapse(connection, "shoes", soon, None) == 2
        assert states(connection, [one, two, three]) == {one: "unconfirmed", two: "failed", three: "failed"}
    assert {each.reason for each in sends.tally(ledger, "shoes")} == {"no_answer", "permission_ended"}


def test_only_a_one_time_token_is_tried_again(ledger: Engine) -> None:
    """It cannot work twice; any other message could arrive a second time."""
    launched(ledger, row("24", "t1"), row("25", "m1", "marketing"), row("26"))
    ids = lose_answer(ledger)
    with ledger.begin() as connection:
        assert queue.start_again(connection, ids, NOW) == set(ids[:1])


def test_nothing_goes_out_of_a_campaign_that_does_not_send(ledger: Engine) -> None:
    """Paused, or cancelled while a message was on its way: the list that the dispatcher read is out of date."""
    campaign = launched(ledger, row("24", "t1"), row("25"))
    one, two = send_ids(ledger)
    with ledger.begin() as connection:
        queue.start(connection, [one], NOW)
        queue.orphaned(connection, "1084", NOW)
    campaigns.change(ledger, "shoes", "paused", AUTHOR, NOW, "wait", "campaign_paused")
    with ledger.begin() as connection:
        assert queue.start(connection, [two], NOW) == queue.start_again(connection, [one], NOW) == set()
    sends.cancel(ledger, campaign, AUTHOR, NOW, "no")
    with ledger.begin() as connection:
        assert queue.start(connection, [two], NOW) == queue.start_again(connection, [one], NOW) == set()


def test_many_echoes_come_at_once(ledger: Engine) -> None:
    """They count for what is queued again or unconfirmed, and not for what is still on its way."""
    launched(ledger, row("24", "t1"), row("25", "t2"), row("26"))
    one, two, three = send_ids(ledger)
    with ledger.begin() as connection:
        queue.start(connection, [one], NOW)
        queue.orphaned(connection, "1084", NOW)
        queue.start(connection, [two], NOW)
        assert queue.echoed(connection, {each: (f"m_{each}", NOW) for each in (one, two, three)}) == 2
        assert states(connection, [one, two, three]) == {one: "accepted", two: "sending", three: "accepted"}
        assert queue.echoed(connection, {}) == 0
