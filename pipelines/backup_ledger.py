"""A copy of the ledger as of one moment, while others write to it: SQLite's own way, or pg_dump."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL

from pipelines.errors import LedgerUnreachable
from pipelines.ledger.store import ledger_url
from pipelines.settings import Settings

SQLITE_NAME, POSTGRES_NAME = "ledger.sqlite", "ledger.pgdump"


@dataclass(frozen=True, slots=True)
class LedgerCopy:
    """A copy, and its name in an archive; without a file `lacks` says in words what is missing, if anything is."""

    kind: str
    name: str = ""
    file: Path | None = None
    lacks: str = ""


@contextmanager
def copied_ledger(settings: Settings) -> Iterator[LedgerCopy]:
    """Give a copy of a home's ledger for a while. Raises LedgerUnreachable where it is there and cannot be read."""
    url = ledger_url(settings.home, settings.ledger_url)
    with TemporaryDirectory(dir=settings.scratch_path, prefix="backup-") as folder:
        if url.get_backend_name() == "sqlite":
            yield _copy_sqlite(Path(url.database or ""), Path(folder, SQLITE_NAME))
        else:
            yield _dump_postgres(url, Path(folder, POSTGRES_NAME))


def _copy_sqlite(path: Path, copy: Path) -> LedgerCopy:
    if not path.exists():
        return LedgerCopy("none")  # nothing was ever written into one: there is nothing to lack
    try:
        with closing(sqlite3.connect(path, timeout=30)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)  # all pages in one step: one snapshot, and no writer has to wait
    except sqlite3.Error as error:
        raise LedgerUnreachable(f"The ledger {path} cannot be copied: {error}. Nothing was backed up.") from None
    return LedgerCopy("sqlite", SQLITE_NAME, copy)


def _dump_postgres(url: URL, copy: Path) -> LedgerCopy:
    program = shutil.which("pg_dump")
    if program is None:
        return LedgerCopy(
            "none",
            lacks="the ledger (campaigns, approvals, sends, the audit trail): it is in PostgreSQL, and pg_dump is not "
            "on this machine. Back it up with PostgreSQL's own tools, right after this archive.",
        )
    address = url.set(drivername="postgresql", password=None).render_as_string()
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    command = [program, "--format=custom", "--no-password", f"--file={copy}", f"--dbname={address}"]
    done = subprocess.run(command, env=os.environ | password, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().splitlines()[0] if done.stderr.strip() else "it said nothing"
        raise LedgerUnreachable(f"pg_dump could not copy the ledger: {reason}. Nothing was backed up.")
    return LedgerCopy("postgresql", POSTGRES_NAME, copy)
