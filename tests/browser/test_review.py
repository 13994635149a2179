"""A reviewer's way in a real browser: the worst finding, its source, a decision that stays."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright import sync_api

from pipelines import DATA
from pipelines.lint.history import audit_history
from pipelines.lint.linter import Linter
from pipelines.policy import Policy
from pipelines.warehouse import Warehouse
from tests.browser.serving import blank_page, require_browser, served
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, BEN, NOON, delivery, echo, message, write_lines

pytestmark = pytest.mark.browser
require_browser()

SALE = "Flash sale! 50% off everything until Sunday. Shop now!"
METADATA = "clear-to-send/1 send=1 lane=tag:HUMAN_AGENT"


@pytest.mark.deep
def test_from_the_worst_finding_to_a_decision(new_home: Callable[[], Home], policy: Policy, tmp_path: Path) -> None:
    """The text with the span marked, where the rule is written, a reason and a name; after a reload it still stands."""
    home = new_home()
    items = [
        message(ANNA, NOON - timedelta(days=90), "first"),
        *(message(psid, NOON - timedelta(days=3), f"ask-{psid}") for psid in (ANNA, BEN)),
        *(echo(psid, NOON, f"sale-{psid}", SALE, metadata=METADATA) for psid in (ANNA, BEN)),
    ]
    home.load(write_lines(tmp_path / "log.jsonl", *map(delivery, items)))
    with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse:
        audit_history(warehouse, policy, Linter.load(DATA, policy), NOW)

    expect = sync_api.expect
    with served(home.folder, NOW) as address, blank_page(address) as page:
        page.goto("/compliance")
        expect(page.get_by_role("heading", name="Which messages broke Meta's rules?")).to_be_visible()
        expect(page.get_by_text("2 broke a rule")).to_be_visible()
        expect(page.get_by_text("Where it is written")).to_be_visible()
        expect(page.locator("strong", has_text="tag · human agent · disallows · promotion")).to_be_visible()

        page.get_by_label("Reason").fill("Stopped, and told the team.")
        page.get_by_label("Your name").fill("Mei")
        page.get_by_role("button", name="Mark as reviewed").click()
        expect(page.get_by_text("Stopped, and told the team. (Mei)")).to_be_visible()

        page.goto("about:blank")
        page.goto("/compliance")
        expect(page.get_by_text("Stopped, and told the team. (Mei)")).to_be_visible()
