"""Opens the ledger and brings its layout up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from pipelines.errors import LedgerUnreachable, UsageError

_MIGRATIONS = Path(__file__).with_name("migrations")
_PRAGMAS = Path(__file__).with_name("sqlite.sql").read_text(encoding="utf-8")


def ledger_url(home: Path, configured: str) -> URL:
    """Return the ledger's address: the configured one, or home/ledger.sqlite. Raises UsageError."""
    if not configured:
        return URL.create("sqlite", database=str(home / "ledger.sqlite"))
    try:
        url = make_url(configured)
    except ArgumentError:
        raise UsageError("ledger_url is not an address. Write it like postgresql+psycopg://user@host/name.") from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise UsageError(f"ledger_url names {url.get_backend_name()}; the ledger works on sqlite and postgresql only.")
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def open_ledger(url: URL) -> Engine:
    """Return an engine on an up-to-date ledger, made if it is not there. Raises LedgerUnreachable.

    SQLite: write-ahead log, and every commit on disk before it returns.
    """
    engine = create_engine(url, hide_parameters=True)  # an error that quotes a row would quote a token
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _careful)
    try:
        with engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError:
        engine.dispose()
        known = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
        raise LedgerUnreachable(
            f"The ledger {_shown(url)} was written by a newer Clear to Send (this one knows layout {known}). Upgrade."
        ) from None
    except (OperationalError, DatabaseError) as error:
        engine.dispose()
        reason = str(error.orig).strip().splitlines()[0]
        raise LedgerUnreachable(
            f"The ledger {_shown(url)} cannot be opened: {reason}. Check the address, the rights and the disk."
        ) from None
    return engine


@contextmanager
def ledger_of(home: Path, configured: str) -> Iterator[Engine]:
    """Open the ledger of a home for as long as a command takes. What goes wrong with its database ends in a sentence.

    Raises LedgerUnreachable, UsageError for an address that is none.
    """
    url = ledger_url(home, configured)
    ledger = open_ledger(url)
    try:
        yield ledger
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise LedgerUnreachable(
            f"The ledger {_shown(url)} failed: {reason}. What was committed stands; mend that, and do it again."
        ) from None
    finally:
        ledger.dispose()


def _shown(url: URL) -> str:
    return url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def _careful(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS.split(";"):
        cursor.execute(pragma)
    cursor.close()
