"""All rows that fit, as a file: written by DuckDB, and only when somebody asks for it."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from dashboard.reads import prepared
from dashboard.scope import Scope, Values
from pipelines.warehouse import Warehouse

Format = Literal["csv", "parquet"]


def export(warehouse: Warehouse, name: str, scope: Scope, values: Values, form: Format) -> bytes:
    """Run a named query without its limit and return a file's bytes. Times are UTC; people and tokens stay masked."""
    with TemporaryDirectory() as folder, warehouse.cursor() as cursor:
        file = Path(folder) / f"export.{form}"
        sql, used = prepared(name, scope.values() | values | {"limit": None})
        rows = cursor.sql(sql, params=used)
        if form == "csv":
            rows.write_csv(str(file))
        else:
            rows.write_parquet(str(file))
        return file.read_bytes()
