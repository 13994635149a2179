"""A sandbox for a test: nobody in it yet, and people who do nothing with what they get."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.serving import Clock, Sandbox, sandbox

QUIET = ["delivers=0"]


@pytest.fixture
def clock() -> Clock:
    """Return the clock by which the sandbox goes."""
    return Clock()


@pytest.fixture
def box(tmp_path: Path, clock: Clock) -> Iterator[Sandbox]:
    """Return a sandbox that serves."""
    with sandbox(tmp_path / "home", clock=clock, people=QUIET) as served:
        yield served
