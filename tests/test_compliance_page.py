"""The pages for reviewers: findings worst first, decisions that last, drafts, and the rule book."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dashboard import reviewing
from dashboard.home import close_warehouses
from dashboard.linting import linter
from pipelines.lint.history import HistoryAudit, audit_history
from pipelines.policy import Policy
from pipelines.warehouse import Warehouse
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, BEN, NOON, delivery, echo, message, write_lines
from tests.opened_page import number, opened, words

SALE = "Flash sale! 50% off everything until Sunday. Shop now!"
OLD = NOON - timedelta(days=200)
BEFORE = OLD - timedelta(days=90)


def under(lane: str) -> str:
    """Return the metadata of a send that names its lane."""
    return f"clear-to-send/1 send=1 lane={lane}"


def judge(home: Home, policy: Policy) -> HistoryAudit:
    """Bring the findings of a home up to date."""
    with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse:
        return audit_history(warehouse, policy, linter(), NOW)


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    """Let go of every warehouse afterwards."""
    yield
    close_warehouses()


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Home:
    """Return a home in which one sale went to two people under a tag, one plain answer out of time, one in time."""
    items = [
        message(ANNA, BEFORE, "first"),
        message(ANNA, NOON - timedelta(hours=3), "ask", "Are you open?"),
        echo(ANNA, NOON - timedelta(hours=2), "answer", "Until six."),
        echo(ANNA, NOON, "sale-a", SALE, metadata=under("tag:HUMAN_AGENT")),
        echo(BEN, NOON, "sale-b", SALE, metadata=under("tag:HUMAN_AGENT")),
        echo(BEN, NOON + timedelta(hours=1), "late", "Your chair is repaired."),
    ]
    home = Home(tmp_path_factory.mktemp("audited") / "home", policy)
    home.load(write_lines(home.folder.parent / "log.jsonl", *map(delivery, items)))
    judge(home, policy)
    return home


def test_the_page_counts_messages_not_findings(audited: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sales and one message out of time break a rule, whatever number of rules each breaks."""
    page = opened(monkeypatch, audited.folder, "compliance", moment=NOW)

    assert not page.exception
    assert (number(page, "Messages checked"), number(page, "Break a rule"), number(page, "Not reviewed")) == (4, 3, 3)
    assert "**3 broke a rule** (75 %)" in words(page)


def test_the_worst_finding_is_shown_in_full(audited: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its text with the span marked, the rule, where it is written, and what to do."""
    page = opened(monkeypatch, audited.folder, "compliance", moment=NOW, rule="tag.human_agent.disallows.promotion")
    shown = words(page)

    assert ":orange-background[" in shown
    assert "`tag.human_agent.disallows.promotion`" in shown
    assert "developers" in shown
    assert "What to do" in shown


def test_a_decision_is_kept_and_a_later_message_opens_it_again(
    audited: Home, policy: Policy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A reason and a name are asked for; what went out afterwards was not decided on."""
    home = Home(Path(shutil.copytree(audited.folder, tmp_path / "home")), policy)
    page = opened(monkeypatch, home.folder, "compliance", moment=NOW, rule="window.outside", close=False)
    page.text_input(key="review_reason").set_value(" ")
    page.button[-1].click().run()
    assert "Say why" in words(page)

    page.text_input(key="review_reason").set_value("The customer had phoned.")
    page.text_input(key="review_name").set_value("Mei")
    page.button[-1].click().run()
    assert "The customer had phoned" in words(page)
    assert number(page, "Not reviewed") == 2
    assert [(each.rule, each.reviewed_by) for each in reviewing.reviews(home.folder)] == [("window.outside", "Mei")]
    close_warehouses()

    again = echo(BEN, NOON + timedelta(days=1), "late2", "Your chair is repaired.")
    home.load(write_lines(tmp_path / "more.jsonl", delivery(again)))
    judge(home, policy)
    later = opened(monkeypatch, home.folder, "compliance", moment=NOW, rule="window.outside")
    assert "new since review" in words(later)


def test_a_home_that_was_never_audited_says_what_to_run(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No empty charts."""
    home.load(write_lines(tmp_path / "log.jsonl", delivery(message(ANNA, NOON, "a"))))
    page = opened(monkeypatch, home.folder, "compliance", moment=NOW)

    assert not page.exception
    assert "have not been checked yet" in words(page)
    assert "lint --history" in page.code[0].value


def test_a_page_without_findings_says_so(
    home: Home, policy: Policy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing to mend, and the next thing to do."""
    items = message(ANNA, NOON, "a"), echo(ANNA, NOON + timedelta(minutes=1), "b", "Until six.")
    home.load(write_lines(tmp_path / "log.jsonl", *map(delivery, items)))
    judge(home, policy)
    page = opened(monkeypatch, home.folder, "compliance", moment=NOW)

    assert not page.exception
    assert "**none broke a rule**" in words(page)
    assert "Nothing to mend" in page.success[0].value


@pytest.mark.parametrize("count", [1_500, pytest.param(15_000, marks=pytest.mark.deep)])
def test_thousands_of_findings_are_grouped(
    home: Home, policy: Policy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, count: int
) -> None:
    """One text to many people is one group, and the page reads no more than it shows."""
    people = [f"25{number:014d}" for number in range(count)]
    sent = [
        delivery(
            echo(psid, NOON + timedelta(seconds=nth % 3600), f"m{nth}", SALE, metadata=under("tag:ACCOUNT_UPDATE"))
        )
        for nth, psid in enumerate(people)
    ]
    home.load(write_lines(tmp_path / "log.jsonl", *sent))
    told = judge(home, policy)
    page = opened(monkeypatch, home.folder, "compliance", moment=NOW)

    assert told.findings >= 2 * count
    assert not page.exception
    assert number(page, "Break a rule") == count
    assert len(page.dataframe[0].value) < 10


def test_a_draft_is_judged_by_the_day_shown(audited: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same words and rules as in the history."""
    page = opened(monkeypatch, audited.folder, "draft", moment=NOW, close=False)
    assert "verdict appears here" in page.info[0].value
    page.text_area(key="draft").set_value(SALE)
    page.selectbox(key="draft_lane").set_value("tag:ACCOUNT_UPDATE").run()

    assert not page.exception
    assert "Blocked by" in page.error[0].value
    assert "tag.account_update" in words(page)


def test_the_rule_book_shows_a_change_and_what_it_would_do(audited: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two days a tag ended; messages under it would fare worse."""
    days = {"rules_from": "2020-03-03", "rules_to": "2026-11-22", "effect": "true"}
    page = opened(monkeypatch, audited.folder, "rules", moment=NOW, **days)
    shown = words(page)

    assert not page.exception
    assert "rules in force on 22 November 2026" in shown
    assert any("tag.account_update" in frame.value.to_string() for frame in page.dataframe)
    assert "messages of the quarter" in shown


def test_rules_that_nobody_verified_are_named(audited: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ninety days after the last look at the sources the page asks for another."""
    page = opened(monkeypatch, audited.folder, "rules", moment=NOW + timedelta(days=100))

    assert not page.exception
    assert "not verified for 90 days" in words(page)
