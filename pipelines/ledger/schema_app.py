"""The ledger's tables of the running app: loads asked for, subscriptions looked at, people forgotten.

Times are naive UTC. Like those of `schema`, they are made by the migrations.
"""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, Index, Integer, String, Table, Text

from pipelines.ledger.schema import KEY, metadata, one_of

LOAD_STATES = ("asked", "loading", "done", "failed", "withdrawn")
DELETION_STATES = ("asked", "erasing", "erased", "unknown")

load_requests = Table(
    "load_requests",
    metadata,
    Column("request_id", KEY, primary_key=True, autoincrement=True),
    Column("state", String(16), nullable=False),
    Column("paths", Text, nullable=False),
    Column("asked_at", DateTime, nullable=False),
    Column("state_at", DateTime, nullable=False),
    Column("bytes_total", BigInteger, nullable=False, server_default="0"),
    Column("bytes_done", BigInteger, nullable=False, server_default="0"),
    Column("events", BigInteger, nullable=False, server_default="0"),
    Column("answer", Text),
    CheckConstraint(one_of("state", LOAD_STATES), name="load_state_is_known"),
    Index("load_requests_by_state", "state", "request_id"),
)
"""One row per `load` that found the warehouse held by a running app. `paths` is a JSON list of absolute file names.

`answer` is the summary as JSON once it is done, and the sentence of the error once it failed.
"""

page_subscriptions = Table(
    "page_subscriptions",
    metadata,
    Column("page_id", String(64), primary_key=True),
    Column("checked_at", DateTime, nullable=False),
    Column("is_subscribed", Boolean),
    Column("fields", Text, nullable=False),
    Column("says", Text, nullable=False),
    Column("since", DateTime, nullable=False),
    Column("answered_at", DateTime),
)
"""One row per Page: how the last look at its subscription ended; is_subscribed is NULL where nobody answered.

`since`: from then on every look has ended the same way. `fields` are those of the last answer, a comma between them;
answered_at is when it came, NULL where none ever did.
"""

deletion_requests = Table(
    "deletion_requests",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("asked_by", String(128), nullable=False),
    Column("asked_at", DateTime, nullable=False),
    Column("state_at", DateTime, nullable=False),
    Column("app_user_id", String(64)),
    Column("psid", String(64)),
    Column("page_id", String(64)),
    Column("person_hash", String(64)),
    Column("forgotten_at", DateTime),
    Column("counts", Text, nullable=False, server_default="{}"),
    CheckConstraint(one_of("state", DELETION_STATES), name="deletion_state_is_known"),
    Index("deletion_requests_by_state", "state", "asked_at"),
)
"""One row per wish to be forgotten. `psid`, and `app_user_id`, which is Meta's, are NULL again once it is erased.

`page_id` NULL means on every Page. All up to `forgotten_at` goes, which is set when the erasure begins. `person_hash`
tells whether somebody asks again. `counts` is JSON: what was erased, by kind. `unknown`: nobody knows which person that
id means; an admin has to say.
"""

tombstones = Table(
    "tombstones",
    metadata,
    Column("person_hash", String(64), primary_key=True),
    Column("page_id", String(64), nullable=False),
    Column("forgotten_at", DateTime, nullable=False),
)
"""One row per forgotten person and Page, as sha256 of the key, the Page and the psid: no load brings them back."""

tombstone_key = Table(
    "tombstone_key",
    metadata,
    Column("single", Integer, primary_key=True),
    Column("key", String(64), nullable=False),
    CheckConstraint("single = 1", name="one_key"),
)
"""One row: the secret in every tombstone, 64 hex digits. Without it nobody could be recognised, or told apart."""

app_users = Table(
    "app_users",
    metadata,
    Column("app_user_id", String(64), primary_key=True),
    Column("page_id", String(64), primary_key=True),
    Column("psid", String(64), nullable=False),
)
"""One row per app-scoped id and Page for which the person's psid is known."""
