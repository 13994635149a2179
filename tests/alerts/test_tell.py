"""Each alert is told once on each channel, whatever fails, stops or runs twice."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select

from pipelines.alerts.channels import Channel
from pipelines.alerts.mail import MailChannel
from pipelines.alerts.slack import SlackChannel
from pipelines.alerts.tell import tell
from pipelines.ledger.alert_tellings import WAITS, Telling, begin, how_told
from pipelines.ledger.schema_alerts import told
from pipelines.settings_alerts import Mail
from tests.alerts.raised import BASE, NOW, condition, look, standing
from tests.alerts.servers import Mailbox, Webhook

MINUTE = timedelta(minutes=1)


def slack_of(webhook: Webhook) -> SlackChannel:
    """Return a channel to a webhook."""
    return SlackChannel(SecretStr(webhook.url))


def mail_of(box: Mailbox) -> MailChannel:
    """Return a channel to a mail server of this machine."""
    return MailChannel(
        Mail(host="127.0.0.1", port=box.port, security="none", sender="cts@shop.example"), ["a@b.example"]
    )


def at(moment: datetime) -> Callable[[], datetime]:
    """Return a clock that stands."""
    return lambda: moment


def tellings(ledger: Engine) -> list[Telling]:
    """Return the last telling of each open alert on each channel."""
    with ledger.connect() as connection:
        found = how_told(connection, [each.alert_id for each in standing(ledger)])
    return [telling for each in found.values() for telling in each]


def test_several_at_once_are_one_message_and_none_is_told_again(ledger: Engine, slack: Webhook) -> None:
    """Not at the next look, not when they last for days; a new one is told alone."""
    channel = slack_of(slack)
    look(ledger, NOW, condition(), condition(topic="launch"))
    for minutes in (0, 1, 60, 3000):
        tell(ledger, channel, BASE, at(NOW + minutes * MINUTE))
    look(ledger, NOW + 5000 * MINUTE, condition(), condition(topic="launch"), condition("rules", topic=""))
    tell(ledger, channel, BASE, at(NOW + 5000 * MINUTE))

    assert [message["text"] for message in slack.taken] == [
        "Clear to Send: 2 alerts",
        "Clear to Send: Rules were not verified lately",
    ]
    assert {(each.channel, each.outcome) for each in tellings(ledger)} == {("slack", "delivered")}


def test_what_returned_after_more_than_an_hour_is_told_again(ledger: Engine, slack: Webhook) -> None:
    """And what flickered is not."""
    channel = slack_of(slack)
    for minutes, holds in ((0, True), (10, False), (30, True), (40, False), (200, True)):
        look(ledger, NOW + minutes * MINUTE, *([condition()] if holds else []))
        tell(ledger, channel, BASE, at(NOW + minutes * MINUTE))

    assert len(slack.taken) == 2


def test_after_a_crash_it_may_have_gone_out_and_is_not_repeated(ledger: Engine, slack: Webhook) -> None:
    """What was begun and never ended is kept as that; the other channel is told as ever."""
    look(ledger, NOW, condition())
    begin(ledger, "slack", [(each, 1) for each in standing(ledger)], NOW)
    for hours in (1, 24):
        tell(ledger, slack_of(slack), BASE, at(NOW + timedelta(hours=hours)))

    (telling,) = tellings(ledger)
    assert slack.taken == []
    assert (telling.outcome, telling.ended_at, telling.next_at()) == (None, None, None)


def test_a_failure_is_tried_again_with_growing_waits_up_to_a_limit(ledger: Engine, slack: Webhook) -> None:
    """As many times as there are waits, and one more."""
    slack.status, moment = 503, NOW
    look(ledger, NOW, condition())
    tell(ledger, slack_of(slack), BASE, at(moment))
    for count, wait in enumerate(WAITS, start=1):
        tell(ledger, slack_of(slack), BASE, at(moment + wait - timedelta(seconds=1)))
        assert len(slack.taken) == count
        tell(ledger, slack_of(slack), BASE, at(moment := moment + wait))
        assert len(slack.taken) == count + 1
    tell(ledger, slack_of(slack), BASE, at(moment + timedelta(days=30)))

    (telling,) = tellings(ledger)
    assert len(slack.taken) == len(WAITS) + 1
    assert (telling.outcome, telling.attempt, telling.next_at()) == ("failed", len(WAITS) + 1, None)
    assert list(WAITS) == sorted(set(WAITS))


def test_what_ended_before_it_could_be_told_is_not_told(ledger: Engine, slack: Webhook) -> None:
    """Nobody is woken for what is over."""
    slack.status = 500
    look(ledger, NOW, condition())
    tell(ledger, slack_of(slack), BASE, at(NOW))
    slack.status = 200
    look(ledger, NOW + MINUTE)
    tell(ledger, slack_of(slack), BASE, at(NOW + 10 * MINUTE))

    assert len(slack.taken) == 1


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "delivered"), (204, "delivered"), (429, "failed"), (500, "failed"), (404, "refused"), (403, "refused"),
     (0, "unknown")],
)  # fmt: skip
def test_what_an_answer_means(ledger: Engine, slack: Webhook, status: int, outcome: str) -> None:
    """Whoever hangs up may have taken it: that is told, and not repeated. No word holds the address."""
    slack.status = status
    look(ledger, NOW, condition())
    for days in range(3):
        tell(ledger, slack_of(slack), BASE, at(NOW + timedelta(days=days)))

    (telling,) = tellings(ledger)
    assert telling.outcome == outcome
    assert len(slack.taken) == (3 if outcome == "failed" else 1)
    assert "secret" not in telling.words
    assert "127.0.0.1" in telling.words


def test_a_redirect_is_not_followed(ledger: Engine, slack: Webhook) -> None:
    """What an alert says goes to nobody but whom the settings name."""
    slack.status, slack.where_to = 307, slack.url
    look(ledger, NOW, condition())
    tell(ledger, slack_of(slack), BASE, at(NOW))

    (telling,) = tellings(ledger)
    assert (len(slack.taken), telling.outcome) == (1, "refused")


def test_one_channel_that_cannot_be_reached_keeps_no_other_from_being_told(ledger: Engine, box: Mailbox) -> None:
    """A refused connection is tried again, and nothing else waits for it."""
    channels: list[Channel] = [SlackChannel(SecretStr("http://127.0.0.1:9/secret")), mail_of(box)]
    look(ledger, NOW, condition())
    for channel in channels:
        tell(ledger, channel, BASE, at(NOW))

    assert {each.channel: each.outcome for each in tellings(ledger)} == {"slack": "failed", "mail": "delivered"}
    assert len(box.taken) == 1


def test_two_processes_tell_it_once(ledger: Engine, slack: Webhook) -> None:
    """Whoever writes it down first tells it."""
    gate = threading.Barrier(4)
    look(ledger, NOW, condition(), condition(topic="launch"))

    def work() -> None:
        gate.wait()
        tell(ledger, slack_of(slack), BASE, at(NOW))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with ledger.connect() as connection:
        assert len(connection.execute(select(told)).all()) == 2
    assert len(slack.taken) == 1
