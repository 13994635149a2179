"""The ledger as the pages use it: read what reviewers decided, and write a decision down."""

from datetime import datetime
from pathlib import Path

import pandas as pd

from dashboard.ledger import ledger_at
from pipelines.ledger.reviews import Decision, Review, record, standing
from pipelines.rights import Person


def reviews(home: Path) -> list[Review]:
    """Return the standing decision on each group of findings. Raises LedgerUnreachable."""
    return standing(ledger_at(home))


def decide(home: Path, chosen: pd.DataFrame, decision: Decision, reason: str, by: Person, now: datetime) -> int:
    """
    Write one decision down for each chosen group, and return how many.

    Raises Refused, UsageError, LedgerUnreachable.
    """
    by.must("review", "decide about findings")
    columns = [chosen[name] for name in ("group_key", "page_id", "rule", "last_at")]
    rows = zip(*columns, strict=True)
    return record(
        ledger_at(home),
        [
            Review(
                group, page, rule, decision, reason.strip(), by.name.strip(), now, pd.Timestamp(last).to_pydatetime()
            )
            for group, page, rule, last in rows
        ],
    )
