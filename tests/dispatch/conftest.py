"""A sandbox that serves on this machine, and ledgers on both databases."""

import pytest

from tests.ledger.conftest import ledger, ledger_at, postgres
from tests.sandbox.conftest import box, clock

__all__ = ["box", "clock", "ledger", "ledger_at", "postgres"]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave PostgreSQL to the tests that name their databases, for there it matters which, and to the deep run."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    named = any("ledger_at" in mark.args[0] for mark in item.iter_markers("parametrize"))
    if params.get("ledger_at") == "postgresql" and not named:
        item.add_marker(pytest.mark.deep)
