"""However a launch is pressed, it happens once: the ledger and what people received agree."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from pipelines import DATA
from pipelines.campaign_home import CampaignHome
from pipelines.dispatch.payload import read_metadata
from pipelines.ledger import chain
from pipelines.ledger.schema import sends
from pipelines.ledger.store import ledger_of
from pipelines.policy import load_policy
from pipelines.rights import Person
from tests.browser.hostile import SEQUENCES
from tests.browser.sending_app import SendingApp, sending_app, write_home
from tests.browser.serving import blank_page, require_browser
from tests.conftest import IS_DEEP, Home
from tests.deliveries import PAGE
from tests.dispatch.sending import wait_for

pytestmark = pytest.mark.browser
require_browser()

NOW = datetime(2026, 11, 27, 12)
PEOPLE = 5
MEI, OMAR = Person("Mei", "admin"), Person("Omar", "admin")
TRIED = int(os.environ.get("CLEAR_TO_SEND_HOSTILE", "20" if IS_DEEP else "2"))
CHOSEN = dict(list(SEQUENCES.items())[:TRIED])
CAMPAIGN = f"""
name = "Number {{number}}"
page_id = "{PAGE}"
purpose = "account_update"
lanes = ["standard_window"]
text = "Your order number {{number}} has been packed."
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SendingApp]:
    """Serve a home with an approved campaign for each sequence."""
    folder = tmp_path_factory.mktemp("home")
    graph_url = write_home(folder, NOW, writers=PEOPLE, token_holders=0)
    prepare(folder)
    with sending_app(folder, graph_url, NOW) as app:
        yield app


def prepare(folder: Path) -> None:
    """Load the logs, then write, check and approve the campaigns."""
    Home(folder, load_policy(DATA / "policy")).load(folder / "logs", now=NOW)
    with CampaignHome.open(folder, NOW) as here:
        for number in range(len(CHOSEN)):
            file = folder / "campaign.toml"
            file.write_text(CAMPAIGN.format(number=number), encoding="utf-8")
            here.write(file, MEI, f"campaign-{number}")
            assert not here.check(f"campaign-{number}", MEI)
            here.approve(f"campaign-{number}", OMAR, "as every day")


def test_each_hostile_sequence_launches_once(app: SendingApp) -> None:
    """One launch in the trail, one send a person, one message received."""
    with blank_page(app.address) as page, page.context.browser.new_context() as context:  # type: ignore[union-attr]
        for number, (name, act) in enumerate(CHOSEN.items()):
            act(context, f"{app.address}/campaigns?campaign=campaign-{number}")
            print(f"{name}: launched")  # noqa: T201  shown where one of them fails

    with ledger_of(app.home, "") as ledger:
        wait_for(lambda: len(truth(app)) >= len(CHOSEN) * PEOPLE, 120)
        with ledger.connect() as connection:
            launched = Counter(
                entry.campaign_id for entry in chain.entries(connection) if entry.action == "campaign_launched"
            )
            rows = connection.execute(select(sends.c.send_id, sends.c.campaign_id, sends.c.psid)).all()
    assert launched == {f"campaign-{number}": 1 for number in range(len(CHOSEN))}
    assert Counter((row.campaign_id, row.psid) for row in rows) == {(row.campaign_id, row.psid): 1 for row in rows}
    assert Counter(row.campaign_id for row in rows) == {f"campaign-{number}": PEOPLE for number in range(len(CHOSEN))}
    assert sorted(truth(app)) == sorted(row.send_id for row in rows)


def truth(app: SendingApp) -> list[int]:
    """Return the number of the send of every message that a person received."""
    lines = app.truth.read_text(encoding="utf-8").splitlines() if app.truth.exists() else []
    named = [read_metadata(json.loads(line)["metadata"]) for line in lines]
    return [int(each[0]) for each in named if each]
