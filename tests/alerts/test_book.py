"""An alert is raised once while its condition lasts, cleared when it ends, and raised again after it returned."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from pipelines.errors import Refused
from pipelines.ledger.alerts import count_open, history, last_look, mark_seen, reconcile
from pipelines.ledger.store import ledger_url, open_ledger
from tests.alerts.raised import NOW, condition, look, standing

HOUR = timedelta(hours=1)


def test_it_is_raised_once_and_keeps_its_beginning(ledger: Engine) -> None:
    """Its sentence follows what is known; when it began does not."""
    look(ledger, NOW, condition())
    look(ledger, NOW + HOUR, condition(says="90 tokens die unused."))

    (alert,) = standing(ledger)
    assert (alert.raised_at, alert.says, alert.cleared_at) == (NOW, "90 tokens die unused.", None)


def test_it_is_cleared_when_its_condition_ends(ledger: Engine) -> None:
    """What ended stands in the history."""
    look(ledger, NOW, condition(), condition(topic="launch"))
    look(ledger, NOW + HOUR, condition(topic="launch"))

    with ledger.connect() as connection:
        (over,) = history(connection, 10)
        assert count_open(connection) == 1
    assert (over.topic, over.cleared_at) == ("restock:boots", NOW + HOUR)


@pytest.mark.parametrize(("minutes", "is_same"), [(59, True), (60, False), (300, False)])
def test_what_returns_within_the_hour_is_the_same_alert(ledger: Engine, minutes: int, is_same: bool) -> None:
    """A number that goes up and down around its threshold is one alert."""
    look(ledger, NOW, condition())
    (first,) = standing(ledger)
    look(ledger, NOW + HOUR)
    look(ledger, NOW + HOUR + timedelta(minutes=minutes), condition())

    (again,) = standing(ledger)
    assert (again.alert_id == first.alert_id, again.raised_at == NOW) == (is_same, is_same)


def test_what_could_not_be_looked_at_is_not_cleared(ledger: Engine) -> None:
    """A locked warehouse is no good news; that it could not be read is kept."""
    look(ledger, NOW, condition(), condition("approval", topic=""))
    reconcile(ledger, [], ["approval"], NOW + HOUR, "Not looked at: tokens_die: locked.")

    with ledger.connect() as connection:
        told = last_look(connection)
    assert [each.kind for each in standing(ledger)] == ["tokens_die"]
    assert told
    assert (told.checked_at, told.says) == (NOW + HOUR, "Not looked at: tokens_die: locked.")


def test_whoever_marks_it_first_has_seen_it(ledger: Engine) -> None:
    """It stays open; one that is over cannot be marked."""
    look(ledger, NOW, condition())
    (alert,) = standing(ledger)
    mark_seen(ledger, alert.alert_id, "Mei", NOW + HOUR)
    mark_seen(ledger, alert.alert_id, "Đặng", NOW + 2 * HOUR)

    (seen,) = standing(ledger)
    assert (seen.seen_by, seen.seen_at) == ("Mei", NOW + HOUR)
    look(ledger, NOW + 3 * HOUR)
    with pytest.raises(Refused, match="is over"):
        mark_seen(ledger, alert.alert_id, "Mei", NOW)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for ledgers."""
    return tmp_path_factory.mktemp("book")


@settings(max_examples=int(os.environ.get("CLEAR_TO_SEND_ALERT_BOOKS", "8")))
@given(st.lists(st.tuples(st.sets(st.sampled_from("abc")), st.integers(1, 200)), max_size=5))
def test_open_is_what_holds_whatever_came_before(book: Path, looks: list[tuple[set[str], int]]) -> None:
    """Each is open once, and none begins anew within an hour of its end."""
    ledger = open_ledger(ledger_url(book, ""))
    now, ended = NOW, dict.fromkeys("abc", NOW - 10 * HOUR)
    look(ledger, now)
    look(ledger, now := now + 2 * HOUR)
    held: set[str] = set()
    for holds, minutes in looks:
        now += timedelta(minutes=minutes)
        ended |= dict.fromkeys(held - holds, now)
        look(ledger, now, *(condition(topic=topic) for topic in holds))
        found = {alert.topic: alert for alert in standing(ledger)}
        assert set(found) == holds
        assert len(standing(ledger)) == len(holds)
        for topic in holds - held:
            assert (found[topic].raised_at == now) == (now - ended[topic] >= HOUR)
        held = holds
    look(ledger, now + timedelta(days=1))
    with ledger.begin() as connection:  # the next example begins with nobody's hour running
        connection.exec_driver_sql("DELETE FROM alerts")
    ledger.dispose()
