"""Opens the ledger and brings its layout up to date."""

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import URL, Engine, create_engine, event, func, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from pipelines.errors import LedgerUnreachable, UsageError

_MIGRATIONS = Path(__file__).with_name("migrations")
_UPGRADE_KEY = 0x636C656172  # of the advisory lock under which PostgreSQL's layout is brought up to date
_upgrading = Lock()  # Alembic keeps what it works on in globals of its modules
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
        with _alone(url), engine.begin() as connection:
            if url.get_backend_name() == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_KEY)))
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
def _alone(url: URL) -> Iterator[None]:
    """Let one thread of one process at a time make or upgrade a ledger: SQLite would be left half made by two."""
    with _upgrading, ExitStack() as held:
        if url.get_backend_name() == "sqlite" and url.database:
            with suppress(OSError):  # no folder, or no right to write: the database says so in its own words
                file = held.enter_context(Path(f"{url.database}.upgrade.lock").open("ab"))
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def ledger_of(home: Path, configured: str) -> Iterator[Engine]:
    """Open the ledger of a home for as long as a command takes. What goes wrong with its database ends in a sentence.

    Raises LedgerUnreachable, UsageError for an address that is none.
    """
    ledger = open_ledger(ledger_url(home, configured))
    try:
        with failing_in_words(ledger):
            yield ledger
    finally:
        ledger.dispose()


@contextmanager
def failing_in_words(ledger: Engine) -> Iterator[None]:
    """Let what goes wrong with a ledger's database within end in a sentence. Raises LedgerUnreachable."""
    try:
        yield
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise LedgerUnreachable(
            f"The ledger {_shown(ledger.url)} failed: {reason}. What was committed stands; mend that, and do it again."
        ) from None


def _shown(url: URL) -> str:
    return url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def _careful(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS.split(";"):
        cursor.execute(pragma)
    cursor.close()
