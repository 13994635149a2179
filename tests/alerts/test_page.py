"""The page Alerts: what is open with what to do, how each was told, and the line in the sidebar."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from dashboard.alerts import board as alerting
from dashboard.home import close_warehouses
from dashboard.ledger import ledger_at
from dashboard.pages import PAGES
from pipelines.alerts.kinds import TITLES
from pipelines.errors import Refused
from pipelines.ledger import alert_tellings
from pipelines.ledger.alert_tellings import Outcome, Telling
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.rights import Person
from pipelines.settings import read_settings
from tests.alerts.raised import condition, look, standing
from tests.alerts.servers import SECRET_PATH, Webhook
from tests.opened_page import opened, words
from tests.synthetic import MOMENT, make_home

MINUTE = timedelta(minutes=1)
ADMIN = Person("Mei", "admin")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with the synthetic warehouse and a ledger, for all tests of this file."""
    folder = make_home(tmp_path_factory.mktemp("home"))
    open_ledger(ledger_url(folder, "")).dispose()
    return folder


@pytest.fixture
def home(made: Path) -> Iterator[Path]:
    """Return that home without an open alert, and without channels."""
    look(ledger_at(made), MOMENT - timedelta(days=9))
    yield made
    (made / "settings.toml").unlink(missing_ok=True)
    close_warehouses()


@pytest.fixture
def book(home: Path) -> Engine:
    """Return its ledger."""
    return ledger_at(home)


def sidebar_of(page: AppTest) -> list[str]:
    """Return the links in the sidebar."""
    return [each.proto.label for each in page.sidebar.get("page_link")]


def test_what_is_open_stands_there_with_what_to_do(home: Path, book: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most urgent first; a topic's name is no Markdown; and each page's sidebar counts them."""
    found = condition(says="60 tokens of *boots* die unused.")
    look(book, MOMENT - 90 * MINUTE, found, condition("blocked", topic="", says="Meta stopped the Page."))
    page = opened(monkeypatch, home, "alerts")
    other = opened(monkeypatch, home)

    text = words(page)
    assert not page.exception
    assert "**Yes: 2 alerts are open**, among them 2 that nobody has seen." in text
    assert text.index("Meta blocks the Page") < text.index("Tokens are about to die")
    assert r"60 tokens of \*boots\* die unused." in text
    assert "Write to them." in text
    assert sidebar_of(page) == sidebar_of(other) == ["2 alerts"]


def test_nothing_open_is_said_and_leaves_the_sidebar_empty(
    home: Path, book: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was looked at when is told, and what could not be looked at."""
    alerting.alerts.reconcile(book, [], (), MOMENT - 2 * MINUTE, "Not looked at: refused: the ledger is away.")
    page = opened(monkeypatch, home, "alerts")

    assert "**No.** All was looked at" in words(page)  # how long ago grows while the tests run
    assert alerting.answer(alerting.board(home, ADMIN), MOMENT) == "**No.** All was looked at 2 min ago."
    assert "the ledger is away" in page.warning[0].value
    assert sidebar_of(page) == []


def test_an_alert_is_marked_as_seen_and_stays(home: Path, book: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whoever may pause a campaign; a viewer is not offered it, and refused."""
    look(book, MOMENT - MINUTE, condition(topic="seen"))
    as_viewer = opened(monkeypatch, home, "alerts", role="viewer")
    page = opened(monkeypatch, home, "alerts", close=False)
    next(each for each in page.button if each.label == "Mark as seen").click().run()

    (alert,) = standing(book)
    assert "Mark as seen" not in [each.label for each in as_viewer.button]
    assert alert.seen_by
    assert "Seen by" in words(page)
    with pytest.raises(Refused, match="may not mark"):
        alerting.mark(home, alert.alert_id, Person("Mei", "viewer"), MOMENT)


def test_the_channels_are_shown_by_host_and_tried(home: Path, monkeypatch: pytest.MonkeyPatch, slack: Webhook) -> None:
    """The address of a webhook is nowhere on the page."""
    (home / "settings.toml").write_text(f'[alerts]\nslack_webhook = "{slack.url}"\n', encoding="utf-8")
    page = opened(monkeypatch, home, "alerts", close=False)
    next(each for each in page.button if each.label == "Send a test message").click().run()

    assert "**Slack**: 127.0.0.1" in words(page)
    assert "Slack: 127.0.0.1 took it" in words(page)
    assert SECRET_PATH not in str(page.main)
    assert [message["text"] for message in slack.taken] == ["Clear to Send: test message"]
    with pytest.raises(Refused, match="send a test message"):
        alerting.try_channels(home, Person("Mei", "reviewer"), MOMENT, "")


def test_a_channel_that_is_set_by_half_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is open stands there all the same."""
    (home / "settings.toml").write_text('[alerts]\nmail_to = ["a@b.example"]\n', encoding="utf-8")
    page = opened(monkeypatch, home, "alerts")

    assert r"\[mail\] host is missing" in words(page)
    assert "**No.**" in words(page)


@pytest.mark.parametrize(
    ("outcome", "attempt", "minutes", "says"),
    [
        ("delivered", 1, 3, "told 3 min ago"),
        ("failed", 2, 3, "2 tries failed, it is tried again. It was away."),
        ("failed", 6, 3, "6 tries failed, nobody tries again. It was away."),
        ("refused", 1, 3, "refused 3 min ago. It was away."),
        ("unknown", 1, 3, "may or may not have gone out 3 min ago; it is not repeated. It was away."),
        ("skipped", 1, 3, "left out. It was away."),
        (None, 1, 1, "on its way"),
        (None, 1, 60, "may or may not have gone out 1 h ago; it is not repeated. It was away."),
    ],
)
def test_how_it_went_is_said(outcome: Outcome | None, attempt: int, minutes: int, says: str) -> None:
    """What was begun and never ended is told as what it is."""
    at = MOMENT - minutes * MINUTE
    telling = Telling(1, "slack", None, attempt, at, None if outcome is None else at, outcome, "It was away.")

    assert alerting.how_it_went(telling, MOMENT) == says


def test_what_is_over_says_how_it_was_told(home: Path, book: Engine) -> None:
    """With its end, and who had seen it."""
    look(book, MOMENT - 50 * MINUTE, condition(topic="over"))
    (alert,) = standing(book)
    number = alert_tellings.begin(book, "mail", [(alert, 1)], MOMENT - 50 * MINUTE)
    assert number
    alert_tellings.end(book, number, "delivered", "It took it.", MOMENT - 49 * MINUTE)
    alerting.mark(home, alert.alert_id, ADMIN, MOMENT - 40 * MINUTE)
    look(book, MOMENT - 30 * MINUTE)

    frame = alerting.over_frame(alerting.board(home, ADMIN), MOMENT)
    row = frame[frame["seen_by"] == "Mei"].iloc[0]
    assert (row["kind"], row["seen_by"], row["told"]) == ("Tokens are about to die", "Mei", "Mail: told 49 min ago")
    assert row["until"] == MOMENT - 30 * MINUTE


def test_a_home_without_a_ledger_has_no_alerts(tmp_path: Path) -> None:
    """A page makes none."""
    shown = alerting.board(tmp_path, ADMIN)

    assert alerting.answer(shown, MOMENT) == "Nobody has looked yet: the app looks every minute while it runs."
    assert list(tmp_path.iterdir()) == []


def test_every_kind_has_a_title_and_a_threshold_and_leads_to_a_page(home: Path, book: Engine) -> None:
    """Pages and messages call it the same."""
    paths = ("/", "/inventory?page=1084&topic=a+b", "/data-health", "/rules", "/forecast?series=x")
    look(book, MOMENT, *(condition("webhook", topic=path, path=path) for path in paths))

    found = [alerting.where_of(each) for each in standing(book)]
    assert alerting.TITLES == TITLES
    assert alerting.watched(read_settings(home)).count("- **") == len(TITLES)
    assert all(each is not None and each[0].exists() for each in found)
    assert {each.address for each in PAGES} >= {"alerts", "inventory", "data-health", "rules", "forecast"}
