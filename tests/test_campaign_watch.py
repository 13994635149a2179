"""The parts of a campaign's page that watch it and tell its results: in words, and drawn for each role."""

import io
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import reads
from dashboard.campaigns import results as campaign_results
from dashboard.campaigns import watch as campaign_watch
from dashboard.campaigns import watch_words as words
from dashboard.campaigns.failures import troubles
from dashboard.home import close_warehouses, open_warehouse
from dashboard.ledger import ledger_at
from dashboard.scope import Scope
from dashboard.view import View
from pipelines.audit.ahead import Ahead
from pipelines.audit.watching import Canaries, Detail, Group
from pipelines.errors import Refused
from pipelines.ledger import sends
from pipelines.policy import Policy
from pipelines.rights import Role
from tests.audit.small_home import SENT, TOKENS, WINDOWS, psid, small_home
from tests.audit.staging import LAUNCH
from tests.audit.standings import GOING, at
from tests.conftest import Home
from tests.page_by_role import Desk, everything

NOW = SENT + timedelta(days=8)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Path:
    """Return the small home: 16 of 20 were accepted, 3 refused, and t8's answer was lost."""
    home = Home(tmp_path_factory.mktemp("small") / "home", policy)
    with small_home(home):
        pass
    return home.folder


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the app's clock begin at the same moment each time, and let go of every warehouse afterwards."""
    monkeypatch.setenv("CLEAR_TO_SEND_AS_OF", f"{NOW.isoformat()}Z")
    yield
    close_warehouses()


def seen_by(home: Path, role: Role | None) -> View:
    """Return the view of somebody in a role."""
    warehouse = open_warehouse(home / "warehouse.duckdb")
    assert warehouse is not None
    with warehouse.cursor() as cursor:
        fresh = reads.freshness(cursor, Scope(NOW))
    return View(warehouse, home, NOW, Scope(NOW), "UTC", fresh, False, True, Desk(role).who)


def drawn(home: Path, role: Role) -> AppTest:
    """Draw both parts."""

    def script(home: object, role: object) -> None:
        from tests.test_campaign_watch import draw  # Streamlit takes these lines out of the file, and runs them alone

        draw(home, role)  # type: ignore[arg-type]

    page = AppTest.from_function(script, default_timeout=60, kwargs={"home": home, "role": role}).run()
    assert not page.exception
    return page


def draw(home: Path, role: Role) -> None:
    """Do what the page of a campaign does."""
    view = seen_by(home, role)
    campaign_watch.show(view, "shoes")
    campaign_results.show(view, "shoes")


def test_the_page_tells_how_far_it_came_and_names_nobody(small: Path) -> None:
    """A viewer sees counts, reasons and advice, and no id of anybody; nothing to settle, nothing to export."""
    page = drawn(small, "viewer")
    told = everything(page)

    assert {each.label: each.value for each in page.metric} == {
        "Accepted": "16", "Messages a second": "0.0", "Time left": "-", "Waiting": "0", "Not sent": "3",
        "Unconfirmed": "1",
    }  # fmt: skip
    assert "3 of 3 canaries of the lane *otn*" not in told
    assert "3 of 3 canaries of the lane *one-time token* accepted" in told
    assert "**1 person** · Refused by Meta" in told
    assert "**16** of 20 got it." in told
    assert [name for name in (*WINDOWS, *TOKENS) if psid(name) in told] == []
    assert not page.button
    assert not page.get("download_button")


def test_a_reviewer_settles_what_was_lost(small: Path, tmp_path: Path) -> None:
    """Without a reason it is refused in words; with one the ledger has it under the reviewer's name."""
    home = Path(shutil.copytree(small, tmp_path / "home"))
    page = drawn(home, "reviewer")
    arrived = next(each for each in page.button if each.label == "They arrived")

    arrived.click().run()
    assert any("Say how you know" in each.value for each in page.error)
    page.text_input(key="settle_why").set_value("She answered it.")
    next(each for each in page.button if each.label == "They arrived").click().run()

    assert not page.exception
    ledger = ledger_at(home)
    assert sends.unconfirmed(ledger, "shoes") == []
    settled = [each for each in sends.tally(ledger, "shoes") if each.reason == "settled"]
    assert [(each.state, each.words, each.sends) for each in settled] == [("accepted", "She answered it.", 1)]
    assert {each.label: each.value for each in page.metric}["Unconfirmed"] == "0"


def test_what_is_exported_holds_counts_and_no_formula(small: Path) -> None:
    """The variant `=eager` is no formula in a spreadsheet; whoever may not export gets nothing."""
    frame = pd.DataFrame({"Variant": ["=eager"], "Accepted": [5]})

    told = campaign_results.exported(seen_by(small, "growth"), frame)

    assert pd.read_csv(io.BytesIO(told)).to_dict("records") == [{"Variant": "'=eager", "Accepted": 5}]
    with pytest.raises(Refused, match="may not download"):
        campaign_results.exported(seen_by(small, "viewer"), frame)


# --- in words --------------------------------------------------------------------------------------------------------


def test_the_outlook_in_words() -> None:
    """A time, or a reason; and who comes later."""
    assert words.outlook(Ahead(5.0, 600, timedelta(minutes=2), others=3), "UTC") == (
        "About **2 min** for the 600 who still wait, at the rate of the last minute. 3 more come later."
    )
    assert words.outlook(Ahead(0.0, waits="brake", until=LAUNCH), "Asia/Taipei") == (
        "Meta holds the Page back: nothing goes out before 20 Nov 2026, 20:00."
    )
    assert words.time_left(Ahead(5.0, waits="paused")) == "-"
    assert words.canary(Canaries("standard_window", 3, 3, 0)) == (
        ":material/check: 3 of 3 canaries of the lane *open window* accepted"
    )
    assert words.progress(at(GOING)) == (0.4, "**400** of 1,000 accepted")


def test_whoever_paused_it_is_named() -> None:
    """A person by name; the dispatcher says why it stopped by itself."""
    by_hand = at(GOING, state="paused", state_by="ada", state_why="wrong price")
    by_itself = at(GOING, state="paused", state_by="dispatcher", state_why="18 of 50 were refused.")

    assert words.paused(by_hand, "UTC") == "ada paused it on 20 Nov 2026, 12:00: wrong price"
    assert words.paused(by_itself, "UTC") == "It stopped by itself on 20 Nov 2026, 12:00: 18 of 50 were refused."
    assert words.paused(at(GOING), "UTC") == ""


def test_failures_are_grouped_by_reason_with_what_to_do() -> None:
    """The most people first; one reason on several lanes stands once."""
    seen = Detail(
        (
            Group("otn", "a", "refused", "551", "Not available.", "give_up_person", 2, 0, 0),
            Group("otn", "b", "refused", "551", "Not available.", "give_up_person", 3, 0, 0),
            Group("otn", "a", "refused", "token 100", "Invalid.", "give_up_token", 1, 0, 0),
            Group("otn", "a", "failed", "permission_ended", "No call.", "", 4, 0, 0),
            Group("otn", "a", "queued", "2", "Unavailable.", "retry", 1, 0, 1),
            Group("otn", "a", "accepted", "settled", "seen", "", 9, 0, 0),
        ),
        (),
        None,
    )

    told = [(each.people, each.state, each.is_over) for each in troubles(seen)]

    assert told == [
        (5, "Refused by Meta", True), (4, "Given up", True), (1, "Refused by Meta", True),
        (1, "To be tried again", False),
    ]  # fmt: skip
    assert all(each.why and each.to_do for each in troubles(seen))


def test_the_funnel_adds_up() -> None:
    """Every send stands in one column; what only the logs know is not known without them."""
    seen = Detail(
        (
            Group("otn", "a", "accepted", None, None, "", 5, 0, 0),
            Group("otn", "a", "refused", "551", "x", "", 2, 0, 0),
            Group("otn", "a", "queued", None, None, "", 1, 0, 0),
            Group("otn", "b", "unconfirmed", "no_answer", "x", "", 1, 0, 0),
        ),
        (),
        None,
    )

    frame = words.funnel(seen, None)

    assert list(frame["Planned"]) == [8, 1]
    assert (frame["Accepted"] + frame["Not sent"] + frame["Unconfirmed"] + frame["Waiting"] == frame["Planned"]).all()
    assert frame["Delivered"].isna().all()
