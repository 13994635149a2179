"""All rows that fit, as a file: written by DuckDB, and only when somebody who may have it asks for it."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from dashboard.reads import know_people, prepared
from dashboard.scope import Scope, Values
from pipelines.rights import Person
from pipelines.spreadsheet import harmless
from pipelines.warehouse import Warehouse

Format = Literal["csv", "parquet"]


def export(
    warehouse: Warehouse,
    name: str,
    scope: Scope,
    values: Values,
    form: Format,
    who: Callable[[], Person],
    pseudonym_key: str,
) -> bytes:
    """
    Run a named query without its limit and return a file's bytes. Times are UTC, tokens are masked.

    No text in a CSV file begins as a formula does.
    `who` is asked now, when the file is: a page may have been drawn before somebody lost a right. People stand under
    pseudonyms for whoever may not see ids. Raises Refused.
    """
    person = who()
    person.must("export", "download rows")
    shown = {"pseudonym_key": None if person.may("see_ids") else pseudonym_key, "limit": None}
    with TemporaryDirectory() as folder, warehouse.cursor() as cursor:
        know_people(cursor)
        file = Path(folder) / f"export.{form}"
        sql, used = prepared(name, scope.values() | values | shown)
        rows = cursor.sql(sql, params=used)
        if form == "csv":
            harmless(rows).write_csv(str(file))
        else:
            rows.write_parquet(str(file))
        return file.read_bytes()
