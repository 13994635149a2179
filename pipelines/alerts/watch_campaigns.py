"""Campaigns that stopped or are refused, and those that wait for somebody to approve them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import Engine

from pipelines.dispatch.run import ACTOR
from pipelines.ledger import alert_reads
from pipelines.ledger.alerts import Condition
from pipelines.masking import Mask
from pipelines.settings_alerts import Alerts
from pipelines.webhook_health import span

_LEAST_ANSWERS = 20
"""Fewer answers prove nothing, as for the dispatcher itself."""
_LATELY = timedelta(days=1)
"""So long after its end the refusals of a campaign are news."""


def refused(ledger: Engine, limits: Alerts, now: datetime) -> Iterator[Condition]:
    """Give each campaign that the dispatcher stopped, and each of which Meta refuses many."""
    with ledger.connect() as connection:
        paused = alert_reads.paused_by(connection, ACTOR)
        answers = alert_reads.answers(connection, now - _LATELY)
    mask = Mask()  # what stopped it may be in Meta's words
    for each in paused:
        yield Condition(
            "refused",
            f"The campaign {each.name} stopped by itself {span(now - each.state_at)} ago: {mask(each.state_why)}",
            "Mend what it names, then let the campaign go on, or cancel it.",
            _path(each.campaign_id),
            each.page_id,
            campaign_id=each.campaign_id,
        )
    for one in answers:
        heard = one.accepted + one.refused
        if heard >= _LEAST_ANSWERS and 100 * one.refused >= limits.refused_percent * heard:
            yield Condition(
                "refused",
                f"{one.refused:,} of the {heard:,} messages of the campaign {one.name} that Meta answered so far were "
                "refused.",
                "Look at the reasons, and pause the campaign if it goes on like this.",
                _path(one.campaign_id),
                one.page_id,
                campaign_id=one.campaign_id,
            )


def approvals(ledger: Engine, limits: Alerts, now: datetime) -> Iterator[Condition]:
    """Give each campaign that waits for its approval for long."""
    with ledger.connect() as connection:
        found = alert_reads.waiting_for_approval(connection, now - timedelta(hours=limits.approval_hours), now)
    for each in found:
        yield Condition(
            "approval",
            f"The campaign {each.name}, written by {each.created_by}, was checked {span(now - each.state_at)} ago and "
            "is not approved.",
            "Somebody else than its author approves it, or sends it back.",
            _path(each.campaign_id),
            each.page_id,
            campaign_id=each.campaign_id,
        )


def _path(campaign_id: str) -> str:
    return f"/campaigns?{urlencode({'campaign': campaign_id})}"
