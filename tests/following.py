"""A follower at work: in this process, or in one of its own that can be killed."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.home import begin_following, end_following
from pipelines import DATA
from pipelines.follow.follower import Follower
from pipelines.follow.running import is_running
from pipelines.policy import load_policy
from pipelines.settings import read_settings
from tests.conftest import NOW

LONGEST = 60.0


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something to become so."""
    for _ in range(int(LONGEST / 0.05)):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("It has not become so.")


@contextmanager
def following(home: Path) -> Iterator[Follower]:
    """Follow a home's logs in this process, until the end of the block."""
    follower = begin_following(read_settings(home, create=True), load_policy(DATA / "policy"), lambda: NOW)
    try:
        yield follower
    finally:
        end_following(follower)


@contextmanager
def app_on(home: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Follow a home's logs in a process of its own, which ends in peace at the end of the block unless it is dead."""
    command = [sys.executable, "-c", f"from tests.following import run; run({str(home)!r})"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=Path(__file__).parent.parent) as process:
        try:
            until(lambda: is_running(home) or process.poll() is not None)
            yield process
        finally:
            process.communicate(timeout=LONGEST)


def run(home: str) -> None:
    """Follow until standard input ends."""
    with following(Path(home)):
        sys.stdin.read()
