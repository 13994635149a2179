"""Each page as axe-core sees it, in light and in dark: contrast, names, roles."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright import sync_api

from dashboard.pages import PAGES
from tests.browser.serving import blank_page, require_browser, served
from tests.synthetic import MOMENT, make_home

pytestmark = pytest.mark.browser
require_browser()

WITHIN = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
NOT_OURS = {"exclude": [["[data-testid=stSidebarNav]"], ["[data-testid=stMetricChart]"]]}
"""What Streamlit alone writes, and breaks a rule: list items of its menu stand in no list, sparklines have no name."""


OFTEN = ("overview", "campaigns", "alerts", "connect")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sync_api.Page]:
    """Return a tab of the app on the synthetic home."""
    home: Path = make_home(tmp_path_factory.mktemp("home"))
    with served(home, MOMENT) as address, blank_page(address) as page:
        yield page


def broken(page: sync_api.Page) -> list[str]:
    """Return what axe holds against the page as it stands: rule, element and what it says."""
    found: list[dict[str, Any]] = Axe().run(page, context=NOT_OURS, options=WITHIN).response["violations"]
    return [
        f"{each['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
        for each in found
        for node in each["nodes"]
    ]


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("" if each == PAGES[0] else each.address, marks=() if each.file in OFTEN else pytest.mark.deep)
        for each in PAGES
    ],
)
def test_a_page_is_accessible(page: sync_api.Page, address: str) -> None:
    """No rule of WCAG 2.1 A or AA is broken by anything of ours."""
    page.goto(f"/{address}")
    page.locator("[data-testid=stMain] h1").wait_for()
    page.locator("[data-testid=stSkeleton]").first.wait_for(state="detached")
    found = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_timeout(700)
        found[scheme] = broken(page)
    assert found == {"light": [], "dark": []}
