"""One mail, as text and as HTML, to the server that is set. What is temporary is told apart from what is not."""

import re
import smtplib
import ssl
from collections.abc import Sequence
from datetime import UTC
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid

from pipelines.access import is_this_machine
from pipelines.alerts.delivery import Delivery
from pipelines.alerts.message import Message
from pipelines.settings_alerts import Mail

_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_NAME = "Clear to Send"


class MailChannel:
    """The server, and the people that one kind of mail goes to."""

    name = "mail"

    def __init__(self, mail: Mail, to: Sequence[str]) -> None:
        self._mail = mail
        self._to = list(to)

    @property
    def where(self) -> str:
        """The server, and how many people get it."""
        people = "1 address" if len(self._to) == 1 else f"{len(self._to):,} addresses"
        return f"{self._mail.host} to {people}"

    def deliver(self, message: Message) -> Delivery:
        """Hand a mail to the server once."""
        host = self._mail.host
        try:
            client = self._connected()
        except smtplib.SMTPAuthenticationError as error:
            return _by_code(host, error.smtp_code, "the login")
        except smtplib.SMTPNotSupportedError:
            return Delivery("refused", f"{host} offers no STARTTLS, or no login. Look at security under [mail].")
        except ssl.SSLCertVerificationError as error:
            return Delivery("refused", f"The certificate of {host} cannot be trusted: {error.verify_message}.")
        except (smtplib.SMTPException, OSError) as error:
            return Delivery("failed", f"{host} cannot be reached ({type(error).__name__}).")
        try:
            return self._sent(client, message)
        finally:
            client.close()

    def _connected(self) -> smtplib.SMTP:
        """Return a connection on which a mail may be sent. Raises what smtplib, ssl and sockets raise."""
        mail, seconds = self._mail, self._mail.timeout_seconds
        trusted = ssl.create_default_context()
        if mail.security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.at_port, timeout=seconds, context=trusted)
        else:
            client = smtplib.SMTP(mail.host, mail.at_port, timeout=seconds)
        try:
            if mail.security == "starttls":
                client.starttls(context=trusted)
            if mail.user:
                client.login(mail.user, mail.password.get_secret_value())
        except BaseException:
            client.close()
            raise
        return client

    def _sent(self, client: smtplib.SMTP, message: Message) -> Delivery:
        host = self._mail.host
        try:
            refused = client.send_message(self._letter(message), self._mail.sender, self._to)
        except smtplib.SMTPRecipientsRefused as error:
            return _by_code(host, min(code for code, _ in error.recipients.values()), "every address")
        except smtplib.SMTPResponseException as error:  # the sender or the mail itself
            return _by_code(host, error.smtp_code, "the mail")
        except (smtplib.SMTPException, OSError) as error:
            return Delivery("unknown", f"{host} was reached, and its answer was lost ({type(error).__name__}).")
        if refused:
            return Delivery("delivered", f"{host} took it for {len(self._to) - len(refused)} of {len(self._to)}.")
        return Delivery("delivered", f"{host} took it.")

    def _letter(self, message: Message) -> EmailMessage:
        letter = EmailMessage()
        letter["From"] = formataddr((_NAME, self._mail.sender))
        letter["To"] = ", ".join(self._to)
        letter["Subject"] = message.subject
        letter["Date"] = format_datetime(message.at.replace(tzinfo=UTC))
        letter["Message-ID"] = make_msgid(domain=self._mail.sender.rpartition("@")[2])
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(message.text)
        letter.add_alternative(message.html, subtype="html")
        return letter


def faults_of(mail: Mail, to: Sequence[str], table: str) -> list[str]:
    """Return what keeps mails from going to these addresses, which stand under [`table`]."""
    if not to:
        return []
    faults = [] if mail.host else ["[mail] host is missing"]
    if not _ADDRESS.fullmatch(mail.sender):
        faults.append("[mail] sender is no mail address")
    faults += [f"[{table}] {each!r} is no mail address" for each in to if not _ADDRESS.fullmatch(each)]
    if mail.user and mail.security == "none" and not is_this_machine(mail.host):
        faults.append("[mail] security is none: the password would go out in clear")
    return faults


def _by_code(host: str, code: int, what: str) -> Delivery:
    if 400 <= code < 500:
        return Delivery("failed", f"{host} did not take {what} for now ({code}).")
    return Delivery("refused", f"{host} refused {what} ({code}).")
