"""A campaign in a real browser: written, approved by somebody else, stopped by Meta, resumed, watched, audited."""

import os
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from playwright import sync_api

from tests.browser.sending_app import SendingApp, sending_app, write_home
from tests.browser.serving import blank_page, require_browser

pytestmark = pytest.mark.browser
require_browser()

NOW = datetime(2026, 11, 27, 12)
HOLDERS = 60
PICTURES = os.environ.get("CLEAR_TO_SEND_PICTURES")
"""A folder for the pictures of the README's guide; none are taken without."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SendingApp]:
    """Serve a home of people with tokens; Meta restricts the Page."""
    folder = tmp_path_factory.mktemp("home")
    graph_url = write_home(folder, NOW, writers=10, token_holders=HOLDERS)
    with sending_app(folder, graph_url, NOW, "page_restricted=1") as app:
        yield app


@pytest.fixture(scope="module")
def page(app: SendingApp) -> Iterator[sync_api.Page]:
    """Return the one tab of this journey."""
    with blank_page(app.address) as page:
        yield page


def picture(page: sync_api.Page, name: str) -> None:
    """Take a picture for the guide, where that is asked for."""
    if PICTURES:
        page.wait_for_timeout(2_000)
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def heading(page: sync_api.Page, words: str) -> None:
    """Wait for a heading."""
    sync_api.expect(page.get_by_role("heading", name=words)).to_be_visible()


def test_a_campaign_from_its_first_word_to_what_came_of_it(page: sync_api.Page, app: SendingApp) -> None:
    """Led by the pages alone: each says what comes next."""
    expect = sync_api.expect
    page.goto("/")
    heading(page, "How many people may we still message?")
    page.get_by_role("link", name="Campaigns").click()
    page.get_by_role("button", name="Begin with an example").click()
    expect(page.get_by_text("Who gets it, and why others do not")).to_be_visible()
    expect(page.get_by_text("No rule stands against it.")).to_be_visible()
    picture(page, "compose")

    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_text("You wrote it: a second person has to approve it.")).to_be_visible()
    page.get_by_role("button", name="Go on as reviewer").click()
    page.locator(".st-key-decide_reason textarea").fill("They asked for exactly this.")
    picture(page, "review")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Go on as growth").click()
    page.locator(".st-key-ask-launch button").click()
    expect(page.locator(".st-key-launch button")).to_contain_text(re.compile(r"Launch to \d+ people"))
    picture(page, "launch")
    page.locator(".st-key-launch button").click()

    resume = page.locator(".st-key-ask-resume button")
    expect(resume).to_be_visible()  # Meta refused the first message: the campaign paused by itself
    picture(page, "paused")
    httpx.post(f"{app.graph_url}/sandbox/faults", json={"page_restricted": 0}).raise_for_status()
    resume.click()
    page.get_by_role("dialog").get_by_role("button", name="Resume").click()
    heading(page, "What came of it?")
    expect(page.get_by_text(re.compile(r"got it\."))).to_be_visible()
    picture(page, "results")
    received = len(app.truth.read_text(encoding="utf-8").splitlines())
    assert HOLDERS * 0.7 < received <= HOLDERS


def test_a_reviewer_audits_it_and_takes_the_evidence_along(page: sync_api.Page, tmp_path: Path) -> None:
    """The trail holds; the whole story stands there, and the zip has it."""
    expect = sync_api.expect
    page.goto("/audit")
    expect(page.get_by_text(re.compile("^Yes: each of"))).to_be_visible()
    picture(page, "audit")
    page.get_by_role("combobox", name="Campaign").click()
    page.get_by_role("option").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Evidence (zip)").click()
    file = tmp_path / "evidence.zip"
    download.value.save_as(file)
    with zipfile.ZipFile(file) as evidence:
        assert {"manifest.json", "sends.csv"} <= set(evidence.namelist())


def test_a_viewer_is_refused_what_a_viewer_may_not_do(page: sync_api.Page) -> None:
    """Neither written nor launched nor stopped, and no trail."""
    page.goto("/campaigns")
    page.get_by_text("Every campaign").wait_for()
    page.locator(".st-key-role").get_by_role("combobox").click()
    page.get_by_role("option", name=re.compile("^viewer")).click()
    sync_api.expect(page.get_by_role("button", name="New campaign")).to_have_count(0)
    sync_api.expect(page.get_by_role("button", name="Stop everything")).to_have_count(0)
    page.get_by_role("link", name="Audit").click()
    sync_api.expect(page.get_by_text("Reviewers and admins can look that up.")).to_be_visible()
