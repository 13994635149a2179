"""A follower that is killed under load, again and again: nothing that stands in the logs is lost or doubled."""

import os
import random
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.conftest import IS_DEEP, Home
from tests.deliveries import NOON, compact, delivery, message, otn, write_lines
from tests.following import app_on, following, until
from tests.test_load_properties import tables

KILLS = int(os.environ.get("CLEAR_TO_SEND_KILLS", "2"))
LINES_A_SECOND = 2_000 if IS_DEEP else 400


def line(number: int) -> bytes:
    """Return a line of one event: of every third person's token, or a message."""
    psid, moment = str(24_000_000_000_000_000 + number % 300), NOON - timedelta(seconds=number)
    body = otn(psid, moment, f"t{number}") if number % 3 == 0 else message(psid, moment, f"m_{number}")
    return compact(delivery(body))


def write_on(log: Path, written: list[bytes], is_over: Event) -> None:
    """Append lines in many small writes, some of which end in mid-line."""
    with log.open("ab", buffering=0) as file:
        while not is_over.is_set():
            lines = [line(len(written) + number) for number in range(LINES_A_SECOND // 20)]
            text = b"\n".join(lines) + b"\n"
            file.write(text[: len(text) // 2])
            file.write(text[len(text) // 2 :])
            written += lines
            time.sleep(0.05)


@pytest.mark.slow
def test_kills_under_load_lose_nothing_and_double_nothing(new_home: Callable[[], Home], tmp_path: Path) -> None:
    """Killed at random moments while lines arrive; then the tables are those of one undisturbed load."""
    home, once, chance = new_home(), new_home(), random.Random(11)
    log = home.folder / "logs" / "webhook-1.jsonl"
    log.parent.mkdir()
    written: list[bytes] = []
    is_over = Event()
    writer = Thread(target=write_on, args=(log, written, is_over))
    writer.start()
    try:
        for _ in range(KILLS):
            with app_on(home.folder) as app:
                time.sleep(chance.uniform(0.1, 1.5))
                app.kill()
    finally:
        is_over.set()
        writer.join()
    with following(home.folder) as follower:
        until(lambda: follower.state.last_load_at is not None and not follower.state.is_loading)
    once.load(write_lines(tmp_path / "once.jsonl", *written))

    assert tables(home) == tables(once)
    assert home.value("SELECT events FROM sources") == len(written)
