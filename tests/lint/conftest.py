"""The linter with the data that ships with the project, loaded once, and homes whose logs it judges."""

import shutil
from pathlib import Path

import pytest

from dashboard.linting import linter as shipped
from pipelines.lint.linter import Linter
from pipelines.policy import Policy
from pipelines.settings import read_settings
from pipelines.warehouse import Warehouse
from tests.conftest import Home


@pytest.fixture(scope="session")
def linter() -> Linter:
    """Return the shipped linter, the one that the pages use: it is read once a process."""
    return shipped()


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home without events, made once: copying one is cheaper."""
    folder = tmp_path_factory.mktemp("empty") / "home"
    with Warehouse.open(read_settings(folder, create=True).warehouse_path):
        return folder


@pytest.fixture
def home(empty: Path, tmp_path: Path, policy: Policy) -> Home:
    """Return a home without events."""
    return Home(Path(shutil.copytree(empty, tmp_path / "home")), policy)
