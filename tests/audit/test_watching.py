"""A campaign while it is sent: what the ledger tells, how long it still takes, and what is said of that."""

from dataclasses import replace
from datetime import datetime, time
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from pipelines import DATA
from pipelines.audit.watching import (
    Quiet,
    action_of,
    detail,
    quiet_until,
    standing,
    unconfirmed,
)
from pipelines.dispatch.outcomes import load_errors
from pipelines.errors import Refused, UsageError
from pipelines.ledger import brakes, campaigns
from pipelines.ledger.queue import Result
from pipelines.ledger.schema import campaigns as campaigns_table
from pipelines.plan.campaign import QuietHours
from pipelines.plan.quiet import is_quiet
from pipelines.pseudonyms import pseudonym, pseudonym_key
from pipelines.rights import Person
from tests.audit.staging import CONTENT, DORA, LAUNCH, answered, launched, row, run
from tests.audit.standings import HOUR, MINUTE, SECOND
from tests.deliveries import PAGE

ERRORS = load_errors(DATA / "errors.toml")
VERA = Person("vera", "viewer")
NIGHT = QuietHours(time(21), time(9), "UTC")


def people(count: int) -> list[str]:
    """Return ids."""
    return [f"25{number:015}" for number in range(count)]


# --- from the ledger -------------------------------------------------------------------------------------------------


def test_where_a_campaign_stands(ledger: Engine) -> None:
    """By lane and state, with what holds its Page; on each database."""
    run(ledger, "shoes")
    with ledger.begin() as connection:
        brakes.put_on(connection, PAGE, LAUNCH + HOUR, "The Page has sent enough.", LAUNCH)

    at = standing(ledger, "shoes", VERA, LAUNCH + MINUTE)

    assert at.counts == {
        ("otn", "accepted"): 1, ("otn", "unconfirmed"): 1,
        ("standard_window", "accepted"): 1, ("standard_window", "refused"): 1,
    }  # fmt: skip
    assert (at.planned, at.count("accepted"), at.is_over) == (4, 2, False)
    assert at.brake == (LAUNCH + HOUR, "The Page has sent enough.")
    assert standing(ledger, "shoes", VERA, LAUNCH + HOUR).brake is None, "the brake has gone off by then"
    with pytest.raises(UsageError, match="shoos"):
        standing(ledger, "shoos", VERA, LAUNCH)
    with pytest.raises(Refused, match="may not watch"):
        standing(ledger, "shoes", Person("x", None), LAUNCH)


def test_what_each_send_tells(ledger: Engine) -> None:
    """Who stands where and why, what was answered within the last minute, what is tried again and when."""
    numbers = launched(ledger, "shoes", [row(psid) for psid in people(6)])
    one, two, three, four, five, _ = numbers.values()
    later = LAUNCH + 2 * MINUTE
    answered(
        ledger,
        Result(one, "accepted", LAUNCH + SECOND, mid="m_1"),
        Result(two, "accepted", LAUNCH + 100 * SECOND, mid="m_2"),
        Result(three, "refused", LAUNCH + 110 * SECOND, "551", "Not available."),
        Result(four, "queued", LAUNCH + 119 * SECOND, "2", "Briefly unavailable.", not_before=later + MINUTE),
        Result(five, "queued", LAUNCH + 119 * SECOND, "2", "Briefly unavailable.", not_before=later - SECOND),
    )

    seen = detail(ledger, campaigns.get(ledger, "shoes"), ERRORS, VERA, later)

    counted = {(each.state, each.reason): (each.sends, each.lately, each.later, each.action) for each in seen.groups}
    assert counted == {
        ("accepted", None): (2, 1, 0, ""),
        ("refused", "551"): (1, 1, 0, "give_up_person"),
        ("queued", "2"): (2, 0, 1, "retry"),
        ("queued", None): (1, 0, 0, ""),
    }
    assert seen.lately == 2
    assert seen.retry_at == later + MINUTE
    assert seen.quiet == ()


def test_who_waits_for_the_morning(ledger: Engine) -> None:
    """By zone, the first to wake up first; who is awake, or is not in the queue any more, is not among them."""
    zones = ["Asia/Taipei", "Asia/Taipei", "Europe/London", "America/New_York"]
    rows = [(*row(psid)[:7], zone, LAUNCH + 48 * HOUR) for psid, zone in zip(people(4), zones, strict=True)]
    numbers = launched(ledger, "shoes", rows)
    definition = replace(CONTENT, quiet_hours=NIGHT).to_json()
    with ledger.begin() as connection:
        connection.execute(update(campaigns_table).values(definition=definition))
    now = datetime(2026, 11, 20, 22)  # 6 in the morning in Taipei, 22 in London, 17 in New York
    answered(ledger, Result(next(iter(numbers.values())), "accepted", now, mid="m_1"))

    seen = detail(ledger, campaigns.get(ledger, "shoes"), ERRORS, VERA, now)

    assert seen.quiet == (
        Quiet("Asia/Taipei", 1, datetime(2026, 11, 21, 1)),
        Quiet("Europe/London", 1, datetime(2026, 11, 21, 9)),
    )


def test_unconfirmed_sends_name_nobody_to_whoever_may_not_see_ids(ledger: Engine, tmp_path: Path) -> None:
    """The same pseudonym as on every page; a reviewer sees the id."""
    numbers = run(ledger, "shoes")
    record = campaigns.get(ledger, "shoes")

    (told,) = unconfirmed(ledger, tmp_path, record, VERA, 10)
    (seen,) = unconfirmed(ledger, tmp_path, record, Person("rita", "reviewer"), 10)

    assert told.person == pseudonym(pseudonym_key(tmp_path), PAGE, DORA)
    assert (seen.send_id, seen.person, seen.lane) == (numbers[DORA], DORA, "otn")


@given(
    starts=st.times(), ends=st.times(), now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    zone=st.sampled_from(("UTC", "Asia/Taipei", "Europe/Berlin", "America/St_Johns", "Pacific/Apia")),
)  # fmt: skip
@settings(max_examples=30)
def test_quiet_hours_end_once(starts: time, ends: time, now: datetime, zone: str) -> None:
    """At that moment it is not quiet any more, and it comes within a day, or 25 hours when clocks are turned back."""
    hours = QuietHours(starts, ends, zone)
    assume(starts != ends and is_quiet(hours, zone, now))

    until = quiet_until(hours, zone, now)

    assert now < until <= now + 25 * HOUR
    assert not is_quiet(hours, zone, until)


@pytest.mark.parametrize(
    ("reason", "lane", "action"),
    [
        ("551", "otn", "give_up_person"), ("token 100", "otn", "give_up_token"), ("100", "standard_window", ""),
        ("10/2018278", "otn", "give_up_token"), ("190/460", "otn", "halt_page"), ("unknown 987654", "otn", ""),
        ("no_answer", "otn", ""), (None, "otn", ""),
    ],
)  # fmt: skip
def test_what_the_table_of_errors_says_of_a_reason(reason: str | None, lane: str, action: str) -> None:
    """By code, subcode and lane, as the dispatcher judged it."""
    found = action_of(reason, lane, ERRORS)

    assert found == action or (not action and found in ("", "halt_campaign", "give_up_message"))
