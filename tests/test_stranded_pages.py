"""What the pages say of stranded tokens: how many, why, and what can replace the lane, as of the day shown."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from dashboard.home import close_warehouses
from dashboard.stranded import stranded_by_kind
from pipelines.policy import Policy
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, BEN, NOON, delivery, marketing, otn, write_lines
from tests.opened_page import number, opened, words

GIVEN = datetime(2025, 12, 1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Iterator[Path]:
    """Return a home with two stranded tokens, and two that live on."""
    folder = tmp_path_factory.mktemp("stranded")
    items = [
        *(marketing(ANNA, GIVEN, f"k{n}", days=400, notification_messages_timezone="Asia/Taipei") for n in (1, 2)),
        marketing(BEN, GIVEN, "k3", days=400),
        otn(ANNA, NOON, "t1"),
    ]
    Home(folder / "home", policy).load(write_lines(folder / "log.jsonl", *map(delivery, items)))
    yield folder / "home"
    close_warehouses()


@pytest.mark.parametrize("view", ["overview", "inventory"])
def test_a_page_counts_the_stranded_and_names_what_replaces_their_lane(
    home: Path, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    """With the day on which the lane closed, and links to who says so."""
    page = opened(monkeypatch, home, view, moment=NOW)

    assert "**2 tokens are stranded: the marketing lane closed on 10 Feb 2026, before they expired**" in words(page)
    assert "- **Paid marketing messages.** Ask them to opt in again" in words(page)
    assert "[S13](https://developers.facebook.com/" in words(page)
    assert view == "overview" or number(page, "Stranded") == 2


@pytest.mark.parametrize(("day", "is_said"), [("2026-02-09", False), ("2026-02-10", True)])
@pytest.mark.parametrize("view", ["overview", "inventory"])
def test_the_day_shown_decides(home: Path, monkeypatch: pytest.MonkeyPatch, view: str, day: str, is_said: bool) -> None:
    """The day before the retirement nobody was stranded; on the day itself all were."""
    page = opened(monkeypatch, home, view, moment=NOW, as_of=day)

    assert ("2 tokens stood stranded on 10 Feb 2026" in words(page)) is is_said
    assert ("can replace" in words(page)) is is_said


def test_filters_that_leave_no_stranded_token_leave_no_advice(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks at one-time tokens is not told of marketing."""
    assert "stranded:" not in words(opened(monkeypatch, home, "inventory", moment=NOW, kind="otn"))


def test_an_unknown_region_is_a_reason_of_its_own(policy: Policy) -> None:
    """The sentence says so beside the retirement itself."""
    stock = pd.DataFrame({"kind": ["marketing"], "state": ["stranded"], "count_tokens": [1]})

    (found,) = stranded_by_kind(stock, policy, NOW)

    assert found.title(NOW, today=True).startswith("1 token is stranded: the marketing lane closed on 10 Feb 2026")
    assert found.reasons().count("S13") == 2
    assert "does not tell in which region a person lives" in found.reasons()


def test_a_kind_that_nothing_replaces_is_said_to_have_nothing(policy: Policy) -> None:
    """A state that the rule book cannot explain is still counted."""
    stock = pd.DataFrame({"kind": ["pigeon"] * 2, "state": ["stranded", "available"], "count_tokens": [3, 4]})

    (found,) = stranded_by_kind(stock, policy, NOW)

    assert found.count == 3
    assert found.title(NOW, today=True).startswith("3 tokens are stranded: the pigeon lane closed, before")
    assert found.replacements() == "The rule book names nothing that can replace this lane."
    assert stranded_by_kind(stock[stock["state"] == "available"], policy, NOW) == []
