"""Whatever is asked in whatever order: no token twice, nobody outside the window, truth is what was accepted."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.conftest import QUIET
from tests.sandbox.serving import Clock, Sandbox, sandbox

PAGES = count(10_000)
WINDOW = timedelta(hours=24)
PEOPLE = ("1", "2", "3")
WRITES = st.tuples(st.just("write"), st.sampled_from(PEOPLE))
GIVES = st.tuples(st.just("give"), st.sampled_from(PEOPLE))
SENDS = st.tuples(st.just("send"), st.sampled_from(PEOPLE))
SPENDS = st.tuples(st.just("spend"), st.integers(0, 5).map(str))
WAITS = st.tuples(st.just("wait"), st.integers(1, 40).map(str))
BREAKS = st.tuples(st.just("break"), st.sampled_from(["transient", "garbled", "throttle", "page_restricted"]))


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Clock]]:
    """Return one sandbox for all examples: each of them has a Page of its own."""
    clock = Clock()
    home: Path = tmp_path_factory.mktemp("moving")
    with sandbox(home, clock=clock, people=QUIET) as box:
        yield box, clock


class Model:
    """What one Page should be able to do, told in as few words as possible."""

    def __init__(self, box: Sandbox, clock: Clock, page: str) -> None:
        self.box, self.clock, self.page = box, clock, page
        self.closes = {person: clock() for person in PEOPLE}
        self.tokens: list[str] = []
        self.spent: set[str] = set()
        self.received = 0
        for person in PEOPLE:
            box.add(page, person)

    def do(self, what: str, value: str) -> None:
        """Do one step, and compare."""
        if what == "write":
            self.box.add(self.page, value, wrote_at=self.clock().isoformat())
            self.closes[value] = self.clock() + WINDOW
        elif what == "give":
            token = f"{self.page}-{len(self.tokens)}"
            self.box.add(self.page, value, otn_token=token)
            self.tokens.append(token)
        elif what == "wait":
            self.clock.advance(hours=int(value))
        else:
            self.ask(what, value)

    def ask(self, what: str, value: str) -> None:
        """Send or spend, and compare the answer; `break` spends the newest token while a fault is on."""
        fault = value if what == "break" else ""
        if fault:
            self.box.set("faults", **{fault: 1})
        if what == "send":
            recipient = {"id": value}
            may = self.clock() < self.closes[value]
        else:
            token = f"{self.page}-{len(self.tokens) - 1 if fault else value}"
            recipient = {"one_time_notif_token": token}
            may = token in self.tokens and token not in self.spent
        answer = self.box.send(self.page, recipient)
        if fault:
            self.box.set("faults", **{fault: 0})
        goes = may and fault in {"", "garbled"}
        assert (answer.status_code == 200) == (may and not fault), answer.text
        self.received += goes
        if goes and what != "send":
            self.spent.add(token)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.one_of(WRITES, GIVES, SENDS, SPENDS, SPENDS, WAITS, BREAKS), min_size=5, max_size=30))
def test_the_sandbox_keeps_its_rules(moving: tuple[Sandbox, Clock], steps: list[tuple[str, str]]) -> None:
    """Step by step against a model that knows nothing but the rules."""
    box, clock = moving
    clock.rewind()
    model = Model(box, clock, str(next(PAGES)))

    for what, value in steps:
        model.do(what, value)

    received = [each for each in box.truth() if each["page_id"] == model.page] if box.truth_path.exists() else []
    used = [each["token"] for each in received if each["token"]]
    assert len(received) == model.received
    assert len(used) == len(set(used))
    assert set(used) == model.spent
    assert len({each["mid"] for each in received}) == len(received)
