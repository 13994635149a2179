"""The pages on a home that has just begun: one token, days old."""

from datetime import timedelta
from pathlib import Path

import pytest

from dashboard.home import close_warehouses
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, delivery, message, otn, write_lines
from tests.opened_page import change, number, opened


def test_a_log_of_three_days_shows_on_every_page(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no week before to compare with, the pages show what there is."""
    begun = NOW - timedelta(days=3)
    home.load(
        write_lines(tmp_path / "log.jsonl", delivery(otn(ANNA, begun, "t1")), delivery(message(ANNA, begun, "m")))
    )
    close_warehouses()

    for view in ("overview", "inventory", "health"):
        page = opened(monkeypatch, home.folder, view, moment=NOW)
        assert not page.exception
        if view == "inventory":
            assert (number(page, "Available"), change(page, "Available")) == (1, 1)
