"""A world of logs and ledger for the tests of plans."""

from collections.abc import Iterator

import pytest

from tests.conftest import Home
from tests.plan.worlds import World, open_world


@pytest.fixture
def world(home: Home) -> Iterator[World]:
    """Return a world without events."""
    made = open_world(home)
    yield made
    made.ledger.dispose()
