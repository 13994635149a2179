"""A world of logs and ledger for the tests of plans, and what judges its texts."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.linting import linter as shipped
from pipelines.lint.linter import Linter
from pipelines.policy import Policy
from pipelines.settings import read_settings
from pipelines.warehouse import Warehouse
from tests.conftest import Home
from tests.plan.worlds import World, open_world


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Path:
    """Return a home without events, made once: copying one is cheaper."""
    folder = tmp_path_factory.mktemp("empty") / "home"
    open_world(Home(folder, policy)).ledger.dispose()
    with Warehouse.open(read_settings(folder, create=True).warehouse_path):
        return folder


@pytest.fixture
def world(home: Home, empty: Path) -> Iterator[World]:
    """Return a world without events."""
    shutil.copytree(empty, home.folder)
    made = open_world(home)
    yield made
    made.ledger.dispose()


@pytest.fixture(scope="session")
def linter() -> Linter:
    """Return the shipped linter, the one that the pages use: it is read once a process."""
    return shipped()
