"""What arrives in home/logs is in the tables soon after, while pages read; nothing that fails ends the follower."""

import gzip
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import zstandard

from dashboard.home import close_warehouses, open_warehouse
from pipelines.ledger.store import ledger_of
from pipelines.ledger.waiting import queued
from pipelines.warehouse import Warehouse
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, BEN, NOON, compact, delivery, echo, marketing, message, otn, write_lines
from tests.following import following, until
from tests.ledger.broadcasts import row
from tests.test_load_properties import tables
from tests.test_waiting_sends import launch

LINES = [
    *(compact(delivery(message(ANNA, NOON - timedelta(hours=hours), f"m_{hours}"))) for hours in range(40)),
    *(compact(delivery(otn(BEN, NOON - timedelta(hours=hours), f"t_{hours}"))) for hours in range(40)),
]


def opened(home: Home) -> Warehouse:
    """Return the warehouse as a page gets it."""
    warehouse = open_warehouse(home.folder / "warehouse.duckdb")
    assert warehouse is not None
    return warehouse


def count(home: Home, query: str = "SELECT count(*) FROM events") -> Any:
    """Ask as a page does."""
    with opened(home).cursor() as cursor:
        return cursor.execute(query).fetchall()[0][0]


def test_a_log_that_grows_is_loaded_while_pages_read(new_home: Callable[[], Home], tmp_path: Path) -> None:
    """In pieces, one of them torn; with a reader in a transaction; and the tables are those of one load."""
    home, once = new_home(), new_home()
    log = home.folder / "logs" / "webhook-1.jsonl"
    log.parent.mkdir()
    with following(home.folder) as follower:
        until(lambda: follower.state.last_look_at is not None)
        reader = opened(home).cursor()
        reader.begin()
        assert reader.execute("SELECT count(*) FROM events").fetchall() == [(0,)]
        with log.open("ab", buffering=0) as file:
            for number in range(0, len(LINES), 40):
                half = len(LINES[number]) // 2
                file.write(LINES[number][:half])
                follower.wake()
                until(lambda: count(home, "SELECT count(*) FROM rejects") == 1)
                file.write(b"\n".join([LINES[number][half:], *LINES[number + 1 : number + 40]]) + b"\n")
                until(lambda: count(home) == number + 40)  # noqa: B023  it is asked at once
        assert reader.execute("SELECT count(*) FROM events").fetchall() == [(0,)]
        reader.close()
        until(lambda: follower.state.events_loaded == len(LINES))
        assert follower.state.error == follower.state.last_error == ""
    close_warehouses()
    once.load(write_lines(tmp_path / "once.jsonl", *LINES))

    assert tables(home) == tables(once)
    assert home.rows("SELECT * FROM rejects") == []


def test_a_compressed_segment_is_the_same_source(home: Home) -> None:
    """Beside its plain form it is not looked at; in its place it brings nothing new, and counts nothing twice."""
    plain = write_lines(home.folder / "logs" / "webhook-1.jsonl", *LINES)
    packed = plain.with_name(f"{plain.name}.zst")
    with following(home.folder) as follower:
        until(lambda: follower.state.events_loaded == len(LINES))
        packed.write_bytes(zstandard.compress(plain.read_bytes()))
        plain.unlink()
        loaded_at = opened(home).version()
        until(lambda: opened(home).version() > loaded_at)

    assert home.rows("SELECT source_file, lines, duplicate_lines FROM sources") == [
        ("logs/webhook-1.jsonl", len(LINES), 0)
    ]


def test_a_broken_file_is_a_problem_until_it_is_mended(home: Home) -> None:
    """What came before its break is loaded, and so are the others."""
    broken = home.folder / "logs" / "broken.jsonl.gz"
    write_lines(home.folder / "logs" / "webhook-1.jsonl", *LINES[:10])
    broken.write_bytes(gzip.compress(b"\n".join(LINES[10:]) + b"\n")[:-400])
    with following(home.folder) as follower:
        until(lambda: len(follower.state.problems) == 1)
        assert f"{broken}: the file's compressed data is broken" in follower.state.problems[0]
        assert count(home) >= 10
        broken.unlink()
        write_lines(home.folder / "logs" / "broken.jsonl", *LINES[10:])
        until(lambda: follower.state.problems == () and count(home) == len(LINES))


def test_a_deleted_warehouse_is_made_anew_from_the_logs(home: Home) -> None:
    """The pages find it again under the same path."""
    write_lines(home.folder / "logs" / "webhook-1.jsonl", *LINES)
    file = home.folder / "warehouse.duckdb"
    with following(home.folder) as follower:
        until(lambda: follower.state.events_loaded == len(LINES))
        before = opened(home)
        file.unlink()
        until(lambda: file.exists() and follower.state.events_loaded == 2 * len(LINES))
        assert opened(home) is not before
        assert count(home) == len(LINES)


def test_it_waits_for_a_file_that_another_process_holds(home: Home) -> None:
    """It says who holds it, and loads once it is free."""
    write_lines(home.folder / "logs" / "webhook-1.jsonl", *LINES)
    file = home.folder / "warehouse.duckdb"
    hold = f"import duckdb, sys; c = duckdb.connect({str(file)!r}); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with following(home.folder) as follower:
            until(lambda: f"process {holder.pid}" in follower.state.error)
            holder.communicate()
            until(lambda: follower.state.events_loaded == len(LINES))
            until(lambda: follower.state.error == "")
            assert "is in use by" in follower.state.last_error


def test_who_stops_gets_nothing_and_what_went_out_is_judged(home: Home, tmp_path: Path) -> None:
    """The follower does what the command does after a load."""
    home.load(write_lines(tmp_path / "a.jsonl", delivery(marketing(ANNA, NOON, "t1"))))
    launch(home, row(ANNA, "t1", "marketing"))
    stop = marketing(ANNA, NOON + timedelta(hours=1), "t1", status="STOP NOTIFICATIONS")
    sale = echo(BEN, NOON, "sale", "Flash sale! 50% off!", metadata="clear-to-send/1 send=1 lane=tag:HUMAN_AGENT")
    write_lines(home.folder / "logs" / "webhook-1.jsonl", delivery(stop), delivery(sale))
    with following(home.folder) as follower:
        until(lambda: follower.state.last_look_at == NOW)
        until(lambda: count(home, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'findings'") == 1)
        until(lambda: count(home, "SELECT count(*) FROM findings WHERE severity = 'block'") > 0)
        assert follower.state.ledger_error == follower.state.judging_error == ""

    with ledger_of(home.folder, "") as ledger, ledger.connect() as connection:
        assert queued(connection) == []
