"""The page Campaigns: what waits for whom, a decision, one launch however often it is asked for, and the stops."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.campaigns import words as campaign_words
from dashboard.campaigns.board import frame_of
from dashboard.home import close_warehouses, open_warehouse
from dashboard.ledger import ledger_at
from dashboard.linting import linter
from pipelines.campaign_home import CampaignHome, draft_of
from pipelines.errors import Refused
from pipelines.ledger import campaigns, sends
from pipelines.plan.campaign import Campaign
from pipelines.policy import Policy
from pipelines.rights import Person, Role
from pipelines.settings import read_settings
from tests import opened_page
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, BEN, message, otn
from tests.page_by_role import Desk, page_of
from tests.plan.worlds import CAMPAIGN, DAY, HOUR, campaign, open_world

ANN, BO = Person("ann", "admin"), Person("bo", "admin")
MEANT = replace(CAMPAIGN, lanes=("standard_window", "otn"))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Path:
    """Return a home in which Anna holds a token and Ben has just written."""
    home = Home(tmp_path_factory.mktemp("page") / "home", policy)
    world = open_world(home)
    world.load(otn(ANNA, NOW - 9 * DAY, "t1"), message(BEN, NOW - HOUR, "m_1"))
    world.ledger.dispose()
    return home.folder


@pytest.fixture
def home(loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a copy of its own, at a moment of its own."""
    monkeypatch.setenv("CLEAR_TO_SEND_AS_OF", f"{NOW.isoformat()}Z")
    folder = Path(shutil.copytree(loaded, tmp_path / "home"))
    yield folder
    close_warehouses()
    ledger_at(folder).dispose()


def opened(home: Path) -> Any:
    """Open the home as the app does: on what it holds open already."""
    warehouse = open_warehouse(home / "warehouse.duckdb")
    assert warehouse is not None
    return CampaignHome.beside(read_settings(home), ledger_at(home), warehouse, linter, NOW)


def brought(home: Path, state: str, meant: Campaign = MEANT, by: Person = ANN, campaign_id: str = "shoes") -> None:
    """Bring a campaign of Ann's as far as "draft", "checked" or "approved"."""
    with opened(home) as here:
        campaigns.create(here.ledger, campaign_id, draft_of(meant), by.name, NOW)
        if state != "draft":
            here.check(campaign_id, by)
        if state == "approved":
            here.approve(campaign_id, BO, "fine")


def state(home: Path) -> str:
    """Return where the campaign is."""
    return campaigns.get(ledger_at(home), "shoes").state


def shown(home: Path, role: Role | None, *, has_sign_in: bool = True, **query: str) -> AppTest:
    """Open the page as Kim, in a role."""
    return page_of(home, "campaigns", Desk(role), has_sign_in=has_sign_in, address=query)


def words(page: AppTest) -> str:
    """Return all that is written on a page, as it is read."""
    return opened_page.words(page).replace("\\", "")


def press(page: AppTest, key: str) -> AppTest:
    """Press a button."""
    return page.button(key=key).click().run()


def confirm(page: AppTest) -> AppTest:
    """Press the button of the dialog that asks why."""
    button = next(each for each in page.button if each.key and each.key.startswith("FormSubmitter"))
    return button.click().run()


def keys(page: AppTest) -> set[str | None]:
    """Return the buttons that there are."""
    return {each.key for each in page.button}


def test_an_empty_home_leads_to_the_first_campaign(home: Path) -> None:
    """Whoever may write begins one; a viewer is offered nothing."""
    page = shown(home, "growth")

    assert "There is no campaign yet. Write the first one" in words(page)
    assert {"new", "ask-stop"} <= keys(page)
    assert keys(shown(home, "viewer")) == set()
    press(page, "new")
    assert page.query_params["draft"]


def test_the_list_says_what_waits_for_whom(home: Path) -> None:
    """A reviewer finds what a reviewer decides; its author what was sent back, with the reason."""
    brought(home, "checked")
    with opened(home) as here:
        campaigns.create(here.ledger, "mine", draft_of(replace(MEANT, name="News")), "kim@example.com", NOW)
        here.check("mine", Person("kim@example.com", "growth"))
        here.send_back("mine", BO, "Say which *news*.")
        every = here.every(BO)

    reviewer, author = words(shown(home, "reviewer")), words(shown(home, "growth"))
    assert "Of 2 campaigns, **1 waits for approval**." in reviewer
    assert "ann wrote it: approve it, or send it back." in reviewer
    assert "bo sent it back: *Say which *news*.*" in author
    assert "ann wrote it" not in author
    assert campaign_words.waits_for(every, ANN) == []  # never one's own
    table = frame_of(every)
    assert list(table["state"]) == ["Sent back", "Waits for approval"]
    assert (list(table["people"]), list(table["by"])) == ([2, 2], ["bo", "ann"])


def test_a_second_person_approves_it(home: Path) -> None:
    """From the queue to the decision; the page shows the new state at once."""
    brought(home, "checked")
    page = press(shown(home, "reviewer"), "open-shoes")
    assert dict(page.query_params) == {"campaign": "shoes"}
    told = words(page)
    assert "**2 people** get it, of 2 who are meant. It spends **1 one-time token**." in told
    assert "No version of it was approved before: all of it is new." in told
    assert "is unproven here" in told
    assert f"As {ANNA} gets it, by: one-time token." in told
    assert "The rules of 22 Nov 2026 were applied." in page.expander[-1].label
    press(page, "approve")

    assert state(home) == "approved"
    assert "Next: somebody who may send launches it." in words(page)
    assert "ask-launch" not in keys(page)  # a reviewer does not send
    assert "Somebody in the role growth or admin launches it." in words(page)


def test_it_is_sent_back_with_a_reason(home: Path) -> None:
    """Without one the page asks for it, and nothing is done."""
    brought(home, "checked")
    page = press(shown(home, "reviewer", campaign="shoes"), "send-back")
    assert "Write what is to be mended: its author reads it." in words(page)
    assert state(home) == "checked"
    page.text_area(key="decide_reason").input("Say which size.")
    press(page, "send-back")

    assert state(home) == "draft"
    assert "kim@example.com sent it back: *Say which size.*" in words(page)


def test_a_blocked_one_cannot_be_approved(home: Path) -> None:
    """It says what blocks it and what would pass; only sending it back is offered."""
    brought(home, "checked", replace(MEANT, lanes=("tag:ACCOUNT_UPDATE",)))
    page = shown(home, "reviewer", campaign="shoes")

    assert "A finding blocks it, so it cannot be approved" in words(page)
    assert "What would pass" in words(page)
    assert "approve" not in keys(page)
    assert "send-back" in keys(page)


def test_nobody_approves_their_own(home: Path) -> None:
    """Where nobody signs in, the page offers to go on in another role; where they do, it does not."""
    brought(home, "checked", by=Person("kim@example.com", "admin"))
    page = shown(home, "admin", has_sign_in=False, campaign="shoes")

    assert "You wrote it: a second person has to approve it." in words(page)
    assert "approve" not in keys(page)
    assert press(page, "become-reviewer").session_state["role"] == "reviewer"
    assert "become-reviewer" not in keys(shown(home, "admin", campaign="shoes"))


def test_two_tabs_launch_once(home: Path) -> None:
    """The dialog names people, tokens and canaries; the second tab is told who launched it, and the same one too."""
    brought(home, "approved")
    first, second = (press(shown(home, role, campaign="shoes"), "ask-launch") for role in ("growth", "admin"))
    told = words(first)
    assert "**2 people** get it now: 1 by one-time token, 1 by open window. It spends **1 one-time token**." in told
    assert "The first 3 of each lane go alone" in told
    press(first, "launch")
    assert state(home) == "sending"
    assert first.success[0].value.endswith("2 messages are reserved. They go out by themselves.")
    press(second, "launch")

    assert "You launched it on" in second.info[0].value
    assert not second.exception
    with opened(home) as here:
        (short,) = here.every(ANN)
        assert (short["people"], campaign_words.progress(short)) == (2, 0.0)
        here.cancel("shoes", ANN, "enough")
        assert [(each["people"], campaign_words.progress(each)) for each in here.every(ANN)] == [(2, None)]
    assert sum(each.sends for each in sends.tally(ledger_at(home), "shoes")) == 2


def test_many_at_once_launch_once(home: Path) -> None:
    """Of four who press at the same moment one launches it; the others read who it was."""
    brought(home, "approved")
    people = [Person(name, "growth") for name in ("ann", "ben", "cleo", "dora")]
    barrier = Barrier(len(people))

    def launch(by: Person) -> str:
        with opened(home) as here:
            barrier.wait(30)
            try:
                return f"launched {here.launch('shoes', by).reserved} by {by.name}"
            except Refused as refused:
                return str(refused)

    with ThreadPoolExecutor(len(people)) as pool:
        told = sorted(pool.map(launch, people), key=lambda each: not each.startswith("launched"))
    who = told[0].removeprefix("launched 2 by ")
    assert who in {each.name for each in people}
    assert all(each.startswith(f"{who} launched shoes already, on 2026-11-22 12:00:00 UTC") for each in told[1:])
    assert sum(each.sends for each in sends.tally(ledger_at(home), "shoes")) == 2


def test_it_is_paused_resumed_and_cancelled(home: Path) -> None:
    """Each with the reason that was given."""
    brought(home, "approved")
    page = press(press(shown(home, "admin", campaign="shoes"), "ask-launch"), "launch")
    for name, after in (("pause", "paused"), ("resume", "sending"), ("cancel", "cancelled")):
        press(page, f"ask-{name}")
        page.text_input(key=f"why-{name}-text").input(f"To {name} it.")
        confirm(page)
        record = campaigns.get(ledger_at(home), "shoes")
        assert (record.state, record.state_why, record.state_by) == (after, f"To {name} it.", "kim@example.com")
    assert not page.exception


def test_everything_is_stopped_and_let_go(home: Path) -> None:
    """While it is, nothing can be launched, and every page says who did it; only an admin lifts it."""
    brought(home, "approved")
    page = press(shown(home, "growth"), "ask-stop")
    page.text_input(key="why-stop-text").input("wrong price")
    confirm(page)

    assert "Everything is stopped: kim@example.com did it" in words(page)
    assert {"ask-stop", "ask-release"} & keys(page) == set()
    launching = shown(home, "admin", campaign="shoes")
    assert launching.button(key="ask-launch").disabled
    with opened(home) as here, pytest.raises(Refused, match="stopped everything"):
        here.launch("shoes", ANN)
    press(launching, "ask-release")
    confirm(launching)
    assert not launching.button(key="ask-launch").disabled


def test_what_cannot_be_launched_any_more_says_why(home: Path) -> None:
    """The dialog tells it before the click; an unknown campaign is a sentence too."""
    brought(home, "approved")
    with opened(home) as here:
        campaigns.edit(here.ledger, "shoes", draft_of(campaign("Other words.")), "ann", NOW)
        with pytest.raises(Refused, match=r"is draft\. Only an approved one can be launched"):
            here.foresee("shoes", ANN)
    page = shown(home, "admin", campaign="shose")

    assert "There is no campaign shose. Near it: shoes." in words(page)
    assert not page.exception


@pytest.mark.parametrize(
    ("status", "launched", "line"),
    [
        ("draft", False, "Write|Check*|Approve-|Launch-|Arrive-"),
        ("checked", False, "Write|Check|Approve*|Launch-|Arrive-"),
        ("sending", True, "Write|Check|Approve|Launch|Arrive*"),
        ("done", True, "Write|Check|Approve|Launch|Arrive"),
        ("cancelled", True, "Write|Check|Approve|Launch|Arrive-"),
        ("parked", False, "Write-|Check-|Approve-|Launch-|Arrive-"),
    ],
)
def test_the_steps_show_what_comes_next(status: str, launched: bool, line: str) -> None:
    """What is done has a tick, what comes next is bold, the rest is grey."""
    told = {"status": status, "was_sent_back": False, "checked": {}, "launched_at": NOW if launched else None}
    parts = campaign_words.steps_line(told).split(" &emsp; ")
    names = [next(step for step in campaign_words.STEPS if step in part) for part in parts]
    signs = ["*" if "**" in part else "-" if ":gray" in part else "" for part in parts]
    assert "|".join(map("".join, zip(names, signs, strict=True))) == line
