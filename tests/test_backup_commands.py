"""`backup` and `restore` as their user meets them: words, JSON, and exit codes."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from pipelines.backup_commands import backup, restore
from pipelines.errors import UsageError
from pipelines.ledger import chain
from pipelines.ledger.store import ledger_of
from pipelines.settings import read_settings
from tests.conftest import NOW
from tests.deliveries import BEN, delivery, message, write_lines

app = typer.Typer()
app.command()(backup)
app.command()(restore)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a home with one segment and one entry in its trail."""
    home = tmp_path / "home"
    write_lines(home / "logs" / "a.jsonl", delivery(message(BEN, NOW, "m_1")))
    with ledger_of(home, "") as ledger:
        with ledger.begin() as connection:
            chain.append(connection, NOW, "eve", "noted", {"word": "first"})
        chain.keep_head(ledger, read_settings(home).heads_path)
    return home


def run(*words: str | Path) -> Result:
    """Run a command; an expected failure comes as it is raised."""
    return CliRunner().invoke(app, [str(word) for word in words], obj=lambda _: NOW, catch_exceptions=False)


def test_words_say_what_is_in_it_and_what_comes_next(folder: Path, tmp_path: Path) -> None:
    """There and back, on stderr; exit 0."""
    file, back = tmp_path / "a.tar.zst", tmp_path / "back"
    made = run("backup", file, "--home", folder)
    assert (made.exit_code, made.stdout) == (0, "")
    assert "3 files, " in made.stderr
    assert "keep it as safe" in made.stderr
    done = run("restore", file, "--home", back)
    assert (done.exit_code, done.stdout) == (0, "")
    for part in (
        "3 files as of 2026-11-22T12:00:00Z are back", "The audit trail holds: 1 entries", "forget` them again",
        f"clear-to-send load {back / 'logs'} --home {back}",
    ):  # fmt: skip
        assert part in done.stderr, part


def test_json_is_one_object(folder: Path, tmp_path: Path) -> None:
    """With what a script looks at."""
    file, back = tmp_path / "a.tar.zst", tmp_path / "back"
    made = json.loads(run("backup", file, "--home", folder, "--json").stdout)
    assert (made["members"], made["ledger"], made["torn"], made["lacks"]) == (3, "sqlite", [], [])
    done = json.loads(run("restore", file, "--home", back, "--json").stdout)
    assert (done["files"], done["audit_ok"], done["faults"], done["home"]) == (3, True, [], str(back))


def test_a_trail_that_does_not_hold_ends_with_1(folder: Path, tmp_path: Path) -> None:
    """What was kept outside the ledger knows more entries than came back."""
    with (folder / "audit-heads.jsonl").open("a", encoding="utf-8") as heads:
        heads.write(json.dumps({"entries": 2, "hash": "f" * 64}) + "\n")
    run("backup", tmp_path / "a.tar.zst", "--home", folder)
    done = run("restore", tmp_path / "a.tar.zst", "--home", tmp_path / "back")
    assert done.exit_code == 1
    assert "does not hold" in done.stderr
    assert "was told of 2 entries" in done.stderr


def test_a_folder_that_is_not_empty_is_left_alone(folder: Path, tmp_path: Path) -> None:
    """The home itself, above all."""
    run("backup", tmp_path / "a.tar.zst", "--home", folder)
    with pytest.raises(UsageError, match="is not empty"):
        run("restore", tmp_path / "a.tar.zst", "--home", folder)
