"""One campaign while it is being sent: what it says, what its lanes have shown, what is still to be told of it."""

import json
from collections import Counter, deque
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

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

    def __init__(self, record: CampaignRecord, connection: Connection, *, same_tokens: int) -> None:
        """Look up what does not change while it is sent, and what was accepted before.

        Raises ValueError, TypeError or KeyError for a definition that this version cannot read.
        """
        self.record = record
        self.campaign = Campaign.from_json(record.definition)
        lanes, self._zones = queue.lanes_and_zones(connection, record.campaign_id)
        self.lanes = lanes | {"standard_window"}  # where a load puts those whose windows open meanwhile
        self.canary = Canary(queue.proven(connection, record.campaign_id))
        self.breaker = Breaker(same_tokens)
        self.is_stale = False
        """A send of it was not let go: look at the ledger before the next."""
        self._untold: deque[str] = deque()  # filled by the loop, emptied by the journal's thread: one at a time, each

    def is_time(self, now: datetime) -> bool:
        """Say whether it is after the campaign's first moment, and before its last."""
        return (self.record.start_at or now) <= now and (self.record.not_after is None or now < self.record.not_after)

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
        except ValueError as error:
            return Outcome("halt_campaign", "campaign", "no_message", f"No message can be made of it: {error}")

    def count(self, outcome: Outcome, *, by_token: bool) -> None:
        """Remember an answer for the next entry of the audit chain, and whether it settled what was unconfirmed."""
        accepted = "settled by its token" if by_token else "accepted"
        self._untold.append(accepted if outcome.action == "accepted" else outcome.reason)

    @property
    def is_to_be_told(self) -> bool:
        """Whether there are answers enough for an entry."""
        return len(self._untold) >= _TELL_EVERY

    def tell(self, connection: Connection, now: datetime, *, at_least: int = _TELL_EVERY) -> None:
        """Write the answers since the last entry into the audit chain, once there are enough."""
        if len(self._untold) < at_least:
            return
        answers = Counter(self._untold.popleft() for _ in range(len(self._untold)))
        try:
            campaigns.tell(
                connection, self.record.campaign_id, "sends_recorded", ACTOR, now, {"answers": dict(answers)}
            )
        except DBAPIError:
            self._untold.extend(answers.elements())  # the journal may do it again
            raise

    def lapse(self, connection: Connection, now: datetime) -> bool:
        """Give up what may no longer go, and return whether anything is still open."""
        lapsed = queue.lapse(connection, self.record.campaign_id, now, self.record.not_after)
        if lapsed:
            campaigns.tell(connection, self.record.campaign_id, "sends_lapsed", ACTOR, now, {"sends": lapsed})
        return bool(queue.open_count(connection, self.record.campaign_id))

    def end(self, connection: Connection, to: CampaignState, action: str, why: str, now: datetime) -> bool:
        """Move the campaign away from sending, and return whether it was this that did."""
        try:  # first the campaign, then the trail: as every command takes them, so that none waits for the other
            campaigns.move(connection, self.record.campaign_id, to, ACTOR, now, why, only_from=["sending"])
        except Refused:
            return False  # a person was quicker
        self.tell(connection, now, at_least=1)
        campaigns.tell(connection, self.record.campaign_id, action, ACTOR, now, {"why": why})
        return True
