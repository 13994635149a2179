"""What reviewers decided about findings: appended, never changed; the last word on a group holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Engine, func, insert, select

from pipelines.errors import UsageError
from pipelines.ledger.schema import finding_reviews

Decision = Literal["reviewed", "reopened"]


@dataclass(frozen=True, slots=True)
class Review:
    """One decision about one group of findings. Times are naive UTC; messages after `covers_until` are not covered."""

    group_key: str
    page_id: str
    rule: str
    decision: Decision
    reason: str
    reviewed_by: str
    reviewed_at: datetime
    covers_until: datetime


_COLUMNS = [finding_reviews.c[name] for name in Review.__dataclass_fields__]


def record(ledger: Engine, reviews: Iterable[Review]) -> int:
    """Append decisions, all or none, and return how many. Raises UsageError without a reason or a name."""
    rows = [{name: getattr(review, name) for name in Review.__dataclass_fields__} for review in reviews]
    if any(not row["reason"].strip() for row in rows):
        raise UsageError("Say why: a finding is marked as reviewed with a written reason.")
    if any(not row["reviewed_by"].strip() for row in rows):
        raise UsageError("Give your name: a review is signed.")
    if rows:
        with ledger.begin() as connection:
            connection.execute(insert(finding_reviews), rows)
    return len(rows)


def standing(ledger: Engine) -> list[Review]:
    """Return the last decision on each group that has one, in order of time."""
    last = select(func.max(finding_reviews.c.review_id)).group_by(finding_reviews.c.group_key)
    query = select(*_COLUMNS).where(finding_reviews.c.review_id.in_(last)).order_by(finding_reviews.c.review_id)
    with ledger.connect() as connection:
        return [Review(*row) for row in connection.execute(query)]


def history(ledger: Engine, group_key: str) -> list[Review]:
    """Return every decision on one group, oldest first."""
    query = select(*_COLUMNS).where(finding_reviews.c.group_key == group_key).order_by(finding_reviews.c.review_id)
    with ledger.connect() as connection:
        return [Review(*row) for row in connection.execute(query)]
