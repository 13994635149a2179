"""A home that holds a person in every way, made once; tests get copies."""

import shutil
from pathlib import Path

import pytest

from pipelines.forget_command import Forgotten
from pipelines.policy import Policy
from tests.conftest import Home
from tests.ledger.conftest import ledger, ledger_at, postgres
from tests.privacy.homes import forget, lived_in

__all__ = ["ledger", "ledger_at", "postgres"]


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Path:
    """Return the folder of a home that holds Anna in every way."""
    return lived_in(Home(tmp_path_factory.mktemp("full") / "home", policy)).folder


@pytest.fixture(scope="session")
def forgotten_in(full: Path, tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> tuple[Path, Forgotten]:
    """Return the folder of a home in which Anna was forgotten, and what came of it."""
    folder = tmp_path_factory.mktemp("forgotten") / "home"
    shutil.copytree(full, folder)
    return folder, forget(Home(folder, policy))


@pytest.fixture
def forgotten(forgotten_in: tuple[Path, Forgotten], tmp_path: Path, policy: Policy) -> Home:
    """Return a copy of that home."""
    shutil.copytree(forgotten_in[0], tmp_path / "forgotten")
    return Home(tmp_path / "forgotten", policy)


@pytest.fixture
def home(full: Path, tmp_path: Path, policy: Policy) -> Home:
    """Return a copy of it."""
    shutil.copytree(full, tmp_path / "home")
    return Home(tmp_path / "home", policy)
