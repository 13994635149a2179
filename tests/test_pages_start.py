"""The pages where there is nothing to show: an empty home, a locked, broken or newer warehouse, an unknown state."""

from pathlib import Path

import duckdb
import pytest

from dashboard.home import open_warehouse
from pipelines.warehouse import Warehouse
from tests.opened_page import opened, words
from tests.synthetic import MOMENT, make_home

VIEWS = ("overview", "inventory", "health")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("home", ["missing", "empty", "without events"])
def test_an_empty_home_explains_what_to_do(
    tmp_path: Path, view: str, home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the folder, the warehouse or only its rows are missing."""
    folder = tmp_path / "home"
    if home != "missing":
        folder.mkdir()
    if home == "without events":
        Warehouse.open(folder / "warehouse.duckdb").close()

    page = opened(monkeypatch, folder, view)

    assert not page.exception
    assert "Nothing is loaded yet" in words(page)
    assert [each.value for each in page.code][:2] == ["clear-to-send demo", f"clear-to-send load PATH --home {folder}"]


def test_a_page_lets_go_of_a_warehouse_without_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the load which the page asks for can begin."""
    Warehouse.open(tmp_path / "warehouse.duckdb").close()

    opened(monkeypatch, tmp_path, close=False)

    duckdb.connect(str(tmp_path / "warehouse.duckdb")).close()


@pytest.mark.parametrize("fault", ["not a database", "newer"])
def test_a_broken_warehouse_is_told_in_words(tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error's own sentence, with the file's name and what to do, and no traceback."""
    file = tmp_path / "warehouse.duckdb"
    if fault == "newer":
        with Warehouse.open(file) as warehouse:
            warehouse.cursor().execute("UPDATE warehouse_state SET schema_version = 99")
    else:
        file.write_text("This is a shopping list, not a database. " * 500)

    page = opened(monkeypatch, tmp_path)

    assert not page.exception
    assert str(file) in page.error[0].value
    assert "load the logs again" in page.error[0].value


def test_a_locked_warehouse_names_who_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process loads, the page says so, and shows the numbers once that is done."""
    import subprocess
    import sys

    make_home(tmp_path)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path / "warehouse.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    holder.stdout.readline()
    try:
        page = opened(monkeypatch, tmp_path)
    finally:
        holder.communicate("")

    assert str(holder.pid) in page.error[0].value
    assert not opened(monkeypatch, tmp_path).error


def test_a_warehouse_that_was_loaded_anew_is_opened_anew(tmp_path: Path) -> None:
    """Deleting the file and loading again is allowed at any time, also under a running app."""
    file = make_home(tmp_path) / "warehouse.duckdb"
    first = open_warehouse(file)
    file.unlink()

    assert first
    assert open_warehouse(file) is None

    make_home(tmp_path)
    second = open_warehouse(file)

    assert second
    assert second is not first
    assert second is open_warehouse(file)


@pytest.mark.parametrize("view", VIEWS)
def test_what_this_version_does_not_know_breaks_no_page(
    tmp_path: Path, view: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state or kind of a later version, or a token without a topic."""
    with Warehouse.open(make_home(tmp_path) / "warehouse.duckdb") as warehouse:
        cursor = warehouse.cursor()
        cursor.execute("UPDATE token_daily SET state = 'frozen', topic = NULL WHERE state = 'stranded'")
        cursor.execute("UPDATE token_spans SET state = 'frozen', topic = NULL WHERE state = 'stranded'")
        cursor.execute("INSERT INTO event_hourly VALUES (?, '1', 'telepathy', 1, 0, 0, 0)", [MOMENT])

    assert not opened(monkeypatch, tmp_path, view).exception
