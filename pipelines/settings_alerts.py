"""What can be set of alerts, of the mail server and of the scheduled report: three tables of `settings.toml`."""

from datetime import time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Alerts(BaseModel):
    """From when on something is an alert, and who is told outside of the app. In the app all of them stand anyway."""

    model_config = ConfigDict(extra="forbid")

    slack_webhook: SecretStr = Field(default=SecretStr(""), description="https address of an incoming webhook of Slack")
    mail_to: list[str] = Field(default_factory=list, description="mail addresses; they need the table [mail]")
    tokens_die: int = Field(default=50, ge=1, description="so many tokens of a topic die unused ...")
    tokens_die_days: int = Field(default=14, ge=1, description="... within so many days")
    dry_days: int = Field(default=14, ge=1, description="a topic's tokens last less, at the pace of four weeks")
    warning_days: int = Field(default=7, ge=1, description="so long a warning by Meta stays an alert")
    refused_percent: int = Field(default=10, ge=1, le=100, description="of a campaign's answers, once there are some")
    approval_hours: int = Field(default=4, ge=1, description="so long a checked campaign waits for its approval")
    rule_days: int = Field(default=90, ge=1, description="so long ago a rule in force was verified for the last time")


class Mail(BaseModel):
    """The server that takes our mail. Without a host none is sent."""

    model_config = ConfigDict(extra="forbid")

    host: str = ""
    port: int = Field(default=0, ge=0, le=65535, description="0: 587 for starttls, 465 for tls, 25 for none")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="tls: from the first byte; none: in clear, and with a password on loopback only"
    )
    user: str = Field(default="", description="empty: no login")
    password: SecretStr = SecretStr("")
    sender: str = Field(default="", description="the address that mails come from")
    timeout_seconds: int = Field(default=10, ge=1, le=60, description="for each step of the conversation")

    @property
    def at_port(self) -> int:
        """The port, or the usual one."""
        return self.port or {"starttls": 587, "tls": 465, "none": 25}[self.security]


class Report(BaseModel):
    """The Overview as a mail, again and again. Without anybody in `to` none is sent."""

    model_config = ConfigDict(extra="forbid")

    to: list[str] = Field(default_factory=list, description="mail addresses; they need the table [mail]")
    every: Literal["daily", "weekly"] = "weekly"
    at: time = Field(default=time(8), description="as in 08:00, in the zone below")
    zone: str = Field(default="UTC", description="an IANA time zone, as in Europe/Berlin")
    weekday: Weekday = Field(default="monday", description="of a weekly report")
