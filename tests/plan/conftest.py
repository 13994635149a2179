"""A world of logs and ledger for the tests of plans, and what judges its texts."""

from collections.abc import Iterator

import pytest

from dashboard.linting import linter as shipped
from pipelines.lint.linter import Linter
from tests.conftest import Home
from tests.plan.worlds import World, open_world


@pytest.fixture
def world(home: Home) -> Iterator[World]:
    """Return a world without events."""
    made = open_world(home)
    yield made
    made.ledger.dispose()


@pytest.fixture(scope="session")
def linter() -> Linter:
    """Return the shipped linter, the one that the pages use: it is read once a process."""
    return shipped()
