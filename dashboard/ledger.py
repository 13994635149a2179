"""The home's ledger as the pages reach it: opened once a process."""

from functools import cache
from pathlib import Path

from sqlalchemy import Engine

from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.settings import read_settings


@cache
def ledger_at(home: Path) -> Engine:
    """Return the ledger of a home, made if it is not there. Raises LedgerUnreachable, UsageError."""
    return open_ledger(ledger_url(home, read_settings(home).ledger_url))
