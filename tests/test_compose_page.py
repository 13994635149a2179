"""A campaign is written on its page: typed, saved, seen, checked; nothing that was typed is lost."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.home import close_warehouses
from dashboard.ledger import ledger_at
from pipelines.ledger import campaigns, drafts
from pipelines.policy import Policy
from tests.composed_page import field, opened, press
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, BEN, PAGE, delivery, message, otn, write_lines
from tests.opened_page import words
from tests.plan.worlds import DAY, HOUR, SHOES

FORM = {"name": "Shoes", "page_id": PAGE, "purpose": "promotional", "topic": SHOES, "text": "The shoes are back."}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Iterator[Path]:
    """Return a home with one token and one open window."""
    folder = tmp_path_factory.mktemp("compose")
    items = [otn(ANNA, NOW - DAY, "t1"), message(BEN, NOW - HOUR, "m_1")]
    Home(folder / "home", policy).load(write_lines(folder / "log.jsonl", *map(delivery, items)))
    yield folder / "home"
    close_warehouses()


@pytest.fixture
def ledger(home: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Return the ledger that the page writes, at a moment that stands still enough."""
    monkeypatch.setenv("CLEAR_TO_SEND_AS_OF", f"{NOW.isoformat()}Z")
    return ledger_at(home)


def begun(ledger: Engine, **changed: Any) -> str:
    """Begin a draft of the shoes that differs in this."""
    form = {key: value for key, value in (FORM | changed).items() if value}
    return drafts.begin(ledger, form, "kim@example.com", NOW)


def test_what_is_typed_is_saved_counted_and_checked(home: Path, ledger: Engine) -> None:
    """From an empty draft to a campaign that waits for its approval."""
    draft_id = begun(ledger, name="", text="", topic="")
    page = opened(home, draft_id)
    assert "Before people can be counted, 2 things are to be mended:" in page.info[0].value
    assert "Name\\: is missing; write it." in words(page)

    field(page, "Name").set_value("Shoes are back")
    field(page, "Text").set_value("Hi {{first_name|there}}, they are back.").run()
    field(page, "Topic").set_value(SHOES).run()
    kept = drafts.get(ledger, draft_id)
    assert (kept.form["name"], kept.form["text"]) == ("Shoes are back", "Hi {{first_name|there}}, they are back.")
    assert kept.saved_by == "kim@example.com"
    assert re.search(r"Saved 22 Nov 2026, 20:\d\d", words(page))
    assert "**2 people** would get it, of 2 meant" in words(page)
    assert "Hi there, they are back." in page.get("html")[0].proto.body
    assert [each.key for each in page.get("plotly_chart")] == ["compose-waterfall"]

    press(page, "Check it")
    assert page.query_params["campaign"] == f"shoes-are-back-{draft_id}"
    assert "draft" not in page.query_params
    assert campaigns.get(ledger, f"shoes-are-back-{draft_id}").state == "checked"
    assert page.exception == []


def test_every_field_finds_its_place_in_the_form(home: Path, ledger: Engine) -> None:
    """Lists, switches, shares, spans."""
    draft_id = begun(ledger)
    page = opened(home, draft_id)
    press(page, "Add a button")
    field(page, "Button 1").set_value("See")
    field(page, "What it does").set_value("phone")
    press(page, "Add a quick reply")
    field(page, "Telephone number").set_value("+886227208889")
    field(page, "Quick reply 1").set_value("Stop")
    field(page, "Lanes").set_value(["otn"])
    field(page, "Not written to within").set_value("7d")
    field(page, "Window").set_value("closed")
    field(page, "Keep quiet hours").set_value(True)
    field(page, "Held out, in %").set_value(5)
    press(page, "Take this reply out")

    assert drafts.get(ledger, draft_id).form == FORM | {
        "button": [{"title": "See", "phone": "+886227208889"}],
        "lanes": ["otn"],
        "audience": {"not_messaged_within": "7d", "window": "closed"},
        "quiet_hours": {"from": "21:00", "to": "09:00", "zone": "Asia/Taipei"},
        "split": {"holdout": 0.05},
    }
    field(page, "Keep quiet hours").set_value(False)
    field(page, "Not written to within").set_value("").run()
    kept = drafts.get(ledger, draft_id).form
    assert "quiet_hours" not in kept
    assert kept["audience"] == {"window": "closed"}


def test_a_text_and_a_click_in_one_go_are_both_heard(home: Path, ledger: Engine) -> None:
    """What was typed belongs to the row as it stood before the click."""
    replies = [{"title": "One", "payload": "1"}, {"title": "Two", "payload": "2"}]
    draft_id = begun(ledger, quick_reply=replies)
    page = opened(home, draft_id)
    field(page, "Quick reply 2").set_value("Second")
    field(page, "Name").set_value("Renamed")
    press(page, "Take this reply out")

    kept = drafts.get(ledger, draft_id).form
    assert (kept["name"], kept["quick_reply"]) == ("Renamed", [{"title": "Second", "payload": "2"}])
    assert field(page, "Quick reply 1").value == "Second"


def test_a_second_wording_shares_the_people(home: Path, ledger: Engine) -> None:
    """And goes again, with its share."""
    draft_id = begun(ledger)
    page = press(opened(home, draft_id), "Try another wording")
    field(page, "Text B").set_value("They are back.")
    field(page, "Read by, in %").set_value(70).run()

    assert [each["share"] for each in drafts.get(ledger, draft_id).form["variant"]] == [0.7, 0.3]
    assert "Read by all others: 30 %" in words(page)
    press(page, "Take this text out")
    assert drafts.get(ledger, draft_id).form == FORM | {"text": "They are back."}
    assert field(page, "Text").value == "They are back."


def test_a_blocked_lane_is_left_out_by_a_click(home: Path, ledger: Engine) -> None:
    """The words that block it are marked, with the source; the lanes that stay open have their people."""
    lanes = ["standard_window", "tag:POST_PURCHASE_UPDATE"]
    text = "Your order has been sent. Buy now with 50% OFF everything, today only!"
    draft_id = begun(ledger, purpose="purchase_update", text=text, lanes=lanes)
    page = opened(home, draft_id)
    assert "As it stands it cannot go out: a finding blocks it." in [each.value for each in page.error]
    assert ":orange-background[**Buy now**]" in words(page)
    assert "Source" in words(page)

    press(page, "Keep to those lanes")
    assert drafts.get(ledger, draft_id).form["lanes"] == ["standard_window"]
    assert field(page, "Lanes").value == ["standard_window"]
    assert not page.error


def test_what_another_has_saved_is_not_put_over_what_is_typed(home: Path, ledger: Engine) -> None:
    """It is said; whoever types decides which of the two goes on."""
    draft_id = begun(ledger)
    page = opened(home, draft_id)
    field(page, "Text").set_value("Mine.").run()
    drafts.save(ledger, draft_id, FORM | {"text": "Theirs."}, "ben@example.com", NOW + timedelta(hours=1))
    page.run()

    assert field(page, "Text").value == "Mine."
    assert "ben@example.com saved another version" in page.warning[0].value.replace("\\", "")
    press(page, "Show that version")
    assert field(page, "Text").value == "Theirs."
    assert not page.warning


def test_a_draft_is_there_again_as_it_was_left(home: Path, ledger: Engine) -> None:
    """In another session, and after another draft was looked at: nothing is typed here that could be lost."""
    first, second = begun(ledger), begun(ledger, name="Other")
    page = opened(home, first)
    field(page, "Name").set_value("Renamed").run()
    page.query_params["draft"] = second
    page.run()
    assert field(page, "Name").value == "Other"
    assert field(opened(home, first), "Name").value == "Renamed"
    drafts.save(ledger, first, FORM | {"name": "By another"}, "ben@example.com", NOW + timedelta(hours=1))
    page.query_params["draft"] = first
    page.run()

    assert field(page, "Name").value == "By another"
    assert not page.warning


def test_a_draft_that_is_thrown_away_is_gone_for_all(home: Path, ledger: Engine) -> None:
    """Whoever has it open still is told so."""
    draft_id = begun(ledger)
    page, other = opened(home, draft_id), opened(home, draft_id)
    press(page, "Throw it away")
    assert "draft" not in page.query_params

    field(other, "Name").set_value("Too late").run()
    assert "is gone" in other.info[0].value
    press(other, "All campaigns")
    assert "draft" not in other.query_params


def test_what_cannot_be_submitted_says_what_to_mend(home: Path, ledger: Engine) -> None:
    """The draft stays."""
    draft_id = begun(ledger, text="")
    page = press(opened(home, draft_id), "Check it")

    assert "mend what is wrong" in page.error[-1].value
    assert drafts.get(ledger, draft_id).form == {key: value for key, value in FORM.items() if key != "text"}


def test_whoever_may_not_write_changes_nothing(home: Path, ledger: Engine) -> None:
    """They are told who may."""
    page = opened(home, begun(ledger), "viewer")
    told = "\n".join([words(page), *(each.value for each in page.info)])

    assert "growth" in told
    assert all(each.disabled for each in [*page.text_input, *page.text_area, *page.selectbox[:2], *page.toggle])
    assert "Check it" not in [each.label for each in page.button]
