"""Mails go out to a real server: encrypted as set, with text and HTML, and what it answers is understood."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import SecretStr

from pipelines.alerts.channels import alert_channels, check_alerts
from pipelines.alerts.mail import MailChannel
from pipelines.alerts.message import Message, digest
from pipelines.errors import UsageError
from pipelines.settings import Settings
from pipelines.settings_alerts import Alerts, Mail, Report
from tests.alerts.raised import BASE, NOW
from tests.alerts.servers import Mailbox, certificate, mailbox
from tests.alerts.test_message import NASTY, alert

TO = ["mei@shop.example", "ops@shop.example"]


def channel(box: Mailbox, security: Literal["starttls", "tls", "none"] = "none", **login: Any) -> MailChannel:
    """Return a channel to a server of this machine."""
    login = {name: SecretStr(value) if name == "password" else value for name, value in login.items()}
    return MailChannel(
        Mail(host="127.0.0.1", port=box.port, security=security, sender="cts@shop.example", **login), TO
    )  # fmt: skip


def message() -> Message:
    """Return one that says something nasty."""
    return digest([alert(says=NASTY)], BASE, NOW)


def test_a_mail_has_text_and_html_and_no_header_of_a_strangers(box: Mailbox) -> None:
    """What a topic is called cannot name recipients."""
    came = channel(box).deliver(message())

    ((to, letter),) = box.taken
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert came.outcome == "delivered"
    assert to == TO
    assert set(letter.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"
    }  # fmt: skip
    assert letter["Date"] == "Sun, 22 Nov 2026 12:00:00 +0000"
    assert text
    assert "<!channel>" in text.get_content()
    assert html
    assert "&lt;script&gt;" in html.get_content()


@pytest.mark.parametrize(
    ("answers", "outcome", "says"),
    [
        ({"RCPT": "450 later"}, "failed", "every address for now (450)"),
        ({"RCPT": "550 unknown"}, "refused", "every address (550)"),
        ({"DATA": "451 later"}, "failed", "the mail for now (451)"),
        ({"DATA": "554 spam"}, "refused", "the mail (554)"),
        ({"DATA": ""}, "unknown", "its answer was lost"),
        ({TO[0]: "550 unknown"}, "delivered", "took it for 1 of 2"),
    ],
)
def test_what_a_server_answers_is_understood(box: Mailbox, answers: dict[str, str], outcome: str, says: str) -> None:
    """What is temporary is tried again, what is not is said, and what was lost is not repeated."""
    box.answers = answers

    came = channel(box).deliver(message())

    assert (came.outcome, says in came.words) == (outcome, True), came


def test_nobody_there_is_a_failure() -> None:
    """It is tried again."""
    came = channel(Mailbox(port=9)).deliver(message())

    assert came.outcome == "failed"


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Return the certificate of this machine's server, and its context."""
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=["starttls", "tls"])
def secured(request: pytest.FixtureRequest, trusted: tuple[Path, Any]) -> Iterator[tuple[Mailbox, Any]]:
    """Return a server that asks for encryption and a login, and the setting for it."""
    how = {"starttls": {"tls_context": trusted[1], "require_starttls": True}, "tls": {"ssl_context": trusted[1]}}
    more = {"auth_require_tls": request.param == "starttls"}
    with mailbox(with_login=True, **how[request.param], **more) as box:
        yield box, request.param


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it does not know its own TLS
def test_it_logs_in_under_encryption_only(
    secured: tuple[Mailbox, Any], trusted: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first byte, or by STARTTLS; a certificate that nobody knows is not trusted, and no password goes out."""
    box, security = secured
    mail = channel(box, security, user="shop", password="pass-word")
    stranger = mail.deliver(message())
    known_to_strangers = list(box.logins)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted[0]))
    wrong = channel(box, security, user="shop", password="another").deliver(message())

    came = mail.deliver(message())

    assert (stranger.outcome, "certificate" in stranger.words, known_to_strangers) == ("refused", True, [])
    assert (wrong.outcome, "the login" in wrong.words) == ("refused", True)
    assert (came.outcome, len(box.taken)) == ("delivered", 1)


def test_a_server_without_starttls_gets_nothing(box: Mailbox) -> None:
    """Nothing falls back to clear text."""
    came = channel(box, "starttls").deliver(message())

    assert (came.outcome, "STARTTLS" in came.words, box.taken) == ("refused", True, [])


GOOD = {"host": "mail.example", "sender": "cts@shop.example"}


@pytest.mark.parametrize(
    ("alerts", "mail", "report", "says"),
    [
        ({"slack_webhook": "http://hooks.slack.com/services/x"}, {}, {}, "no https address"),
        ({"slack_webhook": "https://[::1/secret"}, {}, {}, "no address"),
        ({"slack_webhook": "hooks.slack.com"}, {}, {}, "no https address"),
        ({"mail_to": ["a@b.example"]}, {}, {}, "host is missing"),
        ({"mail_to": ["a@b.example"]}, GOOD | {"sender": "x\r\nBcc: y@z.example"}, {}, "sender is no mail address"),
        ({"mail_to": ["a@b.example\nBcc: c@d.example"]}, GOOD, {}, "is no mail address"),
        ({"mail_to": ["a b@c.example"]}, GOOD, {}, "is no mail address"),
        ({"mail_to": ["a@b.example"]}, GOOD | {"security": "none", "user": "x"}, {}, "in clear"),
        ({}, {}, {"to": ["a@b.example"]}, "host is missing"),
        ({}, GOOD, {"to": ["a@b.example"], "zone": "Mars/Olympus"}, "no time zone"),
    ],
)
def test_what_is_set_by_half_is_told_without_the_secret(
    tmp_path: Path, alerts: dict[str, Any], mail: dict[str, Any], report: dict[str, Any], says: str
) -> None:
    """At the start, not when the first alert is lost."""
    settings = Settings(home=tmp_path, alerts=Alerts(**alerts), mail=Mail(**mail), report=Report(**report))

    with pytest.raises(UsageError, match=says) as refused:
        check_alerts(settings)
    assert "secret" not in str(refused.value)
    assert "services" not in str(refused.value)


def test_nothing_set_is_nothing_told(tmp_path: Path) -> None:
    """In the app all of them stand anyway."""
    assert alert_channels(Settings(home=tmp_path)) == []
