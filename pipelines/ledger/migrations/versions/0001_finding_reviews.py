"""Decisions of reviewers about groups of findings."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "finding_reviews",
        sa.Column("review_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("group_key", sa.String(32), nullable=False),
        sa.Column("page_id", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(128), nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("reviewed_by", sa.String(128), nullable=False),
        sa.Column("reviewed_at", sa.DateTime, nullable=False),
        sa.Column("covers_until", sa.DateTime, nullable=False),
        sa.CheckConstraint("decision IN ('reviewed', 'reopened')", name="decision_is_known"),
        sa.CheckConstraint("length(trim(reason)) > 0", name="reason_is_given"),
        sa.CheckConstraint("length(trim(reviewed_by)) > 0", name="reviewer_is_named"),
    )
    op.create_index("finding_reviews_by_group", "finding_reviews", ["group_key", "review_id"])


def downgrade() -> None:
    """Drop the table, and every decision with it."""
    op.drop_table("finding_reviews")
