"""Campaigns, frozen plans, approvals, sends, brakes and the audit chain."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from pipelines.errors import Refused
from pipelines.statements import statements

revision = "0002"
down_revision = "0001"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_CAMPAIGN_MOVES = """
    draft-checked checked-checked checked-approved approved-checked approved-sending sending-paused paused-sending
    sending-done approved-parked sending-parked paused-parked checked-parked checked-draft approved-draft parked-draft
    draft-draft draft-cancelled checked-cancelled approved-cancelled sending-cancelled paused-cancelled parked-cancelled
"""
_SEND_MOVES = """
    queued-sending queued-failed queued-cancelled queued-accepted sending-accepted sending-refused sending-queued
    sending-failed sending-unconfirmed unconfirmed-sending unconfirmed-accepted unconfirmed-queued
"""


def _one_of(column: str, *words: str) -> str:
    # Not IN: SQLite makes a list anew for each row that it checks.
    return f"({' OR '.join(f'{column} = {word!r}' for word in words)})"


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("campaign_id", sa.String(64), primary_key=True),
        sa.Column("page_id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("plan_id", sa.Integer),
        sa.Column("start_at", sa.DateTime),
        sa.Column("not_after", sa.DateTime),
        sa.Column("state_at", sa.DateTime, nullable=False),
        sa.Column("state_by", sa.String(128), nullable=False),
        sa.Column("state_why", sa.Text, nullable=False),
        sa.Column("launched_at", sa.DateTime),
        sa.CheckConstraint(
            _one_of("state", "draft", "checked", "approved", "sending", "paused", "parked", "done", "cancelled"),
            name="campaign_state_is_known",
        ),
        sa.CheckConstraint("length(trim(created_by)) > 0", name="author_is_named"),
    )
    op.create_index("campaigns_by_page", "campaigns", ["page_id", "state"])


def _plans() -> None:
    op.create_table(
        "plans",
        sa.Column("plan_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("campaign_id", sa.String(64), sa.ForeignKey("campaigns.campaign_id"), nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("made_by", sa.String(128), nullable=False),
        sa.Column("plan_hash", sa.String(64), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.CheckConstraint(_one_of("verdict", "block", "warn", "pass"), name="verdict_is_known"),
    )
    op.create_index("plans_by_campaign", "plans", ["campaign_id", "plan_id"])


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("approval_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("campaign_id", sa.String(64), sa.ForeignKey("campaigns.campaign_id"), nullable=False),
        sa.Column("plan_id", sa.Integer, sa.ForeignKey("plans.plan_id"), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("approved_by", sa.String(128), nullable=False),
        sa.Column("approved_at", sa.DateTime, nullable=False),
        sa.Column("author", sa.String(128), nullable=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("voided_at", sa.DateTime),
        sa.Column("voided_why", sa.Text),
        sa.CheckConstraint("approved_by <> author", name="author_does_not_approve"),
        sa.CheckConstraint("verdict <> 'block'", name="block_does_not_pass"),
        sa.CheckConstraint("verdict <> 'warn' OR length(trim(reason)) > 0", name="warning_needs_a_reason"),
        sa.CheckConstraint("length(trim(approved_by)) > 0", name="approver_is_named"),
    )
    op.create_index("approvals_by_campaign", "approvals", ["campaign_id", "approval_id"])


def _sends() -> None:
    op.create_table(
        "sends",
        sa.Column("send_id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("campaign_id", sa.String(64), sa.ForeignKey("campaigns.campaign_id"), nullable=False),
        sa.Column("page_id", sa.String(64), nullable=False),
        sa.Column("psid", sa.String(64), nullable=False),
        sa.Column("lane", sa.String(64), nullable=False),
        sa.Column("variant", sa.String(64), nullable=False),
        sa.Column("topic", sa.Text),
        sa.Column("token_key", sa.String(32)),
        sa.Column("token", sa.Text),
        sa.Column("fields", sa.Text),
        sa.Column("zone", sa.String(64)),
        sa.Column("permission_ends_at", sa.DateTime),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("state_at", sa.DateTime, nullable=False),
        sa.Column("not_before", sa.DateTime),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("reason", sa.String(64)),
        sa.Column("words", sa.Text),
        sa.Column("mid", sa.Text),
        sa.Column("trace", sa.Text),
        sa.Column("settled_by", sa.String(160)),
        sa.CheckConstraint(
            _one_of("state", "queued", "sending", "accepted", "refused", "failed", "unconfirmed", "cancelled"),
            name="send_state_is_known",
        ),
        sa.CheckConstraint(
            "(lane = 'otn' OR lane = 'marketing') = (token_key IS NOT NULL)", name="token_goes_with_its_lane"
        ),
        sa.UniqueConstraint("campaign_id", "psid", name="one_send_a_person"),
    )
    op.create_index("sends_to_do", "sends", ["campaign_id", "state", "lane", "send_id"])


def _one_send_a_token() -> None:
    for index, among in (
        (
            "one_time_token_in_one_live_send",
            f"lane = 'otn' AND {_one_of('state', 'queued', 'sending', 'unconfirmed', 'accepted')}",
        ),
        (
            "marketing_token_in_one_open_send",
            f"lane = 'marketing' AND {_one_of('state', 'queued', 'sending', 'unconfirmed')}",
        ),
    ):
        where = sa.text(among)
        op.create_index(
            index, "sends", ["page_id", "token_key"], unique=True, sqlite_where=where, postgresql_where=where
        )


def _page_brakes() -> None:
    op.create_table(
        "page_brakes",
        sa.Column("page_id", sa.String(64), primary_key=True),
        sa.Column("closed_until", sa.DateTime, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("set_at", sa.DateTime, nullable=False),
    )


def _all_stop() -> None:
    op.create_table(
        "all_stop",
        sa.Column("single", sa.Integer, primary_key=True),
        sa.Column("is_on", sa.Boolean, nullable=False),
        sa.Column("set_by", sa.String(128), nullable=False),
        sa.Column("set_at", sa.DateTime),
        sa.Column("why", sa.Text, nullable=False),
        sa.CheckConstraint("single = 1", name="one_switch"),
    )


def _audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("entry_id", _KEY, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("campaign_id", sa.String(64)),
        sa.Column("page_id", sa.String(64)),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("audit_entries_by_campaign", "audit_entries", ["campaign_id", "entry_id"])


def _audit_head() -> None:
    op.create_table(
        "audit_head",
        sa.Column("single", sa.Integer, primary_key=True),
        sa.Column("entries", _KEY, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint("single = 1", name="one_head"),
    )


def _moves(table: str, allowed: str) -> None:
    moves = op.create_table(
        table,
        sa.Column("from_state", sa.String(16), primary_key=True),
        sa.Column("to_state", sa.String(16), primary_key=True),
    )
    op.bulk_insert(
        moves, [dict(zip(("from_state", "to_state"), move.split("-"), strict=True)) for move in allowed.split()]
    )


def upgrade() -> None:
    """Make the tables, their guards, and the rows of which there is always one."""
    _campaigns()
    _plans()
    _approvals()
    _sends()
    _one_send_a_token()
    _page_brakes()
    _all_stop()
    _audit_entries()
    _audit_head()
    _moves("campaign_moves", _CAMPAIGN_MOVES)
    _moves("send_moves", _SEND_MOVES)
    op.bulk_insert(_table("audit_head"), [{"single": 1, "entries": 0, "hash": "0" * 64}])
    op.bulk_insert(_table("all_stop"), [{"single": 1, "is_on": False, "set_by": "", "why": ""}])
    guards = Path(__file__).with_name(f"0002_guards_{op.get_context().dialect.name}.sql")
    for guard in statements(guards).values():
        op.execute(guard)


def _table(name: str) -> sa.Table:
    return sa.Table(name, sa.MetaData(), autoload_with=op.get_bind())


def downgrade() -> None:
    """Refuse. Raises Refused."""
    raise Refused("The ledger does not go back to an earlier layout: what was sent would be forgotten, and sent again.")
