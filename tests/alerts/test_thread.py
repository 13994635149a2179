"""The alerts inside the app: they look, tell and report by themselves, whatever fails on the way."""

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text

from pipelines.alerts.thread import AlertThread
from pipelines.errors import SurroundingsError, UsageError
from pipelines.ledger.alerts import last_look
from pipelines.policy import Policy
from pipelines.settings import Settings
from pipelines.settings_alerts import Alerts, Mail, Report
from tests.alerts.raised import NOW, standing
from tests.alerts.servers import Mailbox, Webhook
from tests.alerts.test_report import SHOWN
from tests.dispatch.sending import wait_for
from tests.ledger.broadcasts import check, written

LATE = NOW + timedelta(hours=9)


def thread(ledger: Engine, policy: Policy, settings: Settings, **more: Any) -> AlertThread:
    """Return the alerts of a home without a warehouse."""
    parts = {"warehouse": lambda: None, "overview": lambda _: SHOWN, "clock": lambda: LATE} | more
    return AlertThread(settings, policy, ledger, local_address="http://127.0.0.1:8501", **parts)


def settings_of(tmp_path: Path, slack: Webhook, box: Mailbox) -> Settings:
    """Return settings with every channel."""
    return Settings(
        home=tmp_path,
        alerts=Alerts(slack_webhook=SecretStr(slack.url), mail_to=["ops@shop.example"]),
        mail=Mail(host="127.0.0.1", port=box.port, security="none", sender="cts@shop.example"),
        report=Report(to=["mei@shop.example"], every="daily", at=datetime(2026, 1, 1, 20, 30).time()),
    )


def test_it_looks_tells_and_reports_by_itself(
    ledger: Engine, policy: Policy, tmp_path: Path, slack: Webhook, box: Mailbox
) -> None:
    """Within its first round; links lead to the app's own address where there is no public one."""
    written(ledger)
    check(ledger, "shoes", at=NOW)
    alerts = thread(ledger, policy, settings_of(tmp_path, slack, box))
    alerts.start()
    wait_for(lambda: len(box.taken) == 2)
    alerts.stop()

    subjects = [letter["Subject"] for _, letter in box.taken]
    assert [each.kind for each in standing(ledger)] == ["approval"]
    assert subjects == ["Clear to Send: A campaign waits for approval", "Clear to Send: overview of 22 Nov 2026"]
    assert "http://127.0.0.1:8501/campaigns?campaign=shoes|Look at it" in str(slack.taken)


def test_what_fails_keeps_nothing_else_from_being_done(
    ledger: Engine, policy: Policy, tmp_path: Path, slack: Webhook, box: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    """A warehouse that cannot be opened, a Slack that is away, a page that cannot be drawn: the others go on."""
    written(ledger)
    check(ledger, "shoes", at=NOW)
    slack.status = 500
    thread(ledger, policy, settings_of(tmp_path, slack, box)).once()

    def locked() -> None:
        raise SurroundingsError("The warehouse is locked.")

    def broken(_: datetime) -> None:
        raise ZeroDivisionError

    thread(ledger, policy, settings_of(tmp_path, slack, box), warehouse=locked, overview=broken).once()

    assert len(box.taken) == 2
    assert "The warehouse is locked." in caplog.text
    assert "very-secret-part" not in caplog.text
    with ledger.connect() as connection:
        assert last_look(connection) is not None


def test_a_ledger_that_goes_away_ends_nothing(
    ledger: Engine, policy: Policy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each step says so, and the next round tries again."""
    with ledger.begin() as connection:
        connection.execute(text("DROP TABLE alert_watch"))

    thread(ledger, policy, Settings(home=tmp_path)).once()

    assert "OperationalError" in caplog.text


def test_stopping_does_not_wait_for_the_next_round(ledger: Engine, policy: Policy, tmp_path: Path) -> None:
    """The app ends when it is told to."""
    alerts = thread(ledger, policy, Settings(home=tmp_path))
    alerts.start()
    alerts.stop()

    assert "alerts" not in {each.name for each in threading.enumerate()}


def test_channels_that_are_set_by_half_are_told_at_the_start(ledger: Engine, policy: Policy, tmp_path: Path) -> None:
    """Not when the first alert is lost."""
    with pytest.raises(UsageError, match=r"\[mail\] host is missing"):
        thread(ledger, policy, Settings(home=tmp_path, alerts=Alerts(mail_to=["a@b.example"])))
