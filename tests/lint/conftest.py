"""The linter with the data that ships with the project, loaded once."""

import pytest

from pipelines import DATA
from pipelines.lint.linter import Linter
from pipelines.policy import load_policy


@pytest.fixture(scope="session")
def linter() -> Linter:
    """Return the shipped linter."""
    return Linter.load(DATA, load_policy(DATA / "policy"))
