"""A sandbox that serves on this machine, and ledgers on both databases."""

from tests.ledger.conftest import ledger, ledger_at, postgres
from tests.sandbox.conftest import box, clock

__all__ = ["box", "clock", "ledger", "ledger_at", "postgres"]
