"""Receivers that are killed or stopped under load: what was acknowledged is stored and loaded, once."""

import http.client
import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.deliveries import ANNA, NOON, compact, delivery, message
from tests.receive.serving import lines, process, served, signed, wait_for

KILLS = int(os.environ.get("CLEAR_TO_SEND_KILLS", "2"))
"""Fifty before a release."""
CLIENTS = 6


@dataclass
class Load:
    """Deliveries that many clients send at once, each its own, and none twice."""

    acknowledged: list[bytes] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    by_port: Counter[int] = field(default_factory=Counter)
    ports: list[int] = field(default_factory=list)
    is_over: bool = False
    sent: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_body(self) -> bytes:
        """Return a delivery that was not sent before."""
        with self._lock:
            self.sent += 1
            return compact(delivery(message(ANNA, NOON, f"m_{self.sent}", text="x" * (self.sent % 700))))

    def client(self, number: int) -> None:
        """Send one after another to one of the receivers; a connection that breaks is made anew."""
        which = number % len(self.ports)
        while not self.is_over:
            port = self.ports[which]
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                while not self.is_over and port == self.ports[which]:
                    body = self.next_body()
                    connection.request("POST", "/webhook", body, signed(body))
                    answer = connection.getresponse()
                    answer.read()
                    self.statuses[answer.status] += 1
                    if answer.status == 200:
                        self.acknowledged.append(body)
                        self.by_port[port] += 1
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)
            finally:
                connection.close()


@contextmanager
def load_on(*ports: int) -> Iterator[Load]:
    """Send deliveries for as long as the block lasts. Its `ports` may be changed meanwhile."""
    load = Load(ports=list(ports))
    clients = [threading.Thread(target=load.client, args=(number,)) for number in range(CLIENTS)]
    for each in clients:
        each.start()
    try:
        yield load
    finally:
        load.is_over = True
        for each in clients:
            each.join()


@pytest.mark.slow
def test_kills_under_load_lose_and_double_nothing(home: Home) -> None:
    """Two receivers of one home, of which one after the other is killed at a random moment and started again."""
    chance = random.Random(KILLS)
    with process(home.folder) as (_, steady), load_on(steady, steady) as load:
        for _ in range(KILLS):
            with process(home.folder) as (victim, port):
                load.ports[1] = port
                wait_for(lambda port=port: load.by_port[port] > 20)  # type: ignore[misc]
                time.sleep(chance.uniform(0, 0.3))
                victim.kill()
                victim.wait()
                load.by_port[port] = 0  # the next one may get the same
    with served(home.folder):  # tidies what they left
        pass

    stored = Counter(lines(home.folder))
    assert [body for body in load.acknowledged if stored[body] != 1] == []
    assert max(stored.values()) == 1
    assert set(load.statuses) == {200}
    assert not list((home.folder / "logs").glob("*.jsonl"))
    did = home.load(home.folder / "logs")
    assert (did.events, did.rejects, did.duplicates) == (len(stored), 0, 0)
    found = dict(home.rows("SELECT mid, count(*) FROM events GROUP BY mid"))
    assert {
        found.get(json.loads(body)["entry"][0]["messaging"][0]["message"]["mid"]) for body in load.acknowledged
    } == {1}
    print(f"{KILLS} kills, {len(load.acknowledged):,} acknowledged of {load.sent:,} sent, {len(stored):,} stored")  # noqa: T201


def test_each_answer_is_on_the_disk_when_it_comes(tmp_path: Path) -> None:
    """Killed right after an answer, the delivery is there."""
    load = Load()
    for _ in range(2):
        with process(tmp_path) as (victim, port):
            body = load.next_body()
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("POST", "/webhook", body, signed(body))
            assert connection.getresponse().status == 200
            victim.kill()
            connection.close()
        assert lines(tmp_path).count(body) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_graceful_stop_under_load_loses_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """It ends well, answers 200 or not at all, and leaves everything compressed and counted."""
    with process(tmp_path) as (running, port), load_on(port) as load:
        wait_for(lambda: len(load.acknowledged) > 100)
        running.send_signal(number)
        assert running.wait(30) == 0
    (counts,) = (tmp_path / "receive").glob("*.json")
    numbers = json.loads(counts.read_text(encoding="utf-8"))

    stored = lines(tmp_path)
    assert set(load.statuses) == {200}
    assert Counter(load.acknowledged) - Counter(stored) == Counter()
    assert numbers["totals"]["accepted"] == len(stored) == len(set(stored))
    assert not list((tmp_path / "logs").glob("*.jsonl"))
