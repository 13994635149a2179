"""Drafts as they are typed, and with each plan what it was made of."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table of drafts; a plan made before this has no definition."""
    op.create_table(
        "campaign_drafts",
        sa.Column("draft_id", sa.String(64), primary_key=True),
        sa.Column("campaign_id", sa.String(64), sa.ForeignKey("campaigns.campaign_id")),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.Column("saved_by", sa.String(128), nullable=False),
        sa.Column("saved_at", sa.DateTime, nullable=False),
    )
    op.add_column("plans", sa.Column("definition", sa.Text))


def downgrade() -> None:
    """Take both away again."""
    op.drop_column("plans", "definition")
    op.drop_table("campaign_drafts")
