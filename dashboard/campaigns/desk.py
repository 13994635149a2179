"""The desk at which campaigns are worked on: the home, open at the moment of the click, and what moves there."""

from collections.abc import Iterator
from contextlib import contextmanager

from dashboard.app import clock
from dashboard.ledger import ledger_at
from dashboard.linting import linter
from dashboard.view import View
from pipelines.campaign_home import CampaignHome
from pipelines.ledger import campaigns
from pipelines.ledger.store import failing_in_words
from pipelines.settings import read_settings

Pulse = tuple[object, ...]
"""What tells one state of affairs from another: equal while nothing moved."""


@contextmanager
def desk(view: View) -> Iterator[CampaignHome]:
    """Open the home on what the app holds open already, as of now. Raises ClearToSendError."""
    settings = read_settings(view.home)
    with CampaignHome.beside(settings, ledger_at(view.home), view.warehouse, linter, clock()) as here:
        yield here


def pulse(view: View, campaign_id: str) -> Pulse:
    """Return where a campaign stands, and whether everything is stopped: cheap enough to ask every two seconds."""
    view.who().must("see", "see a campaign")
    ledger = ledger_at(view.home)
    with failing_in_words(ledger):
        record = campaigns.get(ledger, campaign_id)
        with ledger.connect() as connection:
            stop = campaigns.standing_stop(connection)
    return record.state, record.state_at, record.plan_id, record.fingerprint, stop
