"""The doctor names the files that other users of the machine can read, and the command that mends it."""

import subprocess
from pathlib import Path

import pytest

from pipelines.doctor_secrets import examine_secrets
from pipelines.settings import read_settings

FILES = ("settings.toml", "pseudonym.key", "ledger.sqlite", "logs/a.jsonl")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a home that others may enter, whose files they may not read."""
    home = tmp_path / "home"
    (home / "logs").mkdir(parents=True)
    for name in FILES:
        (home / name).write_text("", encoding="utf-8")
        (home / name).chmod(0o600)
    home.chmod(0o755)
    (home / "logs").chmod(0o755)
    return home


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_named(folder: Path, name: str, mode: int) -> None:
    """And the command that it names makes it well."""
    (folder / name).chmod(mode)
    (check,) = examine_secrets(read_settings(folder))
    assert (check.is_well, check.exit_code) == (False, 1)
    assert check.says.startswith(f"{name} in {folder} is open to other users")

    command = check.says.partition("Run: ")[2]
    subprocess.run(command.split(), check=True)
    (after,) = examine_secrets(read_settings(folder))
    assert after.is_well


def test_a_home_that_is_closed_is_well(folder: Path) -> None:
    """What lies in it is out of reach, also where its own mode is loose; and so is a home with closed files."""
    (check,) = examine_secrets(read_settings(folder))
    assert check.is_well
    (folder / "settings.toml").chmod(0o644)
    folder.chmod(0o700)
    (check,) = examine_secrets(read_settings(folder))
    assert check.is_well


def test_many_are_counted(folder: Path) -> None:
    """A sentence names three."""
    for number in range(5):
        (folder / "logs" / f"{number}.jsonl").write_text("", encoding="utf-8")
        (folder / "logs" / f"{number}.jsonl").chmod(0o644)
    (check,) = examine_secrets(read_settings(folder))
    assert "logs/0.jsonl, logs/1.jsonl, logs/2.jsonl and 2 more" in check.says


def test_a_folder_of_logs_that_is_closed_is_not_searched(folder: Path) -> None:
    """Nobody else can open what is in it."""
    (folder / "logs" / "a.jsonl").chmod(0o644)
    (folder / "logs").chmod(0o700)
    (check,) = examine_secrets(read_settings(folder))
    assert check.is_well
