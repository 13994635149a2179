"""The ledger's waiting sends, as load and the inventory see them. A home without a ledger pays nothing for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console

from pipelines.settings import Settings
from pipelines.warehouse import Warehouse

if TYPE_CHECKING:
    from sqlalchemy import Engine


def recheck_queued(settings: Settings, now: datetime, words: Console) -> None:
    """Bring what is queued for sending up to the logs: who stopped meanwhile gets nothing."""
    with _ledger_of(settings) as ledger:
        if ledger is None:
            return
        from pipelines.plan.recheck import recheck

        with Warehouse.open(settings.warehouse_path) as warehouse, warehouse.cursor() as cursor:
            found = recheck(cursor, ledger, now)
    if found.lost or found.moved or found.freed:
        words.print(
            f"Of the sends that wait, {found.lost:,} have lost their permission and will not go out; {found.freed:,} "
            f"go by a window that has opened and spend no token; of {found.moved:,} it ends at another time now."
        )


def held_by_campaigns(settings: Settings, at: datetime) -> list[tuple[str, str, str]]:
    """Rows (page_id, token_key, state) of the tokens that campaigns reserved, or have spent before the logs say so."""
    with _ledger_of(settings) as ledger:
        if ledger is None:
            return []
        from pipelines.ledger.sends import held_tokens

        with ledger.connect() as connection:
            return held_tokens(connection, at)


@contextmanager
def _ledger_of(settings: Settings) -> "Iterator[Engine | None]":
    if not (settings.ledger_url or (settings.home / "ledger.sqlite").exists()):
        yield None
        return
    from pipelines.ledger.store import ledger_of

    with ledger_of(settings.home, settings.ledger_url) as ledger:
        yield ledger
