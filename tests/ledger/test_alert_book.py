"""Alerts and their tellings on both databases: raised once, told by one process, open again within the hour."""

import threading
from datetime import datetime, timedelta

from sqlalchemy import Engine

from pipelines.ledger.alert_tellings import begin, begin_report, due, end, how_told, reports
from pipelines.ledger.alerts import Condition, count_open, history, last_look, open_alerts, reconcile

NOW = datetime(2026, 11, 22, 12)
MINUTE = timedelta(minutes=1)
DIES = Condition("tokens_die", "60 tokens die.", "Write to them.", "/inventory", "1084", "boots")


def test_an_alert_from_its_beginning_to_its_end(ledger: Engine) -> None:
    """Raised, failed to be told, told, cleared, and open again as itself."""
    reconcile(ledger, [DIES], ["tokens_die"], NOW, "")
    with ledger.connect() as connection:
        first = due(connection, "slack", NOW)
    number = begin(ledger, "slack", first, NOW)
    assert number
    end(ledger, number, "failed", "It is away.", NOW)
    with ledger.connect() as connection:
        assert due(connection, "slack", NOW) == []
        second = due(connection, "slack", NOW + MINUTE)
    again = begin(ledger, "slack", second, NOW + MINUTE)
    assert again
    end(ledger, again, "delivered", "It took it.", NOW + MINUTE)
    reconcile(ledger, [], ["tokens_die"], NOW + 2 * MINUTE, "")
    with ledger.connect() as connection:
        assert [each.cleared_at for each in history(connection, 5)] == [NOW + 2 * MINUTE]
    reconcile(ledger, [DIES], ["tokens_die"], NOW + 9 * MINUTE, "Not looked at: rules.")

    with ledger.connect() as connection:
        (alert,) = open_alerts(connection)
        (telling,) = how_told(connection, [alert.alert_id])[alert.alert_id]
        look = last_look(connection)
        assert due(connection, "slack", NOW + timedelta(days=1)) == []
    assert look
    assert (alert.raised_at, look.says) == (NOW, "Not looked at: rules.")
    assert (telling.attempt, telling.outcome, telling.words) == (2, "delivered", "It took it.")


def test_of_several_processes_one_begins(ledger: Engine) -> None:
    """An attempt, and the report of a period, is one process's."""
    reconcile(ledger, [DIES, Condition("rules", "Old.", "Read.", "/rules")], ["tokens_die", "rules"], NOW, "")
    with ledger.connect() as connection:
        wanted = due(connection, "mail", NOW)
        assert count_open(connection) == len(wanted) == 2
    gate, begun = threading.Barrier(4), list[int | None]()

    def work() -> None:
        gate.wait()
        begun.extend([begin(ledger, "mail", wanted, NOW), begin_report(ledger, "daily 2026-11-22", 1, NOW)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with ledger.connect() as connection:
        assert len(reports(connection, 9)) == 1
    assert sum(each is not None for each in begun) == 2
