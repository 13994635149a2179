"""What commands make of sends that wait: tokens shown as reserved, a load that takes permissions away, the doctor."""

import socket
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from sqlalchemy import URL

from pipelines.doctor import examine
from pipelines.inventory import token_inventory
from pipelines.ledger import chain
from pipelines.ledger.store import open_ledger
from pipelines.settings import read_settings
from pipelines.waiting_sends import held_by_campaigns, recheck_queued
from pipelines.warehouse import Warehouse
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, BEN, NOON, PAGE, delivery, marketing, otn, write_lines
from tests.ledger.broadcasts import launched, row


def launch(home: Home, *rows: tuple[object, ...]) -> None:
    """Launch a campaign for these people in the home's ledger."""
    ledger = open_ledger(URL.create("sqlite", database=str(home.folder / "ledger.sqlite")))
    launched(ledger, *rows, page=PAGE)
    chain.keep_head(ledger, home.folder / "audit-heads.jsonl")
    ledger.dispose()


def states(home: Home) -> dict[str, int]:
    """Count the home's tokens by state, as the command does."""
    with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse:
        held = held_by_campaigns(read_settings(home.folder), NOW)
        totals: dict[str, int] = token_inventory(warehouse.cursor(), NOW, held)["totals"]
    return {state: count for state, count in totals.items() if count}


def test_a_token_that_a_campaign_holds_is_reserved(home: Home, tmp_path: Path) -> None:
    """One of two; without a ledger none is."""
    home.load(write_lines(tmp_path / "a.jsonl", delivery(otn(ANNA, NOON, "t1")), delivery(otn(BEN, NOON, "t2"))))
    assert states(home) == {"available": 2}
    launch(home, row(ANNA, "t1"))

    assert states(home) == {"available": 1, "reserved": 1}


def test_a_load_takes_the_permission_of_who_stopped(home: Home, tmp_path: Path) -> None:
    """And says so; where nothing changed it says nothing."""
    home.load(write_lines(tmp_path / "a.jsonl", delivery(marketing(ANNA, NOON, "t1"))))
    launch(home, row(ANNA, "t1", "marketing"))
    stop = marketing(ANNA, NOON + timedelta(hours=1), "t1", status="STOP NOTIFICATIONS")
    home.load(write_lines(tmp_path / "b.jsonl", delivery(stop)))
    said = Console(record=True, width=200)
    recheck_queued(read_settings(home.folder), NOW, said)

    assert "1 have lost their permission and will not go out" in said.export_text()
    recheck_queued(read_settings(home.folder), NOW, said)
    assert said.export_text() == ""


def test_the_doctor_proves_the_trail_and_reaches_the_graph_api(home: Home, tmp_path: Path) -> None:
    """A trail whose end was cut off, and an address where nobody answers, are to be mended."""
    home.load(write_lines(tmp_path / "a.jsonl", delivery(otn(ANNA, NOON, "t1"))))
    launch(home, row(ANNA, "t1"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (home.folder / "settings.toml").write_text(f'graph_url = "http://127.0.0.1:{port}"\n', encoding="utf-8")
        well = {each.name: each for each in examine(home.folder, NOW)}
    with (home.folder / "audit-heads.jsonl").open("a", encoding="utf-8") as kept:
        kept.write(f'{{"entries": 99, "hash": "{"a" * 64}"}}\n')
    ill = {each.name: each for each in examine(home.folder, NOW)}

    assert (well["ledger"].exit_code, well["graph"].exit_code) == (0, 0), well
    assert (ill["ledger"].exit_code, ill["graph"].exit_code) == (3, 1)
    assert "cannot be reached" in ill["graph"].says


def test_the_doctor_names_a_version_that_has_ended(home: Home, tmp_path: Path) -> None:
    """Or one that nobody knows."""
    home.load(write_lines(tmp_path / "a.jsonl", delivery(otn(ANNA, NOON, "t1"))))
    for version, words in (("v20.0", "has ended"), ("v99.0", "no rule graph.v99_0")):
        settings = f'graph_version = "{version}"\ngraph_url = "http://127.0.0.1:9"\n'
        (home.folder / "settings.toml").write_text(settings, encoding="utf-8")
        (graph,) = (each for each in examine(home.folder, NOW) if each.name == "graph")

        assert graph.exit_code == 1
        assert words in graph.says
