"""Erasures in the ledger, on both databases: what is on its way is waited for, and what names a person loses them."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import Engine, select

from pipelines.errors import Refused, UsageError
from pipelines.forget_command import forget_person, keep_app_users
from pipelines.ledger import campaigns, chain, deletions
from pipelines.ledger.schema import sends
from pipelines.ledger.sends import settle
from pipelines.policy import Policy
from pipelines.privacy.caretaker import Caretaker
from pipelines.privacy.erasing import ErasingHome, run_asked
from pipelines.privacy.requests import ask, ask_by_meta, know_app_users
from pipelines.settings import Settings, read_settings
from pipelines.warehouse import Warehouse
from tests.audit import staging
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, BEN, NOON, PAGE, delivery, message, write_lines
from tests.privacy.homes import LATER, forget, ledger_of, traces
from tests.privacy.loading import load

QUIET = Console(quiet=True)


@pytest.fixture
def erasing(ledger: Engine, tmp_path: Path, policy: Policy) -> ErasingHome:
    """Return a home with a ledger, and no logs."""
    return ErasingHome(Settings(home=tmp_path), ledger, policy, None)


def test_what_is_queued_never_goes_out_and_what_was_sent_keeps_its_count(erasing: ErasingHome) -> None:
    """The one campaign lists them among those left out: its definition gets another fingerprint, and the trail both."""
    psid = staging.CONTENT.audience.exclude_psids[0]
    staging.launched(erasing.ledger, "shoes", [staging.row(psid, "otn", "plain", "a-token"), staging.row(BEN)])
    code = ask(erasing.ledger, psid, None, "Mei", NOW, [PAGE])

    assert run_asked(erasing, lambda: NOW) == {}

    with erasing.ledger.connect() as connection:
        rows = connection.execute(select(sends).order_by(sends.c.send_id)).mappings().all()
        told = [entry for entry in chain.entries(connection) if entry.action == "erasure_done"]
        found = deletions.find(connection, code)
    gone = next(row for row in rows if row["psid"] != BEN)
    campaign = campaigns.get(erasing.ledger, "shoes")
    assert found is not None
    assert (found.state, found.psid) == ("erased", None)
    assert gone["state"] == "cancelled"
    assert gone["psid"].startswith("forgotten-")
    assert (gone["token"], gone["fields"], gone["token_key"]) == (None, None, staging.md5("a-token"))
    assert psid not in campaign.definition
    assert json.loads(told[0].detail)["definitions"] == {"shoes": campaign.fingerprint}
    assert psid not in "".join(entry.detail for entry in told)


def test_a_message_on_its_way_is_waited_for(erasing: ErasingHome) -> None:
    """Its echo would be erased with the logs, and nobody would know whether it arrived."""
    numbers = staging.run(erasing.ledger, "shoes")
    code = ask(erasing.ledger, staging.DORA, None, "Mei", NOW, [PAGE])

    waiting = run_asked(erasing, lambda: NOW)

    assert "campaign settle shoes" in waiting[code]
    record = campaigns.get(erasing.ledger, "shoes")
    settle(erasing.ledger, record, [numbers[staging.DORA]], arrived=True, by="bo", now=NOW, why="seen in the inbox")
    assert run_asked(erasing, lambda: NOW) == {}
    with erasing.ledger.connect() as connection:
        assert deletions.in_states(connection, deletions.OPEN) == []


def test_who_wrote_to_two_pages_is_erased_from_both_by_one_request_of_meta(erasing: ErasingHome) -> None:
    """And asking again gives the same code, until somebody of that id is met again."""
    user = "10220000000000001"
    know_app_users(erasing.ledger, [(user, PAGE, ANNA), (user, "108777777777777", "24000000000000055")], NOW)
    code = ask_by_meta(erasing.ledger, user, NOW)

    assert run_asked(erasing, lambda: NOW) == {}

    with erasing.ledger.connect() as connection:
        assert deletions.people_of(connection, user) == []
        found = deletions.find(connection, code)
    assert found is not None
    assert (found.state, found.app_user_id) == ("erased", None)
    assert ask_by_meta(erasing.ledger, user, NOW) == code
    know_app_users(erasing.ledger, [(user, PAGE, "24000000000000056")], NOW)
    assert ask_by_meta(erasing.ledger, user, LATER) != code


def test_what_is_no_person_is_not_erased(erasing: ErasingHome) -> None:
    """A sentence says what is wrong."""
    for psid in ("", "anna", "12345", PAGE, "24000000000000001 "):
        with pytest.raises(UsageError, match=r"no page-scoped id|is a Page"):
            ask(erasing.ledger, psid, None, "Mei", NOW, [PAGE])


def test_a_file_of_app_users_is_read_or_refused_as_a_whole(new_home: Callable[[], Home], tmp_path: Path) -> None:
    """The line is named."""
    settings = read_settings(new_home().folder, create=True)
    good = tmp_path / "good.csv"
    good.write_text(f"app_user_id,page_id,psid\n10220000000000001,{PAGE},{ANNA}\n")
    bad = tmp_path / "bad.csv"
    bad.write_text(f"app_user_id,page_id,psid\n10220000000000001,{PAGE},anna\n")

    assert keep_app_users(settings, good, NOW) == 1
    with pytest.raises(UsageError, match="line 2"):
        keep_app_users(settings, bad, NOW)


def test_the_app_that_holds_the_warehouse_does_it(new_home: Callable[[], Home], policy: Policy) -> None:
    """The command hands it over through the ledger, waits, and tells what came of it."""
    home = new_home()
    write_lines(home.folder / "logs" / "a.jsonl", delivery(message(ANNA, NOON, "m"), message(BEN, NOON, "n")))
    load(home, home.folder / "logs")
    settings, ledger = read_settings(home.folder), ledger_of(home)
    stop = threading.Event()

    def app() -> None:
        with Warehouse.open(settings.warehouse_path) as warehouse:
            caretaker = Caretaker(ErasingHome(settings, ledger, policy, warehouse), lambda: LATER)
            ready.set()
            while not stop.is_set():
                caretaker.tend()
                time.sleep(0.05)

    ready = threading.Event()
    thread = threading.Thread(target=app)
    thread.start()
    ready.wait(10)
    try:
        code, out = _in_another_process(home.folder)
    finally:
        stop.set()
        thread.join()
        ledger.dispose()

    assert code == 0, out
    assert "'message': 1" in out
    assert traces(home.folder, ANNA) == []


def _in_another_process(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, str(folder)], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


_COMMAND = f"""
import sys
from pathlib import Path
from rich.console import Console
from pipelines.forget_command import forget_person
from pipelines.settings import read_settings
from tests.conftest import NOW
print(forget_person(read_settings(Path(sys.argv[1])), "{ANNA}", "", "Mei", lambda: NOW, Console(quiet=True)).erased)
"""


def test_a_wish_that_stands_is_gone_on_with(new_home: Callable[[], Home]) -> None:
    """Whoever asked for it: the next command for that person does it."""
    home = new_home()
    write_lines(home.folder / "logs" / "a.jsonl", delivery(message(ANNA, NOON, "m")))
    load(home, home.folder / "logs")
    ledger = ledger_of(home)
    code = ask(ledger, ANNA, None, "Mei", NOW, [])
    ledger.dispose()

    done = forget(home)

    assert done.request == code
    assert traces(home.folder, ANNA) == []


def test_a_holder_that_does_nothing_is_named(new_home: Callable[[], Home]) -> None:
    """After a while the command says so, and the wish stands."""
    home = new_home()
    write_lines(home.folder / "logs" / "a.jsonl", delivery(message(ANNA, NOON, "m")))
    load(home, home.folder / "logs")
    holder = subprocess.Popen([sys.executable, "-c", _HOLDER, str(home.folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(Refused, match="not done yet"):
            forget_person(read_settings(home.folder), ANNA, "", "Mei", lambda: NOW, QUIET, wait_s=0)
    finally:
        holder.kill()
        holder.communicate()


_HOLDER = """
import sys, time, duckdb
held = duckdb.connect(sys.argv[1] + "/warehouse.duckdb")
print("held", flush=True)
time.sleep(60)
"""
