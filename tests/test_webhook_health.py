"""Whether Meta still reaches us: judged from the receivers' files, the ledger and the warehouse; and on the page."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard.home import close_warehouses
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.ledger.subscriptions import Look, Subscription, record
from pipelines.policy import Policy
from pipelines.warehouse import Warehouse
from pipelines.webhook_health import Rhythm, WebhookHealth, read_receivers, rhythms, webhook_health
from tests.opened_page import opened, words
from tests.synthetic import MOMENT, OTHER_PAGE, PAGE, make_home

NEEDED = [
    "message_deliveries", "message_echoes", "message_reactions", "message_reads", "messages", "messaging_optins",
    "messaging_policy_enforcement", "messaging_postbacks", "messaging_referrals", "standby",
]  # fmt: skip


def before(**by: float) -> str:
    """Return a moment before the present, as receivers write it."""
    return f"{(MOMENT - timedelta(**by)).isoformat(timespec='milliseconds')}Z"


def receiver(home: Path, name: str = "app", **told: Any) -> None:
    """Write the file of a receiver that runs and is well, apart from what is told."""
    totals = dict.fromkeys(
        (
            "accepted",
            "bad_signature",
            "too_large",
            "not_stored",
            "malformed",
            "challenged",
            "bad_challenge",
            "rate_limited",
        ),
        0,
    )
    totals |= told.pop("totals", {"accepted": 1200})
    pages = {PAGE: {"accepted": 1200, "last_at": before(minutes=2)}}
    whole = {
        "name": name, "pid": 1, "started_at": before(hours=3), "written_at": before(seconds=4),
        "segment": "webhook-1.jsonl", "totals": totals, "pages": pages, "failing_since": None, "last_failure": None,
        **told,
    }  # fmt: skip
    (home / "receive").mkdir(exist_ok=True)
    (home / "receive" / f"{name}.json").write_text(json.dumps(whole), encoding="utf-8")


def said(is_subscribed: bool | None, fields: list[str], since: timedelta, answered: timedelta | None) -> Subscription:
    """Return what the ledger knows of the Page."""
    at = MOMENT - since
    answered_at = None if answered is None else MOMENT - answered
    return Subscription(PAGE, MOMENT, is_subscribed, tuple(fields), "As it was said.", at, answered_at)


def judged(home: Path, policy: Policy, *known: Subscription, habits: tuple[Rhythm, ...] = ()) -> WebhookHealth:
    """Judge the receivers of a home now."""
    return webhook_health(read_receivers(home), known, habits, policy, MOMENT)


def findings(health: WebhookHealth) -> list[tuple[str, str]]:
    """Return severity and sentence of all that was found."""
    of_pages = [each for page in health.pages for each in page.findings]
    return [(each.severity, each.says) for each in (*health.findings, *of_pages)]


def test_all_is_well(tmp_path: Path, policy: Policy) -> None:
    """Nothing to tell; the Page's numbers are there."""
    receiver(tmp_path)

    health = judged(tmp_path, policy, said(True, NEEDED, timedelta(days=2), timedelta()))

    (page,) = health.pages
    assert (health.severity, findings(health)) == ("well", [])
    assert (page.page_id, page.silent_minutes, page.accepted) == (PAGE, 2, 1200)
    assert page.last_delivery_at == MOMENT - timedelta(minutes=2)


@pytest.mark.parametrize(
    ("minutes", "severity", "says"),
    [
        (14, "warn", "Deliveries have failed for 14 minutes; after 15 minutes Meta sends an alert."),
        (15, "alarm", "No delivery could be stored for 15 minutes. Meta ends the subscription in 45 minutes."),
        (59, "alarm", "No delivery could be stored for 59 minutes. Meta ends the subscription in 1 minute."),
        (60, "alarm", "No delivery could be stored for 60 minutes: after 60 minutes Meta ends the subscription."),
    ],
)
def test_failures_are_held_against_metas_own_limits(
    tmp_path: Path, policy: Policy, minutes: int, severity: str, says: str
) -> None:
    """Both limits come from the rule book; after the second, somebody must subscribe again."""
    failure = {"at": before(minutes=1), "says": "The disk is full."}
    receiver(tmp_path, failing_since=before(minutes=minutes), last_failure=failure)

    health = judged(tmp_path, policy)

    assert findings(health) == [(severity, f"{says} The disk is full.")]
    assert ("Subscribe the Page again" in health.findings[0].to_do) == (minutes >= 60)


@pytest.mark.parametrize(("minutes", "severity"), [(1, "well"), (10, "warn"), (15, "alarm"), (90, "alarm")])
def test_a_receiver_that_writes_no_more_has_ended(tmp_path: Path, policy: Policy, minutes: int, severity: str) -> None:
    """Its deliveries fail as surely as on a full disk; but one that still runs is enough."""
    receiver(tmp_path, written_at=before(minutes=minutes))
    alone = judged(tmp_path, policy).severity
    receiver(tmp_path, name="second")

    assert (alone, judged(tmp_path, policy).severity) == (severity, "well")


@pytest.mark.parametrize(
    ("accepted", "wrong", "severity", "to_do"),
    [
        (0, 40, "alarm", "Copy the app secret"),
        (30, 40, "warn", "other_app_secrets"),
        (900, 2, "note", "A stranger who tries"),
    ],
)
def test_wrong_signatures_tell_of_a_wrong_secret(
    tmp_path: Path, policy: Policy, accepted: int, wrong: int, severity: str, to_do: str
) -> None:
    """Where all are wrong it is ours; where few are it may be a stranger."""
    receiver(tmp_path, totals={"accepted": accepted, "bad_signature": wrong}, pages={})

    (found,) = judged(tmp_path, policy).findings

    assert (found.severity, to_do in found.to_do) == (severity, True)


@pytest.mark.parametrize(
    ("known", "severity", "says"),
    [
        (said(False, [], timedelta(hours=3), timedelta()), "alarm", "Not subscribed for 3 hours"),
        (said(True, NEEDED[:-1], timedelta(days=3), timedelta()), "warn", "but not to standby"),
        (said(None, NEEDED, timedelta(minutes=20), timedelta(minutes=30)), "well", ""),
        (said(None, NEEDED, timedelta(hours=2), timedelta(hours=2)), "warn", "Nobody knows whether"),
        (said(None, [], timedelta(minutes=1), None), "warn", "As it was said."),
    ],
)
def test_what_meta_says_is_told(tmp_path: Path, policy: Policy, known: Subscription, severity: str, says: str) -> None:
    """A look without an answer is no alarm at once; that nobody has answered for an hour is."""
    health = judged(tmp_path, policy, known)

    assert health.severity == severity
    assert says in "".join(each for _, each in findings(health))


HOUR = datetime(2026, 11, 22, 9)


@pytest.mark.parametrize(
    ("usual", "last_minutes", "severity"),
    [
        ([(HOUR, 12.0)], 100, "alarm"),
        ([(HOUR, 1.5)], 100, "note"),
        ([(HOUR - timedelta(hours=1), 12.0), (HOUR, 12.0)], 100, "alarm"),
        ([(HOUR, 12.0)], 85, "well"),
        ([], 100, "well"),
    ],
    ids=["an hour", "a thin hour", "two hours", "heard within it", "never any"],
)
def test_silence_alarms_where_events_usually_come(
    tmp_path: Path, policy: Policy, usual: list[tuple[datetime, float]], last_minutes: int, severity: str
) -> None:
    """A whole hour, by the clock; a delivery of which the warehouse does not know yet counts too."""
    receiver(tmp_path, pages={PAGE: {"accepted": 5, "last_at": before(minutes=last_minutes)}})
    habit = Rhythm(PAGE, HOUR - timedelta(hours=2), tuple(usual))

    health = judged(tmp_path, policy, habits=(habit,))

    assert health.severity == severity
    assert not usual or severity == "well" or "when events usually come" in findings(health)[0][1]


def test_a_home_from_files_is_asked_for_no_rhythm(tmp_path: Path, policy: Policy) -> None:
    """It never received anything, so no silence is an alarm; nor is a file that is no receiver's."""
    (tmp_path / "receive").mkdir()
    for number, text in enumerate(["", "[]", "{}", '{"name": "x", "totals": 7}']):
        (tmp_path / "receive" / f"{number}.json").write_text(text, encoding="utf-8")

    health = judged(tmp_path, policy, habits=(Rhythm(PAGE, HOUR - timedelta(hours=2), ((HOUR, 90.0),)),))

    assert (health.receivers, health.severity, len(health.pages)) == ((), "well", 1)


def test_the_rhythm_is_that_of_the_weeks_before(tmp_path: Path) -> None:
    """Three weeks of four make an hour usual; other Pages' events count for nothing."""
    now = datetime(2026, 11, 22, 12, 40)
    weeks = {(PAGE, 9): 4, (PAGE, 10): 3, (PAGE, 11): 2, (OTHER_PAGE, 11): 4}
    rows = [
        (datetime(2026, 11, 22, hour) - timedelta(days=7 * week), page_id, 8)
        for (page_id, hour), count in weeks.items()
        for week in range(1, count + 1)
    ]
    rows += [(datetime(2026, 11, 22, 8), PAGE, 5), (datetime(2026, 11, 22, 11), OTHER_PAGE, 1)]
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        cursor = warehouse.cursor()
        cursor.executemany("INSERT INTO event_hourly VALUES (?, ?, 'message', ?, 0, 0, 0)", rows)

        mine, other = rhythms(cursor, now)

    assert (mine.page_id, mine.last_hour.hour) == (PAGE, 8)
    assert [(hour.hour, count) for hour, count in mine.usual] == [(9, 8.0), (10, 6.0)]
    assert (other.page_id, other.usual) == (OTHER_PAGE, ())


# --- on the page -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a home with the synthetic warehouse, and a ledger in which one of two Pages is not subscribed."""
    folder = make_home(tmp_path_factory.mktemp("home"))
    ledger = open_ledger(ledger_url(folder, ""))
    with ledger.begin() as connection:
        record(connection, Look(PAGE, True, tuple(NEEDED), "Subscribed."), MOMENT - timedelta(minutes=5))
        record(connection, Look(OTHER_PAGE, False, (), "Not subscribed."), MOMENT - timedelta(hours=3))
    ledger.dispose()
    yield folder
    close_warehouses()


def test_the_page_tells_first_what_cannot_wait(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An alarm on top with what to do; the section counts, and shows the worst Page first."""
    receiver(home, totals={"accepted": 1200, "too_large": 3})

    page = opened(monkeypatch, home, "health")

    shown = next(each.value for each in page.dataframe if "what_it_is" in each.value)
    assert not page.exception
    assert page.error[0].value.replace("\\", "").startswith(f"**Page {OTHER_PAGE}: Not subscribed for 3 hours")
    assert "**Not as it should: 1 Page wants a look.** Meta lists the application at 1 of 2 Pages." in words(page)
    assert "1,200 deliveries taken since the start 3 h ago; refused: 3 too large." in words(page)
    assert list(shown["page_id"]) == [OTHER_PAGE, PAGE]
    assert list(shown["state"]) == ["Broken", "Well"]


def test_what_holds_up_all_pages_holds_up_each(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The section answers no, and no Page is called well."""
    receiver(
        home, failing_since=before(minutes=35), last_failure={"at": before(minutes=1), "says": "The disk is full."}
    )

    page = opened(monkeypatch, home, "health")

    shown = next(each.value for each in page.dataframe if "what_it_is" in each.value)
    assert "**No.** No delivery could be stored for 35 minutes" in words(page)
    assert set(shown["state"]) == {"Broken"}
    assert shown["what_it_is"].str.contains("The disk is full").all()


def test_a_chosen_page_is_judged_alone_and_a_past_day_not_at_all(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the receivers count is the present."""
    receiver(home)

    chosen = opened(monkeypatch, home, "health", page=PAGE)
    past = opened(monkeypatch, home, "health", as_of="2026-11-01")

    assert not chosen.error
    assert "**Yes.** The last delivery came 2 min ago. Meta lists the application at the Page." in words(chosen)
    assert "Does Meta still reach us?" not in [each.value for each in past.subheader]
    assert not past.exception


def test_a_home_from_files_says_so_quietly(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No alarm, no table, no ledger made for it; and how webhooks would come."""
    folder = make_home(tmp_path_factory.mktemp("files"))

    page = opened(monkeypatch, folder, "health")

    assert not page.exception
    assert not [*page.error, *page.warning]
    assert "all data here was loaded from files" in words(page)
    assert "clear-to-send receive" in words(page)
    assert not (folder / "ledger.sqlite").exists()
