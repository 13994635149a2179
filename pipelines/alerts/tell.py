"""Tells what is open on a channel, once: it is written down before the message goes, and is never told twice."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine

from pipelines.alerts.channels import Channel
from pipelines.alerts.message import digest
from pipelines.ledger import alert_tellings


def tell(ledger: Engine, channel: Channel, base: str, clock: Callable[[], datetime]) -> None:
    """
    Tell on a channel what is to be told there now: all of it in one message.

    A failure is tried again at a later call. Raises what the ledger's database raises.
    """
    with ledger.connect() as connection:
        due = alert_tellings.due(connection, channel.name, clock())
    telling = alert_tellings.begin(ledger, channel.name, due, clock()) if due else None
    if telling is not None:
        came = channel.deliver(digest([alert for alert, _ in due], base, clock()))
        alert_tellings.end(ledger, telling, came.outcome, came.words, clock())
