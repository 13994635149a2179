"""The ledger's tables of alerts: what was found, to whom it was told, and when it was last looked for.

Times are naive UTC. Like those of `schema`, they are made by the migrations.
"""

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, Integer, String, Table, Text, text

from pipelines.ledger.schema import KEY, metadata, one_of

OUTCOMES = ("delivered", "failed", "refused", "unknown", "skipped")

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", KEY, primary_key=True, autoincrement=True),
    Column("alert_key", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("page_id", String(64), nullable=False),
    Column("topic", Text, nullable=False),
    Column("campaign_id", String(64), nullable=False),
    Column("says", Text, nullable=False),
    Column("to_do", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("raised_at", DateTime, nullable=False),
    Column("cleared_at", DateTime),
    Column("seen_by", String(128)),
    Column("seen_at", DateTime),
    Index("alerts_by_time", "raised_at"),
)
"""One row per alert, from when its condition began to hold until it ended. `alert_key` is the same whenever it returns.

'' where it is about no Page, topic or campaign. `says` is kept up to date while it is open; `path` is where its view
lies below the app's address. `seen_by` is who marked it as seen.
"""

Index(
    "one_open_alert_a_key", alerts.c.alert_key, unique=True,
    sqlite_where=text("cleared_at IS NULL"), postgresql_where=text("cleared_at IS NULL"),
)  # fmt: skip

tellings = Table(
    "alert_tellings",
    metadata,
    Column("telling_id", KEY, primary_key=True, autoincrement=True),
    Column("channel", String(16), nullable=False),
    Column("period", String(32)),
    Column("attempt", Integer, nullable=False),
    Column("begun_at", DateTime, nullable=False),
    Column("ended_at", DateTime),
    Column("outcome", String(16)),
    Column("words", Text, nullable=False, server_default=""),
    CheckConstraint(f"outcome IS NULL OR {one_of('outcome', OUTCOMES)}", name="telling_outcome_is_known"),
    CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="telling_ends_with_an_outcome"),
    Index("one_report_a_period_and_attempt", "channel", "period", "attempt", unique=True),
)
"""One row per message to a channel, written before it goes. No `ended_at`: it may or may not have gone out.

`period` is that of a report; NULL for alerts, whose `attempt` stands with each of them.
"""

told = Table(
    "alerts_told",
    metadata,
    Column("alert_id", KEY, ForeignKey("alerts.alert_id"), primary_key=True, autoincrement=False),
    Column("channel", String(16), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("telling_id", KEY, ForeignKey("alert_tellings.telling_id"), nullable=False),
)
"""One row per alert, channel and attempt to tell it there: two processes cannot make the same attempt."""

watch = Table(
    "alert_watch",
    metadata,
    Column("single", Integer, primary_key=True, autoincrement=False),
    Column("checked_at", DateTime, nullable=False),
    Column("says", Text, nullable=False),
    CheckConstraint("single = 1", name="one_watch"),
)
"""At most one row: when the conditions were last looked at, and what could not be looked at then."""
