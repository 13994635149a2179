"""The ledger's databases serve here too."""

from tests.ledger.conftest import ledger, ledger_at, postgres

__all__ = ["ledger", "ledger_at", "postgres"]
