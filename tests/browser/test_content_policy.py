"""The pages under their Content-Security-Policy in a real browser: what they need works, and nothing else is loaded."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright import sync_api

from tests.browser.serving import blank_page, require_browser, served
from tests.synthetic import MOMENT, make_home

pytestmark = pytest.mark.browser
require_browser()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the app."""
    with served(make_home(tmp_path_factory.mktemp("home")), MOMENT) as address:
        yield address


@pytest.fixture
def page(address: str) -> Iterator[sync_api.Page]:
    """Return a blank page of the app."""
    with blank_page(address) as page:
        yield page


def test_the_pages_need_nothing_that_is_refused(page: sync_api.Page) -> None:
    """Charts, tables, the sparklines of figures, a file, the dark colours: all from here, none blocked.

    But one: Streamlit asks a server of Google's for the icon of the tab where that is one of its symbols. It is
    refused, for nobody there has to know who looks at these pages and when.
    """
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(f"Content Security Policy? {error}"))
    page.on("requestfinished", lambda request: asked.append(request.url))
    expect = sync_api.expect

    answer = page.goto("/inventory")
    assert answer is not None
    assert "script-src 'self' 'sha256-" in answer.headers["content-security-policy"]
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stDataFrame").locator("canvas").first).to_be_visible(timeout=60_000)
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    assert download.value.path().stat().st_size > 0
    page.emulate_media(color_scheme="dark")
    page.goto("/")
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stMetricChart").locator("canvas, svg").first).to_be_visible(timeout=60_000)

    refused = [text for text in said if "Content Security Policy" in text and "fonts.gstatic.com" not in text]
    elsewhere = {url for url in asked if urlsplit(url).hostname not in {"127.0.0.1", None}}
    assert (refused, elsewhere) == ([], set())


def test_a_script_that_was_put_into_a_page_does_not_run(page: sync_api.Page) -> None:
    """Nor one from elsewhere."""
    page.goto("/")
    put = "const put = document.createElement('script'); {}; document.head.append(put)"
    page.evaluate("() => {" + put.format("put.textContent = 'window.stolen = 1'") + "}")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.evaluate("() => {" + put.format("put.src = 'http://127.0.0.2:9/evil.js'") + "}")
    page.locator("head > script").nth(2).wait_for(state="attached")
    assert page.evaluate("window.stolen") is None
    assert any("evil.js" in text and "Content Security Policy" in text for text in said)
