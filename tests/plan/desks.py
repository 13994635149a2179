"""A home as the app holds it open, for tests of what its pages do with campaigns."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from pipelines.campaign_home import CampaignHome
from pipelines.lint.linter import Linter
from pipelines.settings import read_settings
from pipelines.warehouse import Warehouse
from tests.conftest import NOW
from tests.deliveries import PAGE
from tests.plan.worlds import SHOES, TEXT, World

FORM: dict[str, Any] = {
    "name": "Shoes are back", "page_id": PAGE, "purpose": "promotional", "topic": SHOES,
    "lanes": ["standard_window", "otn"], "text": TEXT,
}  # fmt: skip


@contextmanager
def desk(world: World, linter: Linter, now: datetime = NOW) -> Iterator[CampaignHome]:
    """Open the world's home at that moment."""
    settings = read_settings(world.home.folder)
    with (
        Warehouse.open(settings.warehouse_path) as warehouse,
        CampaignHome.beside(settings, world.ledger, warehouse, lambda: linter, now) as here,
    ):
        yield here
