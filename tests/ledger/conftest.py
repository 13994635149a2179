"""The same ledger on SQLite and on a PostgreSQL of the tests' own."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine, text

from pipelines.ledger.store import open_ledger


def _programs() -> Path | None:
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))  # Debian keeps them out of PATH
    found = newest[-1] if newest else shutil.which("initdb")
    return Path(found).parent if found else None


def _as_nobody(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    """Start a PostgreSQL that listens on a socket in a folder of its own, and stop it."""
    programs = _programs()
    if programs is None:
        if os.environ.get("CLEAR_TO_SEND_REQUIRE_POSTGRES"):
            pytest.fail("PostgreSQL is required here (CLEAR_TO_SEND_REQUIRE_POSTGRES) and was not found.")
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="cts-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data, user = folder / "data", "clear_to_send"
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    run = partial(subprocess.run, check=True, capture_output=True, cwd="/")
    run(_as_nobody([str(programs / "initdb"), "-D", str(data), "-U", user, "-A", "trust"]))
    control = _as_nobody([str(programs / "pg_ctl"), "-D", str(data), "-w"])
    run([*control, "-l", str(folder / "log"), "-o", options, "start"])
    try:
        yield URL.create("postgresql+psycopg", user, database="postgres", query={"host": str(folder)})
    finally:
        run([*control, "-m", "immediate", "stop"])
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_at(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """Return the address of an empty ledger, on each database in turn."""
    if request.param == "sqlite":
        return URL.create("sqlite", database=str(tmp_path / "ledger.sqlite"))
    server: URL = request.getfixturevalue("postgres")
    name = f"ledger_{secrets.token_hex(4)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.set(database=name)


@pytest.fixture
def ledger(ledger_at: URL) -> Iterator[Engine]:
    """Return an open, empty ledger."""
    engine = open_ledger(ledger_at)
    yield engine
    engine.dispose()
