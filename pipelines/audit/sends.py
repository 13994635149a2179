"""A campaign's sends, brought beside the warehouse's events, where SQL can join the two."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from duckdb import DuckDBPyConnection
from sqlalchemy import Engine, select

from pipelines.ledger.campaigns import CampaignRecord
from pipelines.ledger.schema import sends
from pipelines.statements import statements
from pipelines.warehouse import Warehouse, lent

REPLY_DAYS = 7
"""What a person does within so many days of a message counts as an answer: our choice, no rule of Meta's."""

_BATCH = 20_000
_CLOCKS_DIFFER = timedelta(days=1)
_SQL = statements(Path(__file__).with_suffix(".sql"))
_HELD = (
    "send_id", "campaign_id", "page_id", "psid", "lane", "variant", "topic", "token_key", "permission_ends_at", "state",
    "state_at", "attempts", "reason", "words", "mid", "trace", "settled_by",
)  # fmt: skip


@contextmanager
def bench(cursor: DuckDBPyConnection | None) -> Iterator[DuckDBPyConnection]:
    """Give the caller's cursor, or where there is no warehouse one of an empty warehouse that is gone afterwards."""
    if cursor is not None:
        yield cursor
        return
    with TemporaryDirectory() as folder, Warehouse.open(Path(folder) / "warehouse.duckdb") as empty:
        yield empty.cursor()


def hold_sends(
    ledger: Engine, cursor: DuckDBPyConnection, campaign: CampaignRecord, send_id: int | None = None
) -> None:
    """Fill the cursor's temporary tables audit_sends and audit_reach with a campaign's sends, or with one of them."""
    cursor.execute(_SQL["settle_in"])
    query = select(*(sends.c[name] for name in _HELD)).where(sends.c.campaign_id == campaign.campaign_id)
    if send_id is not None:
        query = query.where(sends.c.send_id == send_id)
    with ledger.connect().execution_options(yield_per=_BATCH) as connection:
        for batch in connection.execute(query.order_by(sends.c.send_id)).partitions():
            with lent(cursor, "audit_batch", _HELD, batch):
                cursor.execute(_SQL["add"])
    since = (campaign.launched_at or campaign.created_at) - _CLOCKS_DIFFER
    cursor.execute(_SQL["reach"], {"since": since, "reply_days": REPLY_DAYS})
