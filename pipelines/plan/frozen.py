"""Looks into a frozen plan: what was approved, as one person of each variant gets it."""

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.statements import statements

_SQL = statements(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class Example:
    """One person of a plan: the lane, and the values that fill the text of a variant."""

    variant: str
    psid: str
    lane: str
    values: dict[str, str]


def examples(cursor: duckdb.DuckDBPyConnection, folder: str, plan_hash: str) -> list[Example]:
    """Return one person for each variant of a plan; none where its file is gone."""
    file = Path(folder) / f"{plan_hash}.parquet"
    if not file.exists():
        return []
    rows = cursor.execute(_SQL["examples"], {"file": str(file)}).fetchall()
    return [Example(variant, psid, lane, json.loads(fields or "{}")) for variant, psid, lane, fields in rows]
