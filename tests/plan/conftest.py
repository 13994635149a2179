"""A world of logs and ledger for the tests of plans, and what judges its texts."""

from collections.abc import Iterator

import pytest

from pipelines import DATA
from pipelines.lint.linter import Linter
from pipelines.policy import Policy
from tests.conftest import Home
from tests.plan.worlds import World, open_world


@pytest.fixture
def world(home: Home) -> Iterator[World]:
    """Return a world without events."""
    made = open_world(home)
    yield made
    made.ledger.dispose()


@pytest.fixture(scope="session")
def linter(policy: Policy) -> Linter:
    """Return the linter that ships with the project."""
    return Linter.load(DATA, policy)
