"""The routes of whoever runs the app, over a real warehouse, a real ledger and a receiver's real file."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine
from starlette.applications import Starlette

from dashboard.server.metrics import Metrics, follow_source, ledger_source, receive_source
from dashboard.server.operations import Operations, disk_check, ledger_check, warehouse_check
from pipelines.errors import WarehouseLocked
from pipelines.follow.state import FollowState
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.receive.counts import Counts
from pipelines.receive.log import Stored
from pipelines.warehouse import Warehouse
from tests.asgi_client import AsgiClient
from tests.conftest import NOW
from tests.ledger.broadcasts import launched, row, written

BEARER = "a-metrics-token-that-nobody-guesses"


class World:
    """A home with everything that is asked, and a clock that the test moves."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.seconds = 0.0
        self.warehouse = Warehouse.open(home / "warehouse.duckdb")
        self.ledger: Engine = open_ledger(ledger_url(home, ""))
        self.follow = FollowState(last_load_at=NOW, events_loaded=7, error="The disk is full.")
        sources = {
            "receive": receive_source(home / "receive"),
            "follow": follow_source(lambda: self.follow),
            "ledger": ledger_source(self.ledger, lambda: self.seconds),
        }
        self.metrics = Metrics(sources)

    def client(
        self, token: str = "", *, address: str = "127.0.0.1", public: bool = False, host: str = "localhost:8501",
        **checks: Any,
    ) -> AsgiClient:  # fmt: skip
        """Return a peer of the app; `checks` stand in for the usual ones."""
        usual = {
            "warehouse": warehouse_check(lambda: self.warehouse),
            "ledger": ledger_check(self.ledger),
            "disk": disk_check(self.home),
        }
        secret = SecretStr(token) if token else None
        operations = Operations(usual | checks, self.metrics, secret, lambda: self.seconds, has_public_url=public)
        return AsgiClient(Starlette(routes=operations.routes), address=address, base_url=f"http://{host}")

    def numbers(self) -> dict[tuple[str, ...], float]:
        """Return every number by its name and the values of its labels."""
        text = self.client().get("/metrics").text
        families = text_string_to_metric_families(text)
        return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Return a home that is well."""
    made = World(tmp_path)
    yield made
    made.warehouse.close()
    made.ledger.dispose()


def test_an_app_that_is_well_says_so(world: World) -> None:
    """It lives, and it is ready."""
    assert world.client().get("/health").text == "ok\n"
    answer = world.client().get("/ready")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "not_ready": []})


def test_what_is_not_ready_is_named_and_nothing_more(world: World) -> None:
    """A locked warehouse, a ledger that is gone, a home that is gone: names, no paths and no sentences."""

    def locked() -> Warehouse:
        raise WarehouseLocked(f"{world.home}/warehouse.duckdb is in use by process 77.")

    gone = create_engine(f"sqlite:///{world.home}/none/ledger.sqlite")
    client = world.client(
        warehouse=warehouse_check(locked), ledger=ledger_check(gone), disk=disk_check(world.home / "none")
    )
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "not_ready": ["warehouse", "ledger", "disk"]}
    assert client.get("/health").status_code == 200


def test_a_full_disk_is_not_ready(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the last byte is gone; an empty home without a warehouse is no fault."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    assert world.client().get("/ready").json()["not_ready"] == ["disk"]
    assert warehouse_check(lambda: None)()


def test_readiness_is_looked_at_once_in_two_seconds(world: World) -> None:
    """However often strangers ask."""
    looked: list[bool] = []
    client = world.client(disk=lambda: not looked.append(True))  # type: ignore[func-returns-value]
    client.requests(50, "GET", "/ready")
    assert len(looked) == 1
    world.seconds += 2
    client.get("/ready")
    assert len(looked) == 2


@pytest.mark.parametrize(
    ("who", "headers", "status"),
    [
        ({"address": "127.0.0.1"}, {}, 200),
        ({"address": "::1"}, {}, 200),
        ({"address": "127.0.0.1", "host": "rebound.example.com"}, {}, 404),
        ({"address": "203.0.113.7"}, {}, 404),
        ({"address": "203.0.113.7"}, {"authorization": "Bearer "}, 404),
        ({"address": "127.0.0.1"}, {"x-forwarded-for": "127.0.0.1"}, 404),
        ({"address": "127.0.0.1", "public": True}, {}, 404),
        ({"address": "127.0.0.1", "token": BEARER}, {}, 404),
        ({"address": "203.0.113.7", "token": BEARER, "public": True}, {"authorization": f"Bearer {BEARER}"}, 200),
        ({"address": "203.0.113.7", "token": BEARER}, {"authorization": f"Bearer {BEARER}x"}, 404),
        ({"address": "203.0.113.7", "token": BEARER}, {"authorization": BEARER}, 404),
        ({"address": "203.0.113.7", "token": BEARER}, {"authorization": "Bearer ä".encode()}, 404),
    ],
)
def test_numbers_are_for_this_machine_or_the_bearer(
    world: World, who: dict[str, Any], headers: dict[str, Any], status: int
) -> None:
    """For anybody else there is no such page: the answer is the one to an address that is not there."""
    answer = world.client(**who).get("/metrics", headers=headers)
    assert answer.status_code == status
    if status == 404:
        assert answer.text == world.client(**who).get("/none").text


def test_numbers_are_those_of_the_parts(world: World) -> None:
    """Of each receiver that wrote, of the loader, of the ledger, and of requests that were turned away."""
    counts = Counts(world.home / "receive", "app", lambda: NOW)
    counts.stored(Stored(count=3, malformed=0, pages=Counter({"1084": 3}), at=NOW))
    counts.refused("bad_signature", "A delivery was refused.")
    counts.failed(2, "The disk is full.")
    counts.write(counts.as_json(None))
    (world.home / "receive" / "other.json").write_text("{ torn", encoding="utf-8")
    launched(world.ledger, row("24", "t1"), row("25"))
    written(world.ledger, "draft")
    world.metrics.limited("login")

    found = world.numbers()
    at = 1795348800.0
    expected = {
        ("clear_to_send_deliveries_total", "accepted", "app"): 3,
        ("clear_to_send_deliveries_total", "bad_signature", "app"): 1,
        ("clear_to_send_deliveries_total", "not_stored", "app"): 2,
        ("clear_to_send_receiver_failing", "app"): 1,
        ("clear_to_send_page_last_delivery_timestamp_seconds", "1084"): at,
        ("clear_to_send_events_loaded_total",): 7,
        ("clear_to_send_loader_failing", "load"): 1,
        ("clear_to_send_loader_failing", "ledger"): 0,
        ("clear_to_send_loader_timestamp_seconds", "load"): at,
        ("clear_to_send_sends", "queued"): 2,
        ("clear_to_send_campaigns", "sending"): 1,
        ("clear_to_send_campaigns", "draft"): 1,
        ("clear_to_send_rate_limited_total", "login"): 1,
        ("clear_to_send_source_up", "ledger"): 1,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert ("clear_to_send_loader_timestamp_seconds", "look") not in found


def test_the_ledger_is_asked_once_in_some_seconds(world: World) -> None:
    """Counting a million sends costs more than a scrape may."""
    written(world.ledger, "first")
    assert world.numbers()[("clear_to_send_campaigns", "draft")] == 1
    written(world.ledger, "second")
    assert world.numbers()[("clear_to_send_campaigns", "draft")] == 1
    world.seconds += 15
    assert world.numbers()[("clear_to_send_campaigns", "draft")] == 2


def test_a_part_that_is_down_hides_no_other(world: World) -> None:
    """It is said to be down."""
    gone = create_engine(f"sqlite:///{world.home}/none/ledger.sqlite")
    world.metrics = Metrics({"ledger": ledger_source(gone, lambda: 0.0), "follow": follow_source(lambda: world.follow)})
    found = world.numbers()
    assert found[("clear_to_send_source_up", "ledger")] == 0
    assert found[("clear_to_send_source_up", "follow")] == 1
    assert found[("clear_to_send_events_loaded_total",)] == 7
