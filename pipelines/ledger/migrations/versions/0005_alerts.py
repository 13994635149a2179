"""Alerts: what was found, to whom it was told, and when it was last looked for."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OUTCOMES = ("delivered", "failed", "refused", "unknown", "skipped")


def upgrade() -> None:
    """Make the tables."""
    _alerts()
    _tellings()
    op.create_table(
        "alert_watch",
        sa.Column("single", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("checked_at", sa.DateTime, nullable=False),
        sa.Column("says", sa.Text, nullable=False),
        sa.CheckConstraint("single = 1", name="one_watch"),
    )


def downgrade() -> None:
    """Take them away again."""
    for name in ("alert_watch", "alerts_told", "alert_tellings", "alerts"):
        op.drop_table(name)


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("alert_key", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("page_id", sa.String(64), nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("campaign_id", sa.String(64), nullable=False),
        sa.Column("says", sa.Text, nullable=False),
        sa.Column("to_do", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("raised_at", sa.DateTime, nullable=False),
        sa.Column("cleared_at", sa.DateTime),
        sa.Column("seen_by", sa.String(128)),
        sa.Column("seen_at", sa.DateTime),
    )
    is_open = sa.text("cleared_at IS NULL")
    op.create_index("alerts_by_time", "alerts", ["raised_at"])
    op.create_index(
        "one_open_alert_a_key", "alerts", ["alert_key"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )


def _tellings() -> None:
    known = " OR ".join(f"outcome = {word!r}" for word in _OUTCOMES)
    op.create_table(
        "alert_tellings",
        sa.Column("telling_id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("period", sa.String(32)),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("begun_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("outcome", sa.String(16)),
        sa.Column("words", sa.Text, nullable=False, server_default=""),
        sa.CheckConstraint(f"outcome IS NULL OR ({known})", name="telling_outcome_is_known"),
        sa.CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="telling_ends_with_an_outcome"),
    )
    op.create_index("one_report_a_period_and_attempt", "alert_tellings", ["channel", "period", "attempt"], unique=True)
    op.create_table(
        "alerts_told",
        sa.Column("alert_id", _KEY, sa.ForeignKey("alerts.alert_id"), primary_key=True, autoincrement=False),
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("telling_id", _KEY, sa.ForeignKey("alert_tellings.telling_id"), nullable=False),
    )
