"""Loads asked of the running app: taken once, answered once, withdrawn only while nobody has begun."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import URL, Engine

from pipelines.ledger import load_requests
from pipelines.ledger.store import open_ledger
from tests.conftest import NOW


def test_of_two_who_take_one_gets_it(ledger: Engine) -> None:
    """Twelve requests, taken by four threads at once: each of them once."""
    asked = [load_requests.ask(ledger, [f"/logs/{number}.jsonl"], number, NOW) for number in range(12)]

    def take_all(_: int) -> list[int]:
        taken = []
        while load_requests.find(ledger, asked[-1]).state == "asked":
            request = load_requests.take(ledger, NOW)
            taken += [request.request_id] if request else []
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [request_id for each in pool.map(take_all, range(4)) for request_id in each]

    assert sorted(taken) == asked


def test_the_oldest_is_taken_first_and_answered(ledger: Engine) -> None:
    """With what it asked for, how far it is, and what came of it."""
    first = load_requests.ask(ledger, ["/logs/a.jsonl", "/logs/b.jsonl"], 300, NOW)
    second = load_requests.ask(ledger, ["/logs/c.jsonl"], 1, NOW)
    taken = load_requests.take(ledger, NOW)

    assert taken is not None
    assert (taken.request_id, taken.paths, taken.bytes_total) == (first, ["/logs/a.jsonl", "/logs/b.jsonl"], 300)
    load_requests.tell(ledger, first, 200, 7, NOW)
    assert (load_requests.find(ledger, first).bytes_done, load_requests.find(ledger, first).events) == (200, 7)
    load_requests.finish(ledger, first, {"events": 9}, NOW)
    assert (load_requests.find(ledger, first).state, load_requests.find(ledger, first).answer) == (
        "done",
        '{"events": 9}',
    )
    load_requests.take(ledger, NOW)
    load_requests.fail(ledger, second, "The disk is full.", NOW)
    assert load_requests.find(ledger, second).answer == "The disk is full."
    assert load_requests.take(ledger, NOW) is None


def test_what_has_begun_cannot_be_withdrawn(ledger: Engine) -> None:
    """What has not, can, and then nobody takes it."""
    begun = load_requests.ask(ledger, ["/a"], 1, NOW)
    load_requests.take(ledger, NOW)
    waiting = load_requests.ask(ledger, ["/b"], 1, NOW)

    assert not load_requests.withdraw(ledger, begun, NOW)
    assert load_requests.withdraw(ledger, waiting, NOW)
    assert load_requests.take(ledger, NOW) is None


def test_what_a_dead_app_had_begun_is_asked_again(ledger: Engine) -> None:
    """It comes before what was asked later."""
    begun = load_requests.ask(ledger, ["/a"], 1, NOW)
    load_requests.take(ledger, NOW)
    load_requests.ask(ledger, ["/b"], 1, NOW)
    load_requests.ask_again(ledger, NOW)
    taken = load_requests.take(ledger, NOW)

    assert taken is not None
    assert taken.request_id == begun


def test_many_may_open_a_new_ledger_at_once(ledger_at: URL) -> None:
    """The app's threads, and a command beside it: one of them makes it, the others wait."""
    address = ledger_at.render_as_string(hide_password=False)
    make = "import sys; from sqlalchemy import make_url; from pipelines.ledger.store import open_ledger; "
    make += "open_ledger(make_url(sys.argv[1]))"
    beside = [subprocess.Popen([sys.executable, "-c", make, address]) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        for engine in pool.map(open_ledger, [ledger_at] * 4):
            assert load_requests.take(engine, NOW) is None
            engine.dispose()

    assert [process.wait(60) for process in beside] == [0, 0]
