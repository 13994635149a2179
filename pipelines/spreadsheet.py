"""Rows for a spreadsheet: a text that it would take for a formula is made harmless."""

from duckdb import CaseExpression, ColumnExpression, DuckDBPyRelation, Expression, FunctionExpression
from duckdb import ConstantExpression as Constant

_FORMULA = r"^(\s*[=+@\t\r-])"
_QUOTED = r"'\1"
_NUMBER = r"[+-]?\d+([.,]\d+)*"


def harmless(rows: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return the rows with a quote before every text that begins as a formula does; a number stays as it is."""
    columns = zip(rows.columns, rows.types, strict=True)
    return rows.select(*(_harmless(name) if kind == "VARCHAR" else ColumnExpression(name) for name, kind in columns))


def _harmless(name: str) -> Expression:
    text = ColumnExpression(name)
    quoted = FunctionExpression("regexp_replace", text, Constant(_FORMULA), Constant(_QUOTED))
    is_number = FunctionExpression("regexp_full_match", text, Constant(_NUMBER))
    return CaseExpression(is_number, text).otherwise(quoted).alias(name)
