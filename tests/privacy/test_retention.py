"""Each kind of event is kept for so long: older ones leave logs and warehouse, and no load brings them back."""

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.forget_command import forget_expired
from pipelines.ledger import chain
from pipelines.policy import Policy
from pipelines.privacy.retention import check_retention, cutoffs, erased_of
from pipelines.settings import Settings, read_settings
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, NOON, delivery, message, write_lines
from tests.privacy.homes import LATER, forget, ledger_of, tables
from tests.privacy.loading import load
from tests.privacy.logs import story

DAYS = {"message": 3, "read": 1}
BEFORE = datetime(2026, 11, 19)


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Path:
    """Return the folder of a home with logs of six days that keeps messages for three, loaded before that was set."""
    home = Home(tmp_path_factory.mktemp("keeping") / "home", policy)
    story(home.folder / "logs", 150)
    (home.folder / "logs" / "d.jsonl").unlink()  # copies: when the first of those that stay was, the warehouse forgets
    load(home, home.folder / "logs")
    lines = "".join(f"{kind} = {days}\n" for kind, days in DAYS.items())
    (home.folder / "settings.toml").write_text(f"[retention_days]\n{lines}")
    return home.folder


@pytest.fixture
def kept(keeping: Path, tmp_path: Path, policy: Policy) -> Home:
    """Return a copy of that home."""
    shutil.copytree(keeping, tmp_path / "kept")
    return Home(tmp_path / "kept", policy)


def test_what_is_too_old_is_erased_and_stays_so(kept: Home) -> None:
    """The warehouse is what a load of the erased logs makes, and of the logs as they were, too."""
    total = kept.value("SELECT count(*) FROM events WHERE kind = 'message_echo'")

    counts = forget_expired(read_settings(kept.folder), lambda: NOW)

    assert counts["events"].keys() == {"message", "read"}
    assert kept.value("SELECT min(occurred_at) FROM events WHERE kind = 'message'") >= BEFORE
    assert kept.value("SELECT count(*) FROM events WHERE kind = 'message_echo'") == total
    erased = tables(kept)
    (kept.folder / "warehouse.duckdb").unlink()
    load(kept, kept.folder / "logs", erased=erased_of(read_settings(kept.folder), NOW))
    assert tables(kept) == erased
    assert forget_expired(read_settings(kept.folder), lambda: NOW)["log_lines"] == 0


def test_the_trail_says_how_much_went(kept: Home) -> None:
    """Once, for a day on which something did."""
    for _ in range(2):
        forget_expired(read_settings(kept.folder), lambda: NOW)

    ledger = ledger_of(kept)
    with ledger.connect() as connection:
        told = [json.loads(entry.detail) for entry in chain.entries(connection) if entry.action == "retention_applied"]
    ledger.dispose()
    assert len(told) == 1
    assert told[0]["before"]["message"] == BEFORE.isoformat()


def test_what_comes_late_of_somebody_forgotten_leaves_the_logs_too(new_home: Callable[[], Home]) -> None:
    """The loader does not take it, and a day later it is not in the logs either."""
    home = new_home()
    write_lines(home.folder / "logs" / "a.jsonl", delivery(message(ANNA, NOON, "m")))
    load(home, home.folder / "logs")
    forget(home)
    late = write_lines(home.folder / "logs" / "b.jsonl", delivery(message(ANNA, NOON, "late")))
    load(home, late, erased=erased_of(read_settings(home.folder), LATER))

    forget_expired(read_settings(home.folder), lambda: LATER)

    assert late.read_bytes().strip() == b""
    assert home.rows("SELECT * FROM rejects") == []


def test_a_file_that_rests_is_looked_at_again_once_something_in_it_is_due(kept: Home) -> None:
    """Days on which nothing is due cost next to nothing; the day on which something is finds it."""
    settings = read_settings(kept.folder)
    for _ in range(2):  # the first changes files, the second remembers them
        forget_expired(settings, lambda: NOW)

    assert forget_expired(settings, lambda: NOW + timedelta(hours=2))["log_items"] == 0
    assert forget_expired(settings, lambda: NOW + timedelta(days=1))["log_items"] > 0
    assert kept.value("SELECT min(occurred_at) FROM events WHERE kind = 'message'") >= BEFORE + timedelta(days=1)


@pytest.mark.parametrize(
    ("days", "says"),
    [
        ({"messages": 30}, "is no kind of event. Those are message,"),
        ({"message": 0}, "is no span"),
        ({"optin": 30}, "too short. These events say which tokens are held"),
        ({"message_echo": 30}, "say which tokens were spent"),
    ],
)
def test_a_setting_that_cannot_be_is_named(policy: Policy, days: dict[str, int], says: str) -> None:
    """What tokens rest on is not lost while they live."""
    with pytest.raises(UsageError, match=says):
        check_retention(days, policy)


def test_settings_that_can_be_pass(policy: Policy) -> None:
    """Also fields of a Page."""
    check_retention({"message": 1, "optin": 400, "change:feed": 30, "delivery": 7}, policy)


def test_a_day_is_cut_at_its_beginning() -> None:
    """All runs of a day come to the same."""
    assert cutoffs({"message": 3}, NOW) == cutoffs({"message": 3}, NOW + timedelta(hours=11)) == (("message", BEFORE),)


def test_a_home_without_a_ledger_gets_none_by_a_load(tmp_path: Path) -> None:
    """Nobody was forgotten in it."""
    assert not erased_of(Settings(home=tmp_path), NOW)
    assert list(tmp_path.iterdir()) == []
