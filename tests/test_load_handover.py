"""`load` beside a running app: handed over, watched, answered; other commands are told who holds the warehouse."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Thread, Timer

import pytest
from rich.console import Console
from sqlalchemy import select

from pipelines.errors import WarehouseLocked
from pipelines.ledger import load_requests
from pipelines.ledger.schema_app import load_requests as asked
from pipelines.ledger.store import ledger_of
from pipelines.load.summary import LoadSummary
from pipelines.load_command import LoadedByApp, load_files
from pipelines.policy import Policy
from pipelines.settings import read_settings
from pipelines.warehouse import Warehouse
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, NOON, delivery, message, write_lines
from tests.following import app_on, following, until


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, policy: Policy
) -> Iterator[tuple[Home, "subprocess.Popen[bytes]"]]:
    """Return a home on which an app runs, and the app's process."""
    home = Home(tmp_path_factory.mktemp("home"), policy)
    with app_on(home.folder) as app:
        yield home, app


@pytest.fixture
def served(running: tuple[Home, "subprocess.Popen[bytes]"]) -> Home:
    """Return the home on which the app runs."""
    return running[0]


def log(path: Path, *mids: str) -> Path:
    """Write a log with a message each."""
    return write_lines(path, *(delivery(message(ANNA, NOON - timedelta(hours=len(mid)), mid)) for mid in mids))


def load(home: Home, *files: Path | str) -> LoadSummary:
    """Load as the command does."""
    return load_files(read_settings(home.folder), [str(file) for file in files], NOW, Console(file=sys.stderr))


def test_the_app_loads_what_the_command_was_given(served: Home, tmp_path: Path) -> None:
    """The numbers are those of a load; the second time there is nothing new."""
    file = log(tmp_path / "a.jsonl", "m", "mm", "mmm", "mmm")
    first, second = load(served, file), load(served, file)

    assert isinstance(first, LoadedByApp)
    assert (first.files, first.lines, first.events, first.duplicates, first.problems) == (1, 4, 3, 1, [])
    assert first.last_event_at == NOON - timedelta(hours=1)
    assert (second.unchanged_files, second.events) == (1, 0)


def test_several_at_once_queue(served: Home, tmp_path: Path) -> None:
    """Each gets its own answer."""
    files = [
        log(tmp_path / f"{number}.jsonl", *(f"q{number}_{mid}" for mid in range(number + 1))) for number in range(3)
    ]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda file: load(served, file), files))

    assert [answer.events for answer in answers] == [1, 2, 3]


def test_a_file_that_cannot_be_read_is_a_problem_there_too(served: Home, tmp_path: Path) -> None:
    """It is named in the answer, and the others are loaded."""
    answer = load(served, tmp_path / "gone.jsonl", log(tmp_path / "b.jsonl", "there"))

    assert answer.events == 1
    assert len(answer.problems) == 1
    assert f"{tmp_path / 'gone.jsonl'}: cannot be read" in answer.problems[0]


def test_standard_input_is_not_handed_over(served: Home) -> None:
    """The app has another one."""
    with pytest.raises(WarehouseLocked, match="write it to a file, and load that"):
        load(served, "-")


def test_other_commands_are_told_to_look_at_the_pages(served: Home) -> None:
    """And which process it is."""
    with pytest.raises(WarehouseLocked, match=r"held by the running app, process \d+ .* Look at its pages"):
        Warehouse.open(served.folder / "warehouse.duckdb")


def test_a_holder_that_is_no_app_takes_nothing(home: Home, tmp_path: Path) -> None:
    """The request is withdrawn, and the command ends as it did without an app."""
    home.load(log(tmp_path / "a.jsonl", "m"))
    file = home.folder / "warehouse.duckdb"
    hold = f"import duckdb, sys; c = duckdb.connect({str(file)!r}); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(WarehouseLocked, match=f"in use by process {holder.pid}"):
            load(home, log(tmp_path / "b.jsonl", "n"))
        holder.communicate()
    with ledger_of(home.folder, "") as ledger:
        assert load_requests.find(ledger, 1).state == "withdrawn"


def test_what_a_dead_app_had_begun_is_loaded_at_the_next_start(home: Home, tmp_path: Path) -> None:
    """And then it is answered."""
    file = log(tmp_path / "a.jsonl", "m", "mm")
    read_settings(home.folder, create=True)
    with ledger_of(home.folder, "") as ledger:
        request_id = load_requests.ask(ledger, [str(file)], 1, NOW)
        load_requests.take(ledger, NOW)
        with following(home.folder):
            until(lambda: load_requests.find(ledger, request_id).state == "done")
        assert json.loads(load_requests.find(ledger, request_id).answer)["events"] == 2


def test_an_app_that_dies_is_not_waited_for(home: Home, tmp_path: Path) -> None:
    """The command then loads by itself."""
    with app_on(home.folder) as app:
        os.kill(app.pid, signal.SIGSTOP)  # it holds the file, and takes nothing any more
        Timer(1.0, app.kill).start()
        summary = load(home, log(tmp_path / "a.jsonl", "m"))

    assert not isinstance(summary, LoadedByApp)
    assert summary.events == 1


def interrupt_once_asked(folder: Path) -> None:
    """Press Ctrl+C in this process when the app has been asked, and has not begun."""
    with ledger_of(folder, "") as ledger, ledger.connect() as connection:
        while not connection.execute(select(asked).where(asked.c.state == "asked")).all():
            time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupt_takes_back_what_was_not_begun(
    running: tuple[Home, "subprocess.Popen[bytes]"], tmp_path: Path
) -> None:
    """Nobody loads it later."""
    home, app = running
    os.kill(app.pid, signal.SIGSTOP)
    Thread(target=interrupt_once_asked, args=(home.folder,)).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            load(home, file := log(tmp_path / "interrupted.jsonl", "m"))
    finally:
        os.kill(app.pid, signal.SIGCONT)
    with ledger_of(home.folder, "") as ledger, ledger.connect() as connection:
        taken_back = connection.execute(select(asked).where(asked.c.state == "withdrawn")).all()
    assert [json.loads(each.paths) for each in taken_back] == [[str(file)]]
