"""The ledger's table of drafts: what somebody types on the page before it is a campaign."""

from sqlalchemy import Column, DateTime, ForeignKey, String, Table, Text

from pipelines.ledger.schema import metadata

campaign_drafts = Table(
    "campaign_drafts",
    metadata,
    Column("draft_id", String(64), primary_key=True),
    Column("campaign_id", String(64), ForeignKey("campaigns.campaign_id")),
    Column("form", Text, nullable=False),
    Column("created_by", String(128), nullable=False),
    Column("saved_by", String(128), nullable=False),
    Column("saved_at", DateTime, nullable=False),
)
"""One row per draft. `form` is JSON in the shape of a campaign file, complete or not.

`campaign_id` is the campaign that it will take the place of; NULL for a new one. Times are naive UTC.
"""
