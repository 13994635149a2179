"""What every test may use."""

import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import hypothesis
import pytest

from pipelines import DATA
from pipelines.load.loader import Loader
from pipelines.load.sources import find_sources
from pipelines.load.summary import LoadSummary
from pipelines.policy import Policy, load_policy
from pipelines.settings import read_settings
from pipelines.warehouse import Warehouse
from tests.synthetic import make_home

# A time limit for each example would measure the machine, not the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

NOW = datetime(2026, 11, 22, 12)
IS_DEEP = os.environ.get("CLEAR_TO_SEND_DEEP") == "1"
"""Whether the long tests run too: the same properties at more size, with more examples, on every database."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked as deep, unless that is asked for."""
    deep = [] if IS_DEEP else [item for item in items if item.get_closest_marker("deep")]
    if deep:
        config.hook.pytest_deselected(items=deep)
        items[:] = [item for item in items if item not in deep]


class Home:
    """A home folder for a test: loads logs into it, and asks its warehouse."""

    def __init__(self, folder: Path, policy: Policy) -> None:
        self.folder = folder
        self.policy = policy

    def load(self, *paths: Path | str, now: datetime = NOW) -> LoadSummary:
        """Load files or folders as the command would."""
        settings = read_settings(self.folder, create=True)
        with Warehouse.open(settings.warehouse_path) as warehouse:
            loader = Loader(warehouse, settings, self.policy, now, lambda *_: None)
            return loader.load(find_sources([str(path) for path in paths]))

    def rows(self, query: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with Warehouse.open(self.folder / "warehouse.duckdb") as warehouse:
            return warehouse.cursor().execute(query, values).fetchall()

    def value(self, query: str) -> Any:
        """The one value of a query."""
        ((value,),) = self.rows(query)
        return value


@pytest.fixture(scope="session")
def policy() -> Policy:
    """Return the rule book that ships with the project."""
    return load_policy(DATA / "policy")


@pytest.fixture
def home(tmp_path: Path, policy: Policy) -> Home:
    """Return an empty home."""
    return Home(tmp_path / "home", policy)


@pytest.fixture
def new_home(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Callable[[], Home]:
    """Return a maker of empty homes, for tests that compare several."""
    return lambda: Home(tmp_path_factory.mktemp("home"), policy)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Return a small warehouse with every state and every fault in it."""
    with Warehouse.open(make_home(tmp_path_factory.mktemp("home")) / "warehouse.duckdb") as opened:
        yield opened


@pytest.fixture
def cursor(warehouse: Warehouse) -> duckdb.DuckDBPyConnection:
    """Return a cursor of that warehouse."""
    return warehouse.cursor()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of 24 MiB, where one can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can only be mounted by root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
