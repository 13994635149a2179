"""What becomes of a warehouse of an older layout: it makes way for a new one, made from the logs.

It is derived, so nothing is converted: a layout that is only read by the version that wrote it needs no migrations.
"""

from contextlib import suppress
from pathlib import Path

import duckdb

from pipelines.errors import SurroundingsError
from pipelines.statements import statements
from pipelines.warehouse import SCHEMA_VERSION, SURROUNDINGS, explained

_STATE = statements(Path(__file__).with_name("sql") / "05_state.sql")


def layout_of(path: Path) -> int | None:
    """Return the layout of a warehouse; None where there is none. Raises what opening it would raise."""
    if not path.exists():
        return None
    try:
        with duckdb.connect(str(path)) as connection:
            if not connection.execute(_STATE["exists"]).fetchone():
                return None
            row = connection.execute(_STATE["schema_version"]).fetchone()
    except SURROUNDINGS as error:
        raise explained(error, path) from error
    return int(row[0]) if row else None


def make_way(path: Path) -> Path | None:
    """
    Set a warehouse of an older layout aside, so that the next load makes a new one; return where it lies, if it was.

    The logs have to be loaded anew then. Raises SurroundingsError where the file is locked, broken, or cannot be moved.
    """
    found = layout_of(path)
    if found is None or found >= SCHEMA_VERSION:
        return None
    aside = path.with_name(f"{path.name}.layout-{found}")
    try:
        with suppress(FileNotFoundError):
            path.with_name(f"{path.name}.wal").replace(aside.with_name(f"{aside.name}.wal"))
        path.replace(aside)
    except OSError as error:
        raise SurroundingsError(
            f"{path} is of an older layout and cannot be set aside ({error.strerror}). Move it away, and load again."
        ) from None
    return aside
