"""A load that is killed at any moment is resumed by loading again, and the tables are those of one undisturbed load."""

import os
import random
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.commands import begin_command, run_command, wait_for
from tests.conftest import IS_DEEP, NOW, Home
from tests.deliveries import NOON, compact, delivery, message, otn
from tests.test_load_properties import tables

EVENTS = 60_000 if IS_DEEP else 12_000
KILLS = int(os.environ.get("CLEAR_TO_SEND_KILLS", "3"))
PARTS = 7 if IS_DEEP else 4


@pytest.fixture
def log(tmp_path: Path) -> bytes:
    """Return lines of two kinds by a few hundred people, some of them torn."""
    lines = []
    for number in range(EVENTS):
        psid = str(24_000_000_000_000_000 + number % 700)
        moment = NOON - timedelta(minutes=EVENTS - number)
        body = (
            otn(psid, moment, f"t{number}")
            if number % 12 == 0
            else message(psid, moment, f"m_{number}", text="x" * 200)
        )
        line = compact(delivery(body))
        lines.append(line if number % 1000 else line[:90])
    return b"\n".join(lines) + b"\n"


def overlapping_parts(log: bytes, folder: Path, count: int) -> list[Path]:
    """Cut a log into files that share lines with their neighbours."""
    lines = log.split(b"\n")[:-1]
    step, paths = len(lines) // count, []
    for number in range(count):
        piece = lines[max(0, number * step - 500) : (number + 1) * step + 500 if number < count - 1 else len(lines)]
        path = folder / f"part-{number}.jsonl"
        path.write_bytes(b"\n".join(piece) + b"\n")
        paths.append(path)
    return paths


@pytest.mark.slow
def test_kills_lose_nothing_and_double_nothing(new_home: Callable[[], Home], tmp_path: Path, log: bytes) -> None:
    """Overlapping files, loaded twice, with the process killed again and again in between."""
    (tmp_path / "once").mkdir()
    (tmp_path / "parts").mkdir()
    (tmp_path / "once" / "log.jsonl").write_bytes(log)
    once, often = new_home(), new_home()
    once.load(tmp_path / "once")

    overlapping_parts(log, tmp_path / "parts", PARTS)
    command = ("load", tmp_path / "parts", "--home", often.folder, "--as-of", NOW.isoformat(), "--json")
    (tmp_path / "stdin").touch()
    chance, killed = random.Random(7), 0
    for _ in range(KILLS):
        process_id = begin_command(*command, folder=tmp_path)
        time.sleep(chance.uniform(0.0, 2.0))
        os.kill(process_id, signal.SIGKILL)  # not waited for yet: the id is still its own
        killed += wait_for(process_id) == -signal.SIGKILL
    assert killed > 0
    for _ in range(2):
        assert run_command(*command)[0] == 0

    assert tables(often) == tables(once)
    assert often.value("SELECT count(*) FROM sources WHERE lines <> event_lines + duplicate_lines + reject_lines") == 0
