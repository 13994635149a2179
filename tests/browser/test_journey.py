"""One journey in a real browser: see the numbers, filter, drill down, export, share the address."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from playwright import sync_api

from tests.browser.serving import blank_page, require_browser, served
from tests.synthetic import MOMENT, make_home

pytestmark = pytest.mark.browser
require_browser()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with the synthetic warehouse."""
    return make_home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def counted(home: Path) -> dict[str, int]:
    """Count, before the app holds the file, what the journey will see."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as warehouse:
        states = warehouse.execute("SELECT state, count(*) FROM tokens GROUP BY state").fetchall()
        topic = warehouse.execute(
            "SELECT count(*) FROM tokens WHERE topic = 'launch:winter' AND state = 'available'"
        ).fetchall()
    return {**dict(states), "launch:winter": topic[0][0]}


@pytest.fixture(scope="module")
def address(home: Path, counted: dict[str, int]) -> Iterator[str]:
    """Serve the app."""
    with served(home, MOMENT) as address:
        yield address


@pytest.fixture
def page(address: str) -> Iterator[sync_api.Page]:
    """Return a blank page of the app."""
    with blank_page(address) as page:
        yield page


def metric(page: sync_api.Page, label: str) -> sync_api.Locator:
    """Return the value of a figure on top."""
    shown = page.get_by_test_id("stMetric").filter(has_text=re.compile(rf"^{re.escape(label)}"))
    return shown.get_by_test_id("stMetricValue")


def test_from_the_numbers_to_a_file(page: sync_api.Page, counted: dict[str, int], tmp_path: Path) -> None:
    """Overview, inventory, one topic by a click on its bar, its rows as CSV, and the same view from its address."""
    expect = sync_api.expect
    page.goto("/")
    expect(page.get_by_role("heading", name="How many people may we still message?")).to_be_visible()
    expect(page.get_by_text("Sample data")).to_be_visible()
    expect(metric(page, "Permissions held")).to_have_text(f"{counted['available']:,}")

    page.get_by_role("link", name="Token inventory").click()
    expect(metric(page, "Spent")).to_have_text(f"{counted['spent']:,}")

    expect(page.locator(".st-key-topics .ytick text")).to_have_count(3)
    place = page.locator(".st-key-topics .ytick text").all_text_contents().index("launch:winter")
    page.locator(".st-key-topics .bars").first.locator(".point").nth(place).click(force=True)
    expect(page).to_have_url(re.compile(r"topic=launch(%3A|:)winter"))
    expect(page.get_by_text(f"All {counted['launch:winter']} tokens")).to_be_visible()

    export = page.get_by_role("button", name="CSV", exact=True)
    expect(export).to_have_count(1)  # what the last run drew stands until this one is drawn
    with page.expect_download() as download:
        export.click()
    file = tmp_path / "tokens.csv"
    download.value.save_as(file)
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == counted["launch:winter"]
    assert {(row["topic"], row["state"]) for row in rows} == {("launch:winter", "available")}
    assert all(row["person"].isdigit() and row["token"].startswith("…") for row in rows)  # an admin sees ids

    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    expect(metric(page, "Available")).to_have_text(f"{counted['launch:winter']:,}")


@pytest.mark.deep
def test_a_bar_of_the_waterfall_opens_its_people(page: sync_api.Page) -> None:
    """A click on "Token held" lists those people, and the address says so."""
    page.goto("/")
    sync_api.expect(page.locator(".st-key-reach .bars .point")).to_have_count(5)
    page.locator(".st-key-reach .bars .point").nth(2).click(force=True)
    sync_api.expect(page.get_by_text("whose token ends first")).to_be_visible()
    sync_api.expect(page).to_have_url(re.compile(r"lane=Token"))


@pytest.mark.deep
def test_a_forecast_comes_by_itself_and_answers_what_if(page: sync_api.Page, counted: dict[str, int]) -> None:
    """None is stored yet: it is made behind the page, which then shows it; a slider moves the answer."""
    page.goto("/forecast")
    expect = sync_api.expect
    expect(page.get_by_role("heading", name="When do our permissions run out")).to_be_visible()
    expect(metric(page, "Tokens held")).to_have_text(f"{counted['available']:,}")

    page.get_by_text("What if", exact=True).click()
    sent = metric(page, "Sent, 91 days")
    expect(sent).to_be_visible()
    before = sent.inner_text()
    slider = page.get_by_role("slider").first
    slider.focus()
    for _ in range(8):
        slider.press("ArrowRight")
    expect(sent).not_to_have_text(before)
