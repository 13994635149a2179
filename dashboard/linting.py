"""The linter as the pages use it: loaded once a process, at the first question."""

from functools import cache

from dashboard.view import rule_book
from pipelines import DATA
from pipelines.lint.linter import Linter


@cache
def linter() -> Linter:
    """Return the linter with the data that ships with the project."""
    return Linter.load(DATA, rule_book())
