"""Runs checks.sql: the invariants of the warehouse, as queries that return no rows."""

from pathlib import Path

import duckdb

from pipelines.statements import statements

_CHECKS = statements(Path(__file__).with_name("sql") / "checks.sql")


def broken_checks(cursor: duckdb.DuckDBPyConnection, first_batch: int = 0) -> list[str]:
    """
    Say which invariants do not hold, with the first rows that break them.

    `first_batch` limits the costly ones to what came with that load batch or later; 0 looks at everything.
    """
    broken = []
    for name, query in _CHECKS.items():
        values = {"first_batch": first_batch} if "$first_batch" in query else None
        rows = cursor.execute(query, values).fetchall()
        if rows:
            broken.append(f"{name}: {rows[:3]}")
    return broken
