"""What came of one message."""

from dataclasses import dataclass

from pipelines.ledger.alert_tellings import Outcome


@dataclass(frozen=True, slots=True)
class Delivery:
    """How it ended, and a sentence about it for users that holds no secret."""

    outcome: Outcome
    words: str
