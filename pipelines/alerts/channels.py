"""Where alerts and reports are told outside of the app, as it is set."""

from typing import Protocol

from pipelines.alerts import mail, slack
from pipelines.alerts.delivery import Delivery
from pipelines.alerts.mail import MailChannel
from pipelines.alerts.message import Message
from pipelines.alerts.slack import SlackChannel
from pipelines.alerts.timing import zone_faults
from pipelines.errors import UsageError
from pipelines.settings import Settings


class Channel(Protocol):
    """One way out. `name` is what the ledger knows it by; `where` may be shown to everybody."""

    name: str

    @property
    def where(self) -> str:
        """The host."""

    def deliver(self, message: Message) -> Delivery:
        """Send a message once, and say what came of it. Raises nothing for what the other side does."""


def check_alerts(settings: Settings) -> None:
    """Raise UsageError where alerts or reports are set by half, naming all that is missing or unsafe."""
    alerts, report = settings.alerts, settings.report
    faults = slack.faults_of(alerts.slack_webhook) if alerts.slack_webhook else []
    faults += mail.faults_of(settings.mail, alerts.mail_to, "alerts")
    faults += [each for each in mail.faults_of(settings.mail, report.to, "report") if each not in faults]
    faults += zone_faults(report)
    if faults:
        raise UsageError(f"settings.toml: alerts cannot be told: {'; '.join(faults)}. Correct or remove it.")


def alert_channels(settings: Settings) -> list[Channel]:
    """Return where alerts are told. Raises UsageError."""
    check_alerts(settings)
    channels: list[Channel] = []
    if settings.alerts.slack_webhook:
        channels.append(SlackChannel(settings.alerts.slack_webhook))
    if settings.alerts.mail_to:
        channels.append(MailChannel(settings.mail, settings.alerts.mail_to))
    return channels


def report_channel(settings: Settings) -> Channel | None:
    """Return where the report goes; None where nobody gets one. Raises UsageError."""
    check_alerts(settings)
    return MailChannel(settings.mail, settings.report.to) if settings.report.to else None


def base_url(settings: Settings, local: str) -> str:
    """Return the address that links begin with: the public one, or `local`, which this machine knows alone."""
    return (settings.public_url or local).rstrip("/")
