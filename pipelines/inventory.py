"""The token inventory as of a moment."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.statements import statements
from pipelines.warehouse import lent

STATES = ("available", "reserved", "spent", "expired", "revoked", "stranded")
_SQL = statements(Path(__file__).with_suffix(".sql"))


def token_inventory(
    cursor: duckdb.DuckDBPyConnection, as_of: datetime, held: Sequence[tuple[str, str, str]] = ()
) -> dict[str, Any]:
    """
    Count tokens at `as_of` (naive UTC).

    `held` are rows (page_id, token_key, state) of the ledger: what it reserved, or spent before the logs say so.
    Returns {"as_of", "totals": {state: tokens}, "rows": [{"page_id", "kind", "topic", "state", "tokens"}]}.
    Tokens given after `as_of` are not counted.
    """
    cursor.execute(_SQL["nothing_held"])
    if held:
        with lent(cursor, "held_tokens", ("page_id", "token_key", "state"), held):
            cursor.execute(_SQL["hold"])
    found = cursor.execute(_SQL["by_topic"], {"as_of": as_of}).fetchall()
    rows = [dict(zip(("page_id", "kind", "topic", "state", "tokens"), row, strict=True)) for row in found]
    totals = Counter(dict.fromkeys(STATES, 0))
    for row in rows:
        totals[row["state"]] += row["tokens"]
    return {"as_of": as_of.isoformat() + "Z", "totals": dict(totals), "rows": rows}
