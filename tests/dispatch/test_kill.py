"""A dispatcher is killed again and again while everything else goes wrong too, and each person gets one message."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import URL, Engine

from pipelines.audit.verify import verify
from pipelines.ledger import campaigns, sends
from tests.dispatch.forking import ROOT, Forks, forks, is_over
from tests.dispatch.sending import Person, crowd, introduce, launch, rows, wait_for
from tests.sandbox.serving import START, Sandbox

KILLS = int(os.environ.get("CLEAR_TO_SEND_KILLS", "2"))
"""Each takes two seconds; a hundred before a release."""
PAGES = 20 if KILLS >= 25 else 8
FAULTS = {
    "latency": 0.01, "drop_before": 0.01, "drop_after": 0.01, "server_error": 0.01, "garbled": 0.005,
    "transient": 0.02, "duplicate_webhooks": 0.1, "reorder_webhooks": 0.1, "lose_webhooks": 0.05,
}  # fmt: skip


@dataclass(frozen=True)
class Broadcast:
    """One message to many people of many Pages: a campaign a Page."""

    ledger: Engine
    box: Sandbox
    forks: Forks
    people: Sequence[Person]

    def received(self) -> int:
        """Return how many messages have arrived."""
        return self.box.truth_path.read_bytes().count(b"\n") if self.box.truth_path.exists() else 0

    def settle(self) -> int:
        """Settle what is unconfirmed as a person does who looks into the inboxes; return how much that was."""
        arrived = {int(each["metadata"].split("send=")[1].split()[0]) for each in self.box.truth()}
        count = 0
        for record in campaigns.every(self.ledger):
            open_ones = [send_id for send_id, *_ in sends.unconfirmed(self.ledger, record.campaign_id)]
            for did in (True, False):
                some = [send_id for send_id in open_ones if (send_id in arrived) == did]
                if some:
                    count += sends.settle(
                        self.ledger, record, some, arrived=did, by="Rita", now=START, why="seen in the inbox"
                    )  # fmt: skip
        return count

    def finish(self) -> None:
        """Send what is left; what nobody knows is settled by a person in between."""
        for _ in range(10):
            code = self.forks.wait(self.forks.go())
            assert code in (0, 1), self.forks.said.read_text(encoding="utf-8")
            if not self.settle() and code == 0:
                return
        pytest.fail("there is always something left")


@contextmanager
def broadcast(ledger: Engine, address: URL, folder: Path, count: int, rate: int) -> Iterator[Broadcast]:
    """Launch it, into a sandbox in which everything goes wrong now and then."""
    each = count // PAGES
    pages = [crowd(each, tokens=each // 2, page_id=str(108_000_000_000_000 + number)) for number in range(PAGES)]
    for people in pages:
        launch(ledger, people, f"to {people[0].page_id}")
    home = folder / "home"
    home.mkdir()
    call = [sys.executable, "-m", "pipelines", "sandbox", "--port", "0", "--home", str(home),
            "--as-of", START.isoformat(), "--people", "delivers=0"]  # fmt: skip
    heard = folder / "sandbox"
    with heard.open("wb") as file, subprocess.Popen(call, cwd=ROOT, stderr=file) as process:
        wait_for(lambda: heard.read_text(encoding="utf-8").count("\n") > 1)
        url = heard.read_text(encoding="utf-8").split("\n")[0].removeprefix("Sandbox on ")
        environment = {
            "CLEAR_TO_SEND_GRAPH_URL": url, "CLEAR_TO_SEND_LEDGER_URL": address.render_as_string(hide_password=False),
            "CLEAR_TO_SEND_SETTLE_AFTER_SECONDS": "1", "CLEAR_TO_SEND_MESSAGES_PER_SECOND": str(rate),
        }  # fmt: skip
        try:
            with (
                httpx.Client(base_url=url, timeout=30, trust_env=False) as client,
                forks(home, folder / "said", environment) as ready,
            ):
                box = Sandbox(url, home, home / "sandbox-truth.jsonl", client)
                for people in pages:
                    introduce(box, people)
                box.set("faults", **FAULTS)
                yield Broadcast(ledger, box, ready, [person for people in pages for person in people])
        finally:
            process.kill()


def killed(sent: Broadcast, kills: int, dispatchers: int) -> Counter[int]:
    """Keep dispatchers going, and kill one after the other at random moments. Return the exit codes."""
    chance, most = random.Random(kills), max(1, len(sent.people) // kills // 2)
    running, codes = [sent.forks.go() for _ in range(dispatchers)], Counter[int]()
    for number in range(kills):
        # Some die before they have sent anything, the others after a few messages or after many.
        target = sent.received() + chance.randint(1, most) if number % 8 else 0
        until = time.monotonic() + chance.uniform(0.2, 1.3)
        victim = chance.randrange(dispatchers)
        wait_for(
            lambda target=target, until=until, pid=running[victim]:  # type: ignore[misc]
            (time.monotonic() > until if not target else sent.received() >= target) or is_over(pid)
        )  # fmt: skip
        time.sleep(chance.uniform(0, 0.03))
        codes[sent.forks.kill(running[victim])] += 1
        running[victim] = sent.forks.go()
    for pid in running:
        codes[sent.forks.kill(pid)] += 1
    return codes


def check(sent: Broadcast, rate: int) -> None:
    """Hold what people received against what the ledger says."""
    truth = sent.box.truth()
    people = [(each["page_id"], each["psid"]) for each in truth]
    tokens = [each["token"] for each in truth if each["token"]]
    said = rows(sent.ledger, "page_id", "psid", "state", "reason")
    accepted = {(page_id, psid) for page_id, psid, state, _ in said if state == "accepted"}
    left_out = {(page_id, psid) for page_id, psid, state, reason in said if state in ("refused", "failed") and reason}

    assert [who for who, count in Counter(people).items() if count > 1] == []
    assert [token for token, count in Counter(tokens).items() if count > 1] == []
    assert accepted == set(people)
    assert accepted | left_out == {(person.page_id, person.psid) for person in sent.people}
    assert {record.state for record in campaigns.every(sent.ledger)} == {"done"}
    assert verify(sent.ledger, sent.box.home / "audit-heads.jsonl").faults == ()
    assert "Traceback" not in sent.forks.said.read_text(encoding="utf-8")
    rates = [page["highest_in_a_second"] for page in sent.box.stats()["pages"].values()]
    assert max(rates) <= rate


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ledger_at", "dispatchers", "count", "rate"),
    [
        ("sqlite", 1, 5_000, 40), ("postgresql", 2, 2_500, 5),
        pytest.param("sqlite", 2, 2_500, 5, marks=pytest.mark.deep),
        pytest.param("postgresql", 1, 5_000, 40, marks=pytest.mark.deep),
    ],
    indirect=["ledger_at"],
)  # fmt: skip
def test_whoever_is_killed_each_person_gets_one_message(
    ledger: Engine, ledger_at: URL, tmp_path: Path, dispatchers: int, count: int, rate: int
) -> None:
    """At random moments, with lost and late answers, refusals that pass, and echoes twice, late or never."""
    count = min(count, count * KILLS // 25)  # fewer kills, fewer people
    with broadcast(ledger, ledger_at, tmp_path, count, rate) as sent:
        codes = killed(sent, KILLS, dispatchers)
        sent.finish()

        check(sent, rate)
        assert codes[-signal.SIGKILL] > KILLS / 2, "the others had come to their end before"
