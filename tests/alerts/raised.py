"""Alerts to test with."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from pipelines.alerts.kinds import TITLES
from pipelines.ledger.alerts import Alert, Condition, open_alerts, reconcile

NOW = datetime(2026, 11, 22, 12)
BASE = "https://clear.example"


def condition(kind: str = "tokens_die", topic: str = "restock:boots", **more: Any) -> Condition:
    """Return one that holds."""
    about = {"says": f"60 tokens of {topic} die unused.", "to_do": "Write to them.", "path": "/inventory?topic=boots"}
    return Condition(kind, **(about | {"page_id": "1084", "topic": topic} | more))


def look(ledger: Engine, now: datetime, *found: Condition, kinds: tuple[str, ...] = tuple(TITLES)) -> None:
    """Write down that these hold now, and no others of these kinds."""
    reconcile(ledger, found, kinds, now, "")


def standing(ledger: Engine) -> list[Alert]:
    """Return what is open."""
    with ledger.connect() as connection:
        return open_alerts(connection)
