"""Loads asked for, subscriptions looked at, people forgotten."""

import sqlalchemy as sa
from alembic import op

from pipelines.errors import Refused

revision = "0003"
down_revision = "0002"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _one_of(column: str, *words: str) -> str:
    return f"({' OR '.join(f'{column} = {word!r}' for word in words)})"


def upgrade() -> None:
    """Make the tables of the running app."""
    _loads()
    _subscriptions()
    _deletions()


def downgrade() -> None:
    """Refuse: who was forgotten would come back."""
    raise Refused("A ledger that knows who was forgotten is not taken back to an older layout.")


def _loads() -> None:
    op.create_table(
        "load_requests",
        sa.Column("request_id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("paths", sa.Text, nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("state_at", sa.DateTime, nullable=False),
        sa.Column("bytes_total", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("bytes_done", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("events", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("answer", sa.Text),
        sa.CheckConstraint(
            _one_of("state", "asked", "loading", "done", "failed", "withdrawn"), name="load_state_is_known"
        ),
    )
    op.create_index("load_requests_by_state", "load_requests", ["state", "request_id"])


def _subscriptions() -> None:
    op.create_table(
        "page_subscriptions",
        sa.Column("page_id", sa.String(64), primary_key=True),
        sa.Column("checked_at", sa.DateTime, nullable=False),
        sa.Column("is_subscribed", sa.Boolean),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("says", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("answered_at", sa.DateTime),
    )


def _deletions() -> None:
    op.create_table(
        "deletion_requests",
        sa.Column("code", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_by", sa.String(128), nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("state_at", sa.DateTime, nullable=False),
        sa.Column("app_user_id", sa.String(64)),
        sa.Column("psid", sa.String(64)),
        sa.Column("page_id", sa.String(64)),
        sa.Column("person_hash", sa.String(64)),
        sa.Column("forgotten_at", sa.DateTime),
        sa.Column("counts", sa.Text, nullable=False, server_default="{}"),
        sa.CheckConstraint(_one_of("state", "asked", "erasing", "erased", "unknown"), name="deletion_state_is_known"),
    )
    op.create_index("deletion_requests_by_state", "deletion_requests", ["state", "asked_at"])
    op.create_table(
        "tombstones",
        sa.Column("person_hash", sa.String(64), primary_key=True),
        sa.Column("page_id", sa.String(64), nullable=False),
        sa.Column("forgotten_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "tombstone_key",
        sa.Column("single", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.CheckConstraint("single = 1", name="one_key"),
    )
    op.create_table(
        "app_users",
        sa.Column("app_user_id", sa.String(64), primary_key=True),
        sa.Column("page_id", sa.String(64), primary_key=True),
        sa.Column("psid", sa.String(64), nullable=False),
    )
