"""Campaigns that are being sent: launched into a ledger, known to a sandbox, and dispatched for real."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select

from pipelines import DATA
from pipelines.dispatch.dispatcher import Dispatcher
from pipelines.dispatch.graph_api import GraphApi
from pipelines.dispatch.outcomes import load_errors
from pipelines.ledger import approvals, campaigns, sends
from pipelines.ledger.campaigns import Draft
from pipelines.ledger.schema import page_brakes
from pipelines.ledger.schema import sends as sends_table
from pipelines.plan.campaign import Campaign, Room, Variant
from pipelines.policy import load_policy
from tests.sandbox.serving import START, Clock, Sandbox

PAGE = "108444444444444"
AUTHOR, OTHER = "Mei", "Đặng"
ACCESS = "EAAG-known-to-nobody"
ON_BOTH = pytest.mark.parametrize("ledger_at", ["sqlite", "postgresql"], indirect=True)
"""For a test in which it matters which database keeps the ledger."""
ON_POSTGRESQL = pytest.mark.parametrize("ledger_at", ["postgresql"], indirect=True)
"""For one in which the other one would tell nothing."""


@dataclass(frozen=True)
class Person:
    """One who is to get a message; with a token it goes by that, else by the open window."""

    psid: str
    token: str | None = None
    page_id: str = PAGE
    zone: str | None = "Asia/Taipei"
    until: datetime | None = None
    lane: str = ""

    @property
    def row(self) -> tuple[Any, ...]:
        """What a launch reserves."""
        lane = self.lane or ("otn" if self.token else "standard_window")
        key = md5(self.token.encode(), usedforsecurity=False).hexdigest() if self.token else None
        return (self.psid, lane, "a", None, key, self.token, None, self.zone, self.until)

    @property
    def known(self) -> dict[str, Any]:
        """What the sandbox is told of them: a token of nine days ago, or a message of an hour ago."""
        body: dict[str, Any] = {"page_id": self.page_id, "psid": self.psid}
        if self.token:
            return body | {"otn_token": self.token, "opted_in_at": (START - timedelta(days=9)).isoformat()}
        return body | {"wrote_at": (START - timedelta(hours=1)).isoformat()}


def crowd(count: int, *, tokens: int = 0, page_id: str = PAGE, first: int = 1, **more: Any) -> list[Person]:
    """Return so many people of a Page, the first of them with tokens."""
    tokens_of = {number: f"T{page_id}-{number}" for number in range(first, first + tokens)}
    numbers = range(first, first + count)
    return [Person(f"{page_id[-3:]}{number:08}", tokens_of.get(number), page_id, **more) for number in numbers]


def launch(
    ledger: Engine, people: Sequence[Person], campaign_id: str = "shoes", text: str = "Back in stock", **said: Any
) -> None:
    """Bring a campaign of one Page from its draft to its launch."""
    page_id = people[0].page_id
    campaign = Campaign(
        name=campaign_id, page_id=page_id, purpose="promotional", variants=(Variant("a", text, 1.0),),
        room=Room(2000, 80, 80, 1000), **said,
    )  # fmt: skip
    definition, fingerprint = campaign.to_json(), campaign.fingerprint
    draft = Draft(page_id, campaign_id, definition, fingerprint, campaign.start_at, campaign.not_after)
    campaigns.create(ledger, campaign_id, draft, AUTHOR, START)
    approvals.freeze(
        ledger, campaign_id, AUTHOR, START, plan_hash="e" * 64, content_hash="c" * 64, verdict="pass", summary={}
    )
    plan = approvals.plan_of(ledger, campaign_id)
    assert plan
    approvals.approve(ledger, campaigns.get(ledger, campaign_id), plan, OTHER, START, "")
    rows = [person.row for person in people]
    sends.launch(ledger, campaigns.get(ledger, campaign_id), [rows], AUTHOR, START, {})


def introduce(box: Sandbox, people: Sequence[Person]) -> None:
    """Let the sandbox know them."""
    answer = box.client.post("/sandbox/people", json=[person.known for person in people])
    assert answer.status_code == 200, answer.text


def tally(ledger: Engine, campaign_id: str = "shoes") -> dict[str, int]:
    """Return how many sends of a campaign are in each state."""
    counts: dict[str, int] = {}
    for each in sends.tally(ledger, campaign_id):
        counts[each.state] = counts.get(each.state, 0) + each.sends
    return counts


def rows(ledger: Engine, *columns: str) -> list[tuple[Any, ...]]:
    """Return columns of all sends, all columns where none is named, in the order of their ids."""
    query = select(*(sends_table.c[name] for name in columns or sends_table.c.keys())).order_by(sends_table.c.send_id)
    with ledger.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def brakes(ledger: Engine) -> list[tuple[str, datetime, str]]:
    """Return which Pages are closed, until when and why."""
    query = select(page_brakes.c.page_id, page_brakes.c.closed_until, page_brakes.c.why)
    with ledger.connect() as connection:
        return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def wait_for(is_so: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something is so. Fails when it has not become so after that long."""
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.02)


def access(_: str) -> SecretStr | None:
    """Return every Page's access token."""
    return SecretStr(ACCESS)


class Dispatching:
    """A dispatcher in a thread of its own."""

    def __init__(
        self,
        ledger: Engine,
        url: str,
        logs: Path,
        clock: Callable[[], datetime],
        *,
        token_of: Callable[[str], SecretStr | None] = access,
        until_empty: bool = True,
        settle_after: float = 1.0,
        rate: int = 40,
        timeout_s: float = 30,
    ) -> None:
        self._dispatcher = Dispatcher(
            ledger, load_policy(DATA / "policy"), load_errors(DATA / "errors.toml"), clock,
            logs=logs, settle_after=timedelta(seconds=settle_after), messages_per_second=rate,
        )  # fmt: skip
        self._api = GraphApi(url, "v26.0", {}, timeout_s=timeout_s)
        self._token_of = token_of
        self._until_empty = until_empty
        self._loop = asyncio.new_event_loop()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "Dispatching":
        """Begin to send."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Let nothing more go, and wait for what is on its way."""
        with suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self._dispatcher.stop)
        self.end()

    def end(self) -> None:
        """Wait until it has ended by itself. Raises what it raised."""
        self._thread.join(60)
        assert not self._thread.is_alive(), "the dispatcher does not come to its end"
        if self._failure:
            raise self._failure

    @property
    def is_running(self) -> bool:
        """Whether it still sends."""
        return self._thread.is_alive()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            task = self._dispatcher.run(self._api, self._token_of, until_empty=self._until_empty)
            self._loop.run_until_complete(task)
        except BaseException as error:  # noqa: BLE001  it is raised again by end
            self._failure = error
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()


@contextmanager
def dispatching(ledger: Engine, box: Sandbox, clock: Clock, **more: Any) -> Iterator[Dispatching]:
    """Send for as long as the block lasts, unless all is sent before."""
    running = Dispatching(ledger, box.url, box.home / "logs", clock, **more).start()
    yield running
    if running.is_running:
        running.stop()
    running.end()


def send_all(ledger: Engine, box: Sandbox, clock: Clock, **more: Any) -> None:
    """Send until nothing is left to do."""
    Dispatching(ledger, box.url, box.home / "logs", clock, **more).start().end()
