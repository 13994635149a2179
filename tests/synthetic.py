"""A small warehouse with every state, lane and fault in it, for the tests of the pages."""

from datetime import datetime
from pathlib import Path

import duckdb

import pipelines
from pipelines.statements import statements
from pipelines.warehouse import Warehouse

MOMENT = datetime.fromisoformat("2026-11-22T10:30")
"""The present of the synthetic home, naive UTC."""
PAGE, OTHER_PAGE = "108444444444444", "108555555555555"

_FACTS = Path(__file__).with_suffix(".sql")


def make_home(folder: Path) -> Path:
    """Fill `folder` with a warehouse and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    with Warehouse.open(folder / "warehouse.duckdb") as warehouse:
        cursor = warehouse.cursor()
        for statement in _FACTS.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"moment": MOMENT} if "$moment" in statement else None)
        count_days(cursor)
        hold(cursor)
        warehouse.checkpoint()
    return folder


def count_days(cursor: duckdb.DuckDBPyConnection) -> None:
    """Derive token_daily from token_spans, as loading does."""
    cursor.execute(_FACTS.with_name("token_days.sql").read_text(encoding="utf-8"))


def hold(cursor: duckdb.DuckDBPyConnection) -> None:
    """Derive held_spans from token_spans, as loading does."""
    model = statements(Path(pipelines.__file__).parent / "sql" / "55_held_spans.sql")
    cursor.execute("CREATE TEMP TABLE chunk_holders AS SELECT DISTINCT contact_key FROM token_spans")
    cursor.execute(model["held_spans"])
