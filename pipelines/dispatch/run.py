"""One campaign while it is being sent: what it says, what its lanes have shown, what is still to be told of it."""

import json
from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from pipelines.dispatch.breaker import Breaker
from pipelines.dispatch.canary import Canary
from pipelines.dispatch.outcomes import Outcome
from pipelines.dispatch.payload import metadata_of, send_body
from pipelines.errors import Refused
from pipelines.ledger import campaigns, queue
from pipelines.ledger.campaigns import CampaignRecord
from pipelines.ledger.moves import CampaignState
from pipelines.ledger.queue import Queued
from pipelines.plan.campaign import Campaign
from pipelines.plan.fields import MissingField, TooLong
from pipelines.plan.quiet import quiet_zones

ACTOR = "dispatcher"
_TELL_EVERY = 1_000
"""Answers in one entry of the audit chain: a trail of batches, not of messages, which the sends themselves are."""


class Run:
    """Made when a campaign is found sending, and again when it has been resumed."""

    def __init__(self, record: CampaignRecord, connection: Connection) -> None:
        """Look up what does not change while it is sent, and what was accepted before."""
        self.record = record
        self.campaign = Campaign.from_json(record.definition)
        self.lanes, self._zones = queue.lanes_and_zones(connection, record.campaign_id)
        self.canary = Canary(queue.proven(connection, record.campaign_id))
        self.breaker = Breaker()
        self.is_stale = False
        """A send of it was not let go: look at the ledger before the next."""
        self._untold: Counter[str] = Counter()

    def quiet(self, now: datetime) -> set[str]:
        """Return the time zones in which nobody may be written to now."""
        return quiet_zones(self.campaign.quiet_hours, self._zones, now)

    def body(self, send: Queued) -> dict[str, Any] | Outcome:
        """Return the body of a call, or why there can be none."""
        try:
            return send_body(
                self.campaign, send.variant, send.lane, psid=send.psid, token=send.token,
                values=json.loads(send.fields or "{}"), metadata=metadata_of(str(send.send_id), send.lane, send.token),
            )  # fmt: skip
        except (MissingField, TooLong) as error:
            return Outcome("give_up_person", "message", "text_does_not_fit", str(error))

    def count(self, outcome: Outcome) -> None:
        """Remember an answer for the next entry of the audit chain."""
        self._untold[outcome.reason if outcome.action != "accepted" else "accepted"] += 1

    def tell(self, connection: Connection, now: datetime, *, at_least: int = _TELL_EVERY) -> None:
        """Write the answers since the last entry into the audit chain, once there are enough."""
        if self._untold.total() >= at_least:
            detail = {"answers": dict(self._untold)}
            campaigns.tell(connection, self.record.campaign_id, "sends_recorded", ACTOR, now, detail)
            self._untold.clear()

    def end(self, connection: Connection, to: CampaignState, action: str, why: str, now: datetime) -> bool:
        """Move the campaign away from sending, and return whether it was this that did."""
        self.tell(connection, now, at_least=1)
        try:
            campaigns.move(connection, self.record.campaign_id, to, ACTOR, now, why, only_from=["sending"])
        except Refused:
            return False  # a person was quicker
        campaigns.tell(connection, self.record.campaign_id, action, ACTOR, now, {"why": why})
        return True
