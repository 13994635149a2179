"""A person stops a broadcast, or the machine does: what is felt, how soon, and what is left behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from pipelines.dispatch.canary import CANARIES
from pipelines.ledger import campaigns, chain, sends
from pipelines.ledger.locks import PageLocks
from pipelines.ledger.store import open_ledger
from tests.dispatch.forking import ROOT
from tests.dispatch.sending import (
    ACCESS,
    ON_BOTH,
    PAGE,
    Dispatching,
    crowd,
    dispatching,
    introduce,
    launch,
    rows,
    tally,
    wait_for,
)
from tests.sandbox.serving import START, Clock, Sandbox

RATE = 20


def started(ledger: Engine, box: Sandbox, count: int = 200, **said: object) -> None:
    """Launch a campaign that takes a while."""
    people = crowd(count, tokens=count // 2)
    introduce(box, people)
    launch(ledger, people, **said)  # type: ignore[arg-type]


def asked(box: Sandbox) -> int:
    """Return how many calls there were, once no more come."""
    before = -1
    while before != (before := int(box.stats()["requests"])):
        time.sleep(0.7)
    return before


STOPS: dict[str, Callable[[Engine, Clock], object]] = {
    "pause": lambda ledger, clock: campaigns.change(
        ledger, "shoes", "paused", "Rita", clock(), "wait", "campaign_paused"
    ),
    "pause all": lambda ledger, clock: campaigns.stop_all(ledger, "Rita", clock(), "wait"),
    "cancel": lambda ledger, clock: sends.cancel(ledger, campaigns.get(ledger, "shoes"), "Rita", clock(), "wrong text"),
}


@pytest.mark.parametrize("stop", STOPS)
def test_a_person_stops_it(ledger: Engine, box: Sandbox, clock: Clock, stop: str) -> None:
    """At once, but for what is on its way."""
    started(ledger, box)
    with dispatching(ledger, box, clock, rate=RATE, until_empty=False) as sending:
        wait_for(lambda: tally(ledger).get("accepted", 0) > 10)
        STOPS[stop](ledger, clock)
        calls = box.stats()["requests"]
        assert asked(box) <= calls + 3
        assert sending.is_running
    counts = tally(ledger)

    assert counts == {
        "accepted": len(box.truth()),
        "cancelled" if stop == "cancel" else "queued": 200 - len(box.truth()),
    }


@pytest.mark.slow
def test_a_paused_campaign_goes_on_where_it_stood(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """While the dispatcher runs, and without a message twice."""
    started(ledger, box, 60)
    with dispatching(ledger, box, clock, until_empty=False):
        for _ in range(2):
            wait_for(lambda: tally(ledger).get("accepted", 0) > 0)
            STOPS["pause"](ledger, clock)
            asked(box)
            campaigns.change(ledger, "shoes", "sending", "Rita", clock(), "go on", "campaign_resumed")
        wait_for(lambda: tally(ledger) == {"accepted": 60})
        wait_for(lambda: campaigns.get(ledger, "shoes").state == "done")

    assert len({each["psid"] for each in box.truth()}) == len(box.truth()) == 60
    with ledger.connect() as connection:
        told = [json.loads(each.detail) for each in chain.entries(connection) if each.action == "sends_recorded"]
    assert sum(each["answers"].get("accepted", 0) for each in told) == 60, "the trail knows of each of them"


def test_what_comes_back_to_a_cancelled_campaign_is_cancelled(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """A send that was on its way and was told to come later: its token is free for others."""
    people = crowd(3, tokens=3)
    introduce(box, people)
    launch(ledger, people)
    box.set("faults", latency=1, transient=1)
    with dispatching(ledger, box, clock) as sending:
        wait_for(lambda: tally(ledger) == {"sending": 3})
        STOPS["cancel"](ledger, clock)
        assert tally(ledger) == {"sending": 3}
        sending.end()

    assert tally(ledger) == {"cancelled": 3}
    launch(ledger, people, "boots")


@ON_BOTH
def test_two_dispatchers_share_the_pages(ledger: Engine, box: Sandbox, clock: Clock) -> None:
    """Each Page is one's at a time: no message twice, no Page too fast, and what one leaves the other takes."""
    pages = [crowd(25, tokens=10, page_id=str(109_000_000_000_000 + number)) for number in range(4)]
    for people in pages:
        introduce(box, people)
        launch(ledger, people, f"to {people[0].page_id}")
    first = Dispatching(ledger, box.url, box.home / "logs", clock, rate=RATE, until_empty=False).start()
    with dispatching(ledger, box, clock, rate=RATE) as second:
        wait_for(lambda: len(box.truth_path.read_bytes().splitlines()) > 20 if box.truth_path.exists() else False)
        first.stop()
        second.end()

    people_reached = [(each["page_id"], each["psid"]) for each in box.truth()]
    assert len(set(people_reached)) == len(people_reached) == 100
    assert set(rows(ledger, "state", "attempts")) == {("accepted", 1)}
    assert max(page["highest_in_a_second"] for page in box.stats()["pages"].values()) <= RATE


@contextmanager
def command(box: Sandbox, address: URL, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Run `dispatch` as a process of its own."""
    environment = {
        "CLEAR_TO_SEND_GRAPH_URL": box.url, "CLEAR_TO_SEND_LEDGER_URL": address.render_as_string(hide_password=False),
        "CLEAR_TO_SEND_ACCESS_TOKENS": f'{{"{PAGE}": "{ACCESS}"}}', "CLEAR_TO_SEND_MESSAGES_PER_SECOND": str(RATE),
        "CLEAR_TO_SEND_APP_SECRET": "app-secret-of-nobody", "CLEAR_TO_SEND_SETTLE_AFTER_SECONDS": "1",
    }  # fmt: skip
    call = [sys.executable, "-m", "pipelines", "dispatch", "--home", str(box.home), "--as-of", START.isoformat()]
    with subprocess.Popen(
        [*call, *options], cwd=ROOT, env=os.environ | environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.deep)])
def test_a_signal_ends_it_cleanly(ledger: Engine, ledger_at: URL, box: Sandbox, number: signal.Signals) -> None:
    """Nothing is left on its way, and no access token stands anywhere."""
    started(ledger, box)
    box.set("faults", latency=0.3, drop_after=0.1, transient=0.1)
    with command(box, ledger_at) as process:
        wait_for(lambda: tally(ledger).get("accepted", 0) > 5)
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)

    assert process.returncode in (0, 1), said
    assert "Traceback" not in said
    assert "sending" not in tally(ledger)
    assert tally(ledger).get("queued", 0) > 100
    with ledger.connect() as connection:
        trail = " ".join(str(entry) for entry in chain.entries(connection))
    everything = [said, trail, str(rows(ledger)), str(campaigns.every(ledger))]
    everything += [path.read_text("utf-8", "replace") for path in box.home.rglob("*.json*")]
    assert re.findall(f"{ACCESS}|app-secret-of-nobody", " ".join(everything)) == []


@pytest.mark.slow
@pytest.mark.parametrize("ledger_at", ["postgresql", pytest.param("sqlite", marks=pytest.mark.deep)], indirect=True)
def test_a_ledger_that_goes_away_is_a_sentence(ledger: Engine, ledger_at: URL, box: Sandbox) -> None:
    """Nothing more goes out; what was on its way is settled by whoever begins anew, and that one says what became."""
    started(ledger, box, 50)
    box.set("faults", latency=0.2)
    with command(box, ledger_at) as process:
        wait_for(lambda: tally(ledger).get("accepted", 0) > 5)
        ledger.dispose()
        with away(ledger_at):
            said, _ = process.communicate(timeout=60)
    received = len(box.truth())

    assert process.returncode == 3, said
    assert "Traceback" not in said
    assert re.search(r"ledger (went away|is lost)", said), said
    box.set("faults", latency=0)
    with command(box, ledger_at, "--until-empty") as process:
        said, _ = process.communicate(timeout=60)
    assert (process.returncode, tally(ledger)) == (0, {"accepted": 50})
    assert "shoes is done: 50 accepted." in said
    assert len({each["psid"] for each in box.truth()}) == len(box.truth()) == 50 > received


def test_a_page_is_held_until_its_last_answer_is_there(tmp_path: Path, box: Sandbox, clock: Clock) -> None:
    """Also when the ledger fails meanwhile: whoever takes the Page next must find nothing of it on its way."""
    address = URL.create("sqlite", database=str(tmp_path / "ledger.sqlite"))
    ledger = open_ledger(address)
    started(ledger, box, 20)
    box.set("faults", latency=2)
    sending, others = Dispatching(ledger, box.url, box.home / "logs", clock).start(), PageLocks(ledger)
    wait_for(lambda: box.stats()["requests"] == 2 * CANARIES)
    with away(address):
        assert not others.take(PAGE)
        wait_for(lambda: others.take(PAGE))
        assert len(box.truth()) == 2 * CANARIES
        with pytest.raises(OperationalError, match="no such table: sends"):
            sending.end()
    others.close()
    ledger.dispose()


@contextmanager
def away(address: URL) -> Iterator[None]:
    """Take the ledger away from whoever uses it, and bring it back."""
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address)
        for old, new in (("sends", "elsewhere"), ("elsewhere", "sends")):
            with engine.begin() as connection:
                connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))
            if new == "elsewhere":
                yield
        engine.dispose()
        return
    server = create_engine(address.set(database="postgres"), isolation_level="AUTOCOMMIT")
    end = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    with server.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{address.database}" ALLOW_CONNECTIONS false'))
        connection.execute(end, {"name": address.database})
        yield
        connection.execute(text(f'ALTER DATABASE "{address.database}" ALLOW_CONNECTIONS true'))
    server.dispose()
