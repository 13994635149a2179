"""Owns the DuckDB file: one connection a process, and cursors from it. No second process meets the lock."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any, Self

import duckdb

from pipelines.errors import (
    DiskFull,
    SurroundingsError,
    WarehouseCorrupt,
    WarehouseLocked,
    WarehouseTooNew,
    WarehouseTooOld,
)
from pipelines.follow.running import is_running
from pipelines.statements import statements

SCHEMA_VERSION = 1
_SQL_FOLDER = Path(__file__).with_name("sql")
# What DuckDB raises when file, disk or memory is at fault. Its other errors are faults of ours and stay as they are.
SURROUNDINGS = (
    duckdb.IOException,
    duckdb.SerializationException,
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.OutOfMemoryException,
)
_STATE = statements(_SQL_FOLDER / "05_state.sql")


class Warehouse:
    """The open warehouse. Readers and the loader share its one connection through `cursor()`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self.path = path
        self.writing = RLock()
        """Held from begin to commit by whoever counts the version on: two at once would undo each other."""

    @classmethod
    def open(cls, path: Path, *, memory_limit: str = "1GiB") -> Self:
        """
        Open, or create, the warehouse at `path`.

        Raises WarehouseLocked if another process owns it, WarehouseTooNew, WarehouseCorrupt, DiskFull.
        """
        (path.parent / "tmp").mkdir(parents=True, exist_ok=True)
        spill = str(path.parent / "tmp" / "spill")
        try:
            connection = duckdb.connect(str(path), config={"memory_limit": memory_limit, "temp_directory": spill})
            connection.execute(_STATE["settings"])
            warehouse = cls(connection, path)
            warehouse._bring_up()
        except SURROUNDINGS as error:
            raise explained(error, path) from error
        return warehouse

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor with its own snapshot and temporary tables, for one thread."""
        return self._connection.cursor()

    def version(self) -> int:
        """A number that grows with every committed change: what was read under the same number is still true."""
        row = self.cursor().execute(_STATE["version"]).fetchone()
        return int(row[0]) if row else 0

    def checkpoint(self, *, tidy: bool = False) -> bool:
        """
        Fold the write-ahead log into the file; return whether it was done: not while somebody reads or writes.

        `tidy` also puts together what many small loads have left in many small pieces.
        """
        cursor = self.cursor()
        cursor.execute(_STATE["tidy" if tidy else "leave"])
        try:
            cursor.execute("CHECKPOINT")
        except duckdb.TransactionException:
            return False
        finally:
            cursor.execute(_STATE["leave"])
        return True

    def unfolded_bytes(self) -> int:
        """Return how long the write-ahead log is."""
        log = self.path.with_name(f"{self.path.name}.wal")
        return log.stat().st_size if log.exists() else 0

    def close(self) -> None:
        """Give the file up; where somebody still reads, as soon as they are done."""
        with suppress(duckdb.ResourceInUseException):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Give the file up; what DuckDB says of a broken file, disk or memory becomes a sentence."""
        self.close()
        if isinstance(error, SURROUNDINGS):
            raise explained(error, self.path) from error

    def _bring_up(self) -> None:
        cursor = self.cursor()
        if not cursor.execute(_STATE["exists"]).fetchone():
            cursor.begin()
            cursor.execute((_SQL_FOLDER / "00_schema.sql").read_text(encoding="utf-8"))
            cursor.execute(_STATE["begin"], {"schema_version": SCHEMA_VERSION})
            cursor.commit()
        row = cursor.execute(_STATE["schema_version"]).fetchone()
        found = row[0] if row else None
        if found is not None and found < SCHEMA_VERSION:
            raise WarehouseTooOld(
                f"{self.path} was written by an older Clear to Send (layout {found}, not {SCHEMA_VERSION}). "
                "Load logs, or start the app: it is set aside then, and made anew from the logs."
            )
        if found is None or found > SCHEMA_VERSION:
            raise WarehouseTooNew(
                f"{self.path} was written by a newer Clear to Send (layout {found}; this one knows {SCHEMA_VERSION}). "
                "Upgrade, or move the file away and load the logs again."
            )


@contextmanager
def lent(
    cursor: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> Iterator[None]:
    """Lay rows beside the warehouse for a while: a table of that name, which the cursor's statements may read."""
    import pandas as pd  # only where there are rows to lend: it takes half a second to import

    cursor.register(name, pd.DataFrame.from_records([tuple(row) for row in rows], columns=list(columns)))
    try:
        yield
    finally:
        cursor.unregister(name)


def explained(error: Exception, path: Path) -> SurroundingsError:
    """A DuckDB failure as a sentence: what is broken about the warehouse, and what to do."""
    text = str(error)
    if "Could not set lock" in text:
        holder = re.search(r"in (.+?) \(PID (\d+)\)", text)
        who = f"process {holder[2]} ({holder[1]})" if holder else "another process"
        if is_running(path.parent):
            return WarehouseLocked(
                f"{path} is held by the running app, {who}. Look at its pages instead, or stop it and run the command "
                "again. Only `load` works beside it: the app loads what it is given."
            )
        return WarehouseLocked(
            f"{path} is in use by {who}. Stop it, or wait until it is done, and run the command again."
        )
    if "No space left" in text or "could not write" in text.lower() or "max_temp_directory_size" in text:
        return DiskFull(
            f"The disk that holds {path.parent} is full. Make room and run the command again: what is loaded stays."
        )
    if "newer" in text and "version" in text:
        return WarehouseTooNew(
            f"{path} was written by a newer DuckDB. Upgrade Clear to Send, or move the file away and load again."
        )
    return WarehouseCorrupt(
        f"{path} cannot be read as a warehouse ({text.splitlines()[0]}). "
        "Move it away and load the logs again: nothing is stored only there."
    )
