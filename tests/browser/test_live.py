"""A page that is open shows what arrives, with its filter, its scroll and half a sentence left as they were."""

import hmac
import re
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from playwright import sync_api

from tests.browser.serving import WAIT_MS, blank_page, require_browser, served
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, NOON, PAGE, compact, delivery, message, otn, write_lines

pytestmark = pytest.mark.browser
require_browser()

SECRET = "the app's own"  # noqa: S105
SCROLL = "document.querySelector('[data-testid=stMain]').scrollTo(0, 300)"
SCROLLED = "document.querySelector('[data-testid=stMain]').scrollTop"


def scrolled(page: sync_api.Page) -> None:
    """Scroll down, as soon as the page has grown so far."""
    for _ in range(WAIT_MS // 100):
        page.evaluate(SCROLL)
        if page.evaluate(SCROLLED) == 300:
            return
        page.wait_for_timeout(100)
    pytest.fail("The page stays too short to be scrolled.")


def test_an_open_page_shows_what_arrives(new_home: Callable[[], Home], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tokens more, beside a filter and a scroll; then a message, beside a sentence that is being written."""
    home = new_home()
    monkeypatch.setenv("CLEAR_TO_SEND_APP_SECRET", SECRET)
    given = [otn(f"2400000000000{number:04}", NOON - timedelta(hours=number), f"t{number}") for number in range(30)]
    write_lines(home.folder / "logs" / "before.jsonl", *map(delivery, given))
    expect = sync_api.expect

    def arrive(*items: dict[str, object]) -> None:
        """Deliver as Meta does: signed, one after another."""
        for item in items:
            body = compact(delivery(item))
            signature = f"sha256={hmac.new(SECRET.encode(), body, 'sha256').hexdigest()}"
            sent = httpx.post(f"{address}/webhook", content=body, headers={"X-Hub-Signature-256": signature})
            assert sent.status_code == 200

    with served(home.folder, NOW) as address, blank_page(address) as page:
        page.set_viewport_size({"width": 1200, "height": 600})
        page.goto(f"/inventory?page={PAGE}")
        shown = page.get_by_test_id("stMetric").filter(has_text=re.compile("^Available"))
        expect(shown.get_by_test_id("stMetricValue")).to_have_text("30")
        expect(page.get_by_text("Live · newest event")).to_be_visible()
        scrolled(page)
        arrive(otn(ANNA, NOON, "t100"), otn(ANNA, NOON, "t101"))

        expect(shown.get_by_test_id("stMetricValue")).to_have_text("32")
        assert page.evaluate(SCROLLED) == 300
        expect(page).to_have_url(re.compile(f"page={PAGE}"))

        page.goto("/draft")
        text = page.locator("textarea").first
        text.click()
        page.keyboard.type("Half a sent")
        arrive(message(ANNA, NOON + timedelta(minutes=1), "m_new"))
        expect(page.get_by_text("Live · newest event")).to_have_count(1)
        for letter in "ence, and more of it":
            page.keyboard.type(letter)
            page.wait_for_timeout(250)
        expect(text).to_have_value("Half a sentence, and more of it")
