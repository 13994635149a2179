"""Ledgers, and servers to tell alerts to."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipelines.ledger.store import ledger_url, open_ledger
from tests.alerts.servers import Mailbox, Webhook, mailbox, webhook


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an empty ledger, made once: copying one is cheaper."""
    folder = tmp_path_factory.mktemp("empty")
    open_ledger(ledger_url(folder, "")).dispose()
    return folder


@pytest.fixture
def ledger(empty: Path, tmp_path: Path) -> Iterator[Engine]:
    """Return an open, empty ledger in the test's own folder."""
    shutil.copy(empty / "ledger.sqlite", tmp_path)
    engine = open_ledger(ledger_url(tmp_path, ""))
    yield engine
    engine.dispose()


@pytest.fixture
def slack() -> Iterator[Webhook]:
    """Return a webhook that takes what comes."""
    with webhook() as told:
        yield told


@pytest.fixture
def box() -> Iterator[Mailbox]:
    """Return a mail server without encryption."""
    with mailbox() as told:
        yield told
