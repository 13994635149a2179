"""The ledger's tables, for queries. The migrations make them; a test holds the two together.

Times are naive UTC. States and the moves between them are those of `moves`; triggers refuse any other.
"""

from typing import get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from pipelines.ledger.moves import LIVE_SENDS, OPEN_SENDS, CampaignState, SendState

metadata = MetaData()
KEY = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only in an INTEGER


def one_of(column: str, words: tuple[str, ...]) -> str:
    """Return a CHECK that a column holds one of the words."""
    # Not IN: SQLite makes a list anew for each row that it checks, which doubles the time of an insert.
    return f"({' OR '.join(f'{column} = {word!r}' for word in words)})"


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

campaigns = Table(
    "campaigns",
    metadata,
    Column("campaign_id", String(64), primary_key=True),
    Column("page_id", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("definition", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("created_by", String(128), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("plan_id", Integer),
    Column("start_at", DateTime),
    Column("not_after", DateTime),
    Column("state_at", DateTime, nullable=False),
    Column("state_by", String(128), nullable=False),
    Column("state_why", Text, nullable=False),
    Column("launched_at", DateTime),
    CheckConstraint(one_of("state", get_args(CampaignState)), name="campaign_state_is_known"),
    CheckConstraint("length(trim(created_by)) > 0", name="author_is_named"),
    Index("campaigns_by_page", "page_id", "state"),
)
"""One row per campaign. `definition` is its message and audience as canonical JSON, `fingerprint` the sha256 of it.

`created_by` is who wrote what stands in it now: an edit makes its editor the author.
"""

plans = Table(
    "plans",
    metadata,
    Column("plan_id", Integer, primary_key=True, autoincrement=True),
    Column("campaign_id", String(64), ForeignKey("campaigns.campaign_id"), nullable=False),
    Column("made_at", DateTime, nullable=False),
    Column("made_by", String(128), nullable=False),
    Column("plan_hash", String(64), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("summary", Text, nullable=False),
    Column("definition", Text),
    CheckConstraint(one_of("verdict", ("block", "warn", "pass")), name="verdict_is_known"),
    Index("plans_by_campaign", "campaign_id", "plan_id"),
)
"""One row per frozen plan. `plan_hash` covers each person's lane, token and variant; a file of that name holds them.

`content_hash` covers text, audience and the rules of the day: what an approval is bound to. `summary` is JSON.
`definition` is the campaign as it was planned; NULL for a plan older than that column.
"""

approvals = Table(
    "approvals",
    metadata,
    Column("approval_id", Integer, primary_key=True, autoincrement=True),
    Column("campaign_id", String(64), ForeignKey("campaigns.campaign_id"), nullable=False),
    Column("plan_id", Integer, ForeignKey("plans.plan_id"), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("approved_by", String(128), nullable=False),
    Column("approved_at", DateTime, nullable=False),
    Column("author", String(128), nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("reason", Text, nullable=False),
    Column("voided_at", DateTime),
    Column("voided_why", Text),
    CheckConstraint("approved_by <> author", name="author_does_not_approve"),
    CheckConstraint("verdict <> 'block'", name="block_does_not_pass"),
    CheckConstraint("verdict <> 'warn' OR length(trim(reason)) > 0", name="warning_needs_a_reason"),
    CheckConstraint("length(trim(approved_by)) > 0", name="approver_is_named"),
    Index("approvals_by_campaign", "campaign_id", "approval_id"),
)
"""One row per approval. The one that counts is the last that is not voided and has the campaign's content hash."""

sends = Table(
    "sends",
    metadata,
    Column("send_id", KEY, primary_key=True, autoincrement=True),
    Column("campaign_id", String(64), ForeignKey("campaigns.campaign_id"), nullable=False),
    Column("page_id", String(64), nullable=False),
    Column("psid", String(64), nullable=False),
    Column("lane", String(64), nullable=False),
    Column("variant", String(64), nullable=False),
    Column("topic", Text),
    Column("token_key", String(32)),
    Column("token", Text),
    Column("fields", Text),
    Column("zone", String(64)),
    Column("permission_ends_at", DateTime),
    Column("state", String(16), nullable=False),
    Column("state_at", DateTime, nullable=False),
    Column("not_before", DateTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("reason", String(64)),
    Column("words", Text),
    Column("mid", Text),
    Column("trace", Text),
    Column("settled_by", String(160)),
    CheckConstraint(one_of("state", get_args(SendState)), name="send_state_is_known"),
    CheckConstraint("(lane = 'otn' OR lane = 'marketing') = (token_key IS NOT NULL)", name="token_goes_with_its_lane"),
    UniqueConstraint("campaign_id", "psid", name="one_send_a_person"),
    Index("sends_to_do", "campaign_id", "state", "lane", "send_id"),
)
"""One row per person of a launched campaign. Its id goes out as `metadata` and comes back in the echo.

`permission_ends_at`: from then on no call is made. `not_before`: a retry waits until then. `fields` is JSON.
`settled_by`: what decided an unconfirmed send: `echo`, `token`, or who said so.
"""


def _one_send_a_token(name: str, lane: str, states: tuple[SendState, ...]) -> None:
    """A one-time token is spent by the send that was accepted; a marketing token is free again after it."""
    among = text(f"lane = '{lane}' AND {one_of('state', states)}")
    columns = (sends.c.page_id, sends.c.token_key)
    Index(name, *columns, unique=True, sqlite_where=among, postgresql_where=among)


_one_send_a_token("one_time_token_in_one_live_send", "otn", LIVE_SENDS)
_one_send_a_token("marketing_token_in_one_open_send", "marketing", OPEN_SENDS)

campaign_moves = Table(
    "campaign_moves",
    metadata,
    Column("from_state", String(16), primary_key=True),
    Column("to_state", String(16), primary_key=True),
)
"""One row per allowed move of a campaign; a trigger looks here."""

send_moves = Table(
    "send_moves",
    metadata,
    Column("from_state", String(16), primary_key=True),
    Column("to_state", String(16), primary_key=True),
)
"""One row per allowed move of a send; a trigger looks here."""

page_brakes = Table(
    "page_brakes",
    metadata,
    Column("page_id", String(64), primary_key=True),
    Column("closed_until", DateTime, nullable=False),
    Column("why", Text, nullable=False),
    Column("set_at", DateTime, nullable=False),
)
"""One row per Page that may not be called for now: Meta throttles it."""

all_stop = Table(
    "all_stop",
    metadata,
    Column("single", Integer, primary_key=True),
    Column("is_on", Boolean, nullable=False),
    Column("set_by", String(128), nullable=False),
    Column("set_at", DateTime),
    Column("why", Text, nullable=False),
    CheckConstraint("single = 1", name="one_switch"),
)
"""One row: whether everything is stopped."""

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("entry_id", KEY, primary_key=True, autoincrement=False),
    Column("at", DateTime, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("action", String(64), nullable=False),
    Column("campaign_id", String(64)),
    Column("page_id", String(64)),
    Column("detail", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("audit_entries_by_campaign", "campaign_id", "entry_id"),
    Index("audit_entries_by_actor", "actor", "entry_id"),
    Index("audit_entries_by_action", "action", "entry_id"),
    Index("audit_entries_by_time", "at", "entry_id"),
)
"""One row per act, numbered from 1 without a gap. `hash` covers the row and the hash before it. Never changed.

`detail` is JSON with sorted keys.
"""

audit_head = Table(
    "audit_head",
    metadata,
    Column("single", Integer, primary_key=True),
    Column("entries", KEY, nullable=False),
    Column("hash", String(64), nullable=False),
    CheckConstraint("single = 1", name="one_head"),
)
"""One row: how long the chain is, and its last hash. Whoever appends takes this row first."""
