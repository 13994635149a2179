"""The linter with the data that ships with the project, loaded once."""

import pytest

from dashboard.linting import linter as shipped
from pipelines.lint.linter import Linter


@pytest.fixture(scope="session")
def linter() -> Linter:
    """Return the shipped linter, the one that the pages use: it is read once a process."""
    return shipped()
