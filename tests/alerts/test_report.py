"""The scheduled report goes out once a period, at the hour of its zone, and says what the Overview says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from dashboard.alerts.report import overview_at, unmarked
from dashboard.home import close_warehouses
from pipelines.alerts.mail import MailChannel
from pipelines.alerts.report import Figure, Overview, send_report, written
from pipelines.alerts.timing import last_period
from pipelines.ledger.alert_tellings import Telling, begin_report, reports
from pipelines.settings import Settings
from pipelines.settings_alerts import Mail, Report
from tests.alerts.raised import BASE
from tests.alerts.servers import Mailbox
from tests.alerts.test_message import NASTY, alert, read
from tests.synthetic import MOMENT, make_home

DAILY = Report(to=["mei@shop.example"], every="daily", at=time(8), zone="Asia/Taipei")
DUE = datetime(2026, 11, 22)  # 08:00 in Taipei
HOUR = timedelta(hours=1)
SHOWN = Overview(
    DUE, "How many people may we still message?", "You may message 41 people today.",
    (Figure("People reachable", "41", "+3 in a week"),), (("boots", 12),), "Tokens that expire within 30 days",
)  # fmt: skip


def send(
    ledger: Engine, box: Mailbox, now: datetime, overview: Callable[[datetime], Overview | None] = lambda _: SHOWN
) -> list[Telling]:
    """Send what is due, and return all tellings, the newest first."""
    mail = Mail(host="127.0.0.1", port=box.port, security="none", sender="cts@shop.example")
    send_report(ledger, DAILY, MailChannel(mail, DAILY.to), overview, BASE, lambda: now)
    with ledger.connect() as connection:
        return reports(connection, 50)


def test_it_goes_out_once_a_period(ledger: Engine, box: Mailbox) -> None:
    """Not before its time on the next day, and then again."""
    for hours in (0.1, 1, 11, 23.9, 24.2, 30):
        send(ledger, box, DUE + hours * HOUR)

    assert len(box.taken) == 2
    assert {letter["Subject"] for _, letter in box.taken} == {"Clear to Send: overview of 22 Nov 2026"}


def test_after_a_crash_it_is_not_sent_twice(ledger: Engine, box: Mailbox) -> None:
    """It may have gone out."""
    begin_report(ledger, "daily 2026-11-22", 1, DUE)
    found = send(ledger, box, DUE + HOUR)

    assert (box.taken, [each.outcome for each in found]) == ([], [None])


def test_a_late_start_still_sends_and_a_later_one_is_noted(ledger: Engine, box: Mailbox) -> None:
    """Within twelve hours; a home that had no report yet has missed none."""
    assert send(ledger, box, DUE + 13 * HOUR) == []
    send(ledger, box, DUE + 35 * HOUR)
    assert len(box.taken) == 1
    found = send(ledger, box, DUE + 61 * HOUR)
    found = send(ledger, box, DUE + 62 * HOUR)

    assert len(box.taken) == 1
    assert [(each.period, each.outcome) for each in found] == [
        ("daily 2026-11-24", "skipped"),
        ("daily 2026-11-23", "delivered"),
    ]


def test_a_failure_is_tried_again_until_it_is_too_late(ledger: Engine, box: Mailbox) -> None:
    """With the waits of alerts."""
    box.answers = {"DATA": "451 later"}
    send(ledger, box, DUE)
    send(ledger, box, DUE + timedelta(seconds=30))
    assert len(box.taken) == 1
    box.answers = {}
    send(ledger, box, DUE + timedelta(minutes=2))
    found = send(ledger, box, DUE + 3 * HOUR)

    assert [(each.attempt, each.outcome) for each in found] == [(2, "delivered"), (1, "failed")]


def test_nothing_loaded_is_nothing_to_report(ledger: Engine, box: Mailbox) -> None:
    """It is asked again, and nothing is written down."""
    assert send(ledger, box, DUE, lambda _: None) == []
    assert len(send(ledger, box, DUE + HOUR)) == 1


moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31))
zones = st.sampled_from(["UTC", "Asia/Taipei", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])


@settings(max_examples=60)
@given(moments, zones, st.times(), st.sampled_from(["daily", "weekly"]), st.sampled_from(["monday", "thursday"]))
def test_the_last_period_is_the_last_that_was_due(now: datetime, zone: str, at: time, every: Any, weekday: Any) -> None:
    """At the wall's hour of its zone, also when clocks change; the same for every moment until the next."""
    report = Report(every=every, at=at, zone=zone, weekday=weekday)
    period = last_period(report, now)

    span = timedelta(days=1 if every == "daily" else 7)
    local = period.due_at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    assert timedelta(0) <= now - period.due_at < span + HOUR
    assert every == "daily" or local.strftime("%A").lower() == weekday
    assert last_period(report, period.due_at) == period
    assert last_period(report, period.due_at - timedelta(seconds=1)).name != period.name


def test_what_it_says_is_escaped_and_fetches_nothing() -> None:
    """A topic may be called anything."""
    nasty = replace(SHOWN, topics=((NASTY, 3),), answer=NASTY)
    message = written(nasty, [alert(says=NASTY)], BASE)

    mail = read(message.html)
    assert not mail.tags & {"script", "img", "link"}
    assert mail.addresses == [f"{BASE}/rules", f"{BASE}/"]
    assert "People reachable" in mail.words
    assert "+3 in a week" in message.text
    assert message.subject.isprintable()


def test_it_says_what_the_overview_says(tmp_path: Path) -> None:
    """The same numbers and sentences, without Markdown; a home without data says nothing."""
    make_home(tmp_path / "home")
    try:
        shown = overview_at(Settings(home=tmp_path / "home"), MOMENT)
    finally:
        close_warehouses()

    assert shown
    figures = {each.label: each.value for each in shown.figures}
    assert shown.answer.startswith(f"You may message {figures['People reachable']} people today: ")
    assert not set("*\\") & set(shown.answer.replace("survey *csat*", ""))
    assert list(figures)[:2] == ["Permissions held", "People reachable"]
    assert sum(count for _, count in shown.topics) > 0
    assert overview_at(Settings(home=tmp_path / "none"), MOMENT) is None


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("**41 people** for *boots*.", "41 people for boots."),
        (r"*survey \*csat\**", "survey *csat*"),
        (r"C:\\temp", "C:\\temp"),
    ],
)
def test_marks_go_and_words_stay(markdown: str, words: str) -> None:
    """What was escaped is as it was."""
    assert unmarked(markdown) == words
