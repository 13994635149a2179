"""The ledger's tables, for queries. The migrations make them; a test holds the two together."""

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

finding_reviews = Table(
    "finding_reviews",
    metadata,
    Column("review_id", Integer, primary_key=True, autoincrement=True),
    Column("group_key", String(32), nullable=False),
    Column("page_id", String(64), nullable=False),
    Column("rule", String(128), nullable=False),
    Column("decision", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("reviewed_by", String(128), nullable=False),
    Column("reviewed_at", DateTime, nullable=False),
    Column("covers_until", DateTime, nullable=False),
    CheckConstraint("decision IN ('reviewed', 'reopened')", name="decision_is_known"),
    CheckConstraint("length(trim(reason)) > 0", name="reason_is_given"),
    CheckConstraint("length(trim(reviewed_by)) > 0", name="reviewer_is_named"),
    Index("finding_reviews_by_group", "group_key", "review_id"),
)
"""One row per decision about a group of findings (one rule, Page, lane and text); the last one holds. Never updated.

`covers_until` (naive UTC) is when the last message of the group had gone out: a later one is not covered.
"""
