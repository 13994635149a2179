"""Whether Meta still sends a Page's webhooks: asked of a real sandbox, written down in a real ledger."""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from pipelines.audit.verify import verify
from pipelines.dispatch.subscription import SubscriptionWatch, ask, check_subscriptions, connection, needed_fields
from pipelines.doctor_webhook import examine_webhook
from pipelines.ledger import chain, subscriptions
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.ledger.subscriptions import Look, Subscription
from pipelines.policy import Policy
from pipelines.settings import Settings, read_settings
from tests.dispatch.graph_server import Reply, saying, serving
from tests.dispatch.sending import ON_BOTH
from tests.sandbox.conftest import QUIET
from tests.sandbox.serving import START, Clock, Sandbox, sandbox

PAGE, OTHER = "108444444444444", "108555555555555"
SECRET_TOKEN = "EAAtoken-that-nobody-may-see"  # noqa: S105  it opens nothing


@dataclass(frozen=True)
class World:
    """A sandbox with two Pages, and a home whose settings point at it."""

    box: Sandbox
    settings: Settings
    ledger: Engine
    clock: Clock

    def check(self, *pages: str) -> list[Look]:
        """Look at the subscriptions of these Pages now."""

        async def run() -> list[Look]:
            async with connection(self.settings) as api:
                return await check_subscriptions(self.settings, api, self.ledger, pages, self.clock())

        return asyncio.run(run())

    def known(self, page_id: str = PAGE) -> Subscription:
        """Return what the ledger knows of a Page."""
        return next(each for each in subscriptions.every(self.ledger) if each.page_id == page_id)

    def changes(self) -> list[dict[str, Any]]:
        """Return what the trail says of changed subscriptions."""
        with self.ledger.connect() as connected:
            return [json.loads(entry.detail) for entry in chain.entries(connected)]

    def subscribe(self, *fields: str, page_id: str = PAGE) -> None:
        """Be subscribed to these fields, or to none."""
        assert self.box.client.post("/sandbox/subscriptions", json={page_id: fields}).status_code == 200


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Return a world in which all is well."""
    clock = Clock()
    with sandbox(tmp_path / "box", clock=clock, people=QUIET) as box:
        for page_id in (PAGE, OTHER):
            box.add(page_id, "7001")
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / "settings.toml").write_text(f'graph_url = "{box.url}"\n', encoding="utf-8")
        settings = read_settings(tmp_path / "home")
        ledger = open_ledger(ledger_url(settings.home, ""))
        yield World(box, settings, ledger, clock)
        ledger.dispose()


def pointed(tmp_path: Path, url: str) -> Settings:
    """Return the settings of a home with one access token, at that address."""
    lines = f'graph_url = "{url}"\n[access_tokens]\n{PAGE} = "{SECRET_TOKEN}"\n'
    (tmp_path / "settings.toml").write_text(lines, encoding="utf-8")
    return read_settings(tmp_path)


def test_what_is_well_is_written_down_once(world: World, policy: Policy) -> None:
    """The first answer goes into the trail, an equal one does not; `since` stays, `checked_at` goes on."""
    first = world.check(PAGE, OTHER)
    world.clock.advance(minutes=15)
    world.check(PAGE, OTHER)

    known = world.known()
    assert [look.says for look in first] == ["Subscribed to all 10 fields that are needed."] * 2
    assert known.is_subscribed
    assert set(known.fields) >= set(needed_fields(policy, START))
    assert known.checked_at - known.since >= timedelta(minutes=15)
    assert known.answered_at == known.checked_at
    assert [each["is_subscribed"] for each in world.changes()] == [True, True]
    assert verify(world.ledger, world.settings.heads_path).ok


def test_what_has_changed_stands_in_the_trail(world: World) -> None:
    """Taken away, given back in part: each with what it was before, and since when."""
    world.check(PAGE)
    world.subscribe()
    world.clock.advance(minutes=15)
    (gone,) = world.check(PAGE)
    gone_since = world.known().since
    world.clock.advance(minutes=15)
    world.check(PAGE)
    assert world.known().since == gone_since
    world.subscribe("messages", "standby")
    (part,) = world.check(PAGE)

    assert (gone.is_subscribed, gone.fields) == (False, ())
    assert part.is_subscribed
    assert part.says.startswith("Subscribed, but not to message_deliveries, message_echoes,")
    first, second, third = world.changes()
    assert (second["is_subscribed"], second["fields_before"]) == (False, first["fields"])
    assert (third["fields"], third["fields_before"]) == (["messages", "standby"], [])
    assert world.known().since > gone_since
    assert chain.kept_heads(world.settings.heads_path)[-1].entries == 3


def test_silence_is_no_answer_and_no_change(world: World) -> None:
    """The last answer is kept beside it; when the same comes again, the trail has nothing to tell."""
    world.check(PAGE)
    before = world.known()
    world.box.set("faults", server_error=1)
    world.clock.advance(minutes=15)
    (look,) = world.check(PAGE)
    silent = world.known()
    world.box.set("faults", server_error=0)
    world.check(PAGE)

    assert look.is_subscribed is None
    assert "HTTP 503" in silent.says
    assert (silent.is_subscribed, silent.fields, silent.answered_at) == (None, before.fields, before.answered_at)
    assert silent.since > before.since
    assert world.known().is_subscribed
    assert len(world.changes()) == 1


def test_one_page_that_fails_fails_alone(world: World) -> None:
    """One that the sandbox does not know is refused, and the other is looked at."""
    known, unknown = world.check(PAGE, "999")

    assert known.is_subscribed
    assert unknown.is_subscribed is None
    assert unknown.says.startswith("Meta refused to tell (error 100/33).")


@pytest.mark.parametrize(
    ("reply", "is_subscribed", "says"),
    [
        (saying(400, b'{"error": {"code": 190, "message": "Malformed access token EAAtoken-that"}}'), None, "190"),
        (saying(400, b'{"error": {"code": "what"}}'), None, "HTTP 400"),
        (saying(200, b'{"data": "what"}'), None, "no list of applications"),
        (saying(200, b'{"data": [7]}'), False, "not subscribed"),
        (saying(200, b'{"data": [{"subscribed_fields": ["messages"]}, {"subscribed_fields": []}]}'), False, "nothing"),
        (saying(200, b'{"data": [{"subscribed_fields": ["messages", 7, "<b>"]}]}'), True, "but not to"),
    ],
    ids=["refused", "odd code", "no list", "no application", "another application", "odd fields"],
)
def test_any_answer_is_read(
    reply: Reply, is_subscribed: bool | None, says: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The token goes in the header alone, and neither it nor Meta's own words come back out."""
    settings = pointed(tmp_path, "http://127.0.0.1:9")
    ledger = open_ledger(ledger_url(tmp_path, ""))

    async def run() -> Look:
        async with serving(reply) as graph:
            settings.graph_url = graph.url
            async with connection(settings) as api:
                (look,) = await check_subscriptions(settings, api, ledger, [], START)
            assert [each.target for each in graph.seen] == [f"/v26.0/{PAGE}/subscribed_apps"]
            assert graph.seen[0].headers["authorization"] == f"Bearer {SECRET_TOKEN}"
            return look

    with caplog.at_level(logging.DEBUG):
        look = asyncio.run(run())
    ledger.dispose()

    assert look.is_subscribed is is_subscribed
    assert says in look.says
    assert "<b>" not in look.fields
    assert "EAAtoken" not in f"{look} {caplog.text} {(tmp_path / 'ledger.sqlite').read_bytes()!r}"


def test_the_applications_proof_stands_in_the_address(tmp_path: Path) -> None:
    """A call that reads has no body; the proof opens nothing without the token."""
    settings = pointed(tmp_path, "http://127.0.0.1:9")
    settings.app_secret = SecretStr("shh")

    async def run() -> str:
        async with serving(saying(200, b'{"data": []}')) as graph:
            settings.graph_url = graph.url
            async with connection(settings) as api:
                await ask(settings, api, [], ["messages"])
            return graph.seen[0].target

    proof = hmac.new(b"shh", SECRET_TOKEN.encode(), hashlib.sha256).hexdigest()
    assert asyncio.run(run()) == f"/v26.0/{PAGE}/subscribed_apps?appsecret_proof={proof}"


@ON_BOTH
def test_both_databases_keep_what_was_said(ledger: Engine) -> None:
    """An answer, silence, the same answer: one change, and the last answer's time."""
    looks = [Look(PAGE, is_subscribed, fields, "So.") for is_subscribed, fields in ((True, ("a", "b")), (None, ()))]
    moments = [START + timedelta(minutes=minutes) for minutes in (0, 15, 30)]
    with ledger.begin() as connected:
        said = [subscriptions.record(connected, looks[number % 2], at) for number, at in enumerate(moments[:2])]

    (silent,) = subscriptions.every(ledger)
    with ledger.begin() as connected:
        said.append(subscriptions.record(connected, looks[0], moments[2]))
    (known,) = subscriptions.every(ledger)

    assert said == [True, False, False]
    assert silent == Subscription(PAGE, moments[1], None, ("a", "b"), "So.", moments[1], moments[0])
    assert known == Subscription(PAGE, moments[2], True, ("a", "b"), "So.", moments[2], moments[2])


def test_the_watch_goes_on_whatever_happens(world: World) -> None:
    """Pages that cannot be named, and an address that is none, are failures that it tells; then it is well again."""
    named: list[object] = [RuntimeError("x"), [PAGE]]

    def pages() -> list[str]:
        answer = named.pop(0) if len(named) > 1 else named[0]
        if isinstance(answer, Exception):
            raise answer
        return [PAGE]

    watch = SubscriptionWatch(world.settings, world.ledger, pages, world.clock, timedelta(milliseconds=20))
    failures = []

    async def run() -> None:
        task = asyncio.create_task(watch.run())
        while not watch.failure:
            await asyncio.sleep(0.005)
        failures.append(watch.failure)
        while watch.failure or not subscriptions.every(world.ledger):
            await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(run(), 30))
    assert failures == ["The subscriptions could not be looked at (RuntimeError)."]
    assert world.known().is_subscribed

    world.settings.graph_url = "nowhere"
    assert asyncio.run(watch.check()) == []
    assert "graph_url" in watch.failure


def test_the_doctor_says_what_is_missing_and_how_to_get_it(world: World, policy: Policy) -> None:
    """The call is written out, without the token; once somebody has made it, all is well."""
    world.check(PAGE, OTHER)
    (well,) = examine_webhook(world.settings, world.clock())
    world.subscribe(page_id=OTHER)

    (check,) = examine_webhook(world.settings, world.clock())

    assert well.says == "the application is subscribed to all 10 fields it needs at all 2 Pages"
    assert (check.name, check.exit_code) == ("webhook", 1)
    assert check.says.startswith(f"{OTHER}: The application is not subscribed")
    assert PAGE not in check.says
    assert world.known(OTHER).is_subscribed is False
    call = check.says.split("POST ")[1].split(" ")[0]
    assert call.startswith(f"{world.box.url}/v26.0/{OTHER}/subscribed_apps?subscribed_fields=")
    assert world.box.post(call, {}).json() == {"success": True}
    assert examine_webhook(world.settings, world.clock()) == [well]


def test_the_doctor_makes_no_ledger_and_asks_for_nobody_in_vain(tmp_path: Path, clock: Clock) -> None:
    """A home without access tokens needs no webhooks; one whose API is away is told so."""
    assert examine_webhook(read_settings(tmp_path), clock()) == []

    (check,) = examine_webhook(pointed(tmp_path, "http://127.0.0.1:9"), datetime(2026, 11, 22))

    assert check.exit_code == 1
    assert "cannot be reached (ConnectError)" in check.says
    assert SECRET_TOKEN not in check.says
    assert not (tmp_path / "ledger.sqlite").exists()
