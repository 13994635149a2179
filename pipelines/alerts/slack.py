"""One message to an incoming webhook of Slack, or of whatever speaks its format. Its address is a secret."""

import logging
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from pipelines.access import is_this_machine
from pipelines.alerts.delivery import Delivery
from pipelines.alerts.message import Message

_TIMEOUT_S = 10.0
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_LATER = {408, 425, 429}
"""Answers that are no verdict: the same message may be taken later."""


class SlackChannel:
    """The webhook of one channel."""

    name = "slack"

    def __init__(self, address: SecretStr) -> None:
        self._address = address
        logging.getLogger("httpx").setLevel(logging.WARNING)  # below, it tells the whole address of each request

    @property
    def where(self) -> str:
        """The host, which is no secret."""
        return urlsplit(self._address.get_secret_value()).hostname or ""

    def deliver(self, message: Message) -> Delivery:
        """Post a message once; no redirect is followed: what it says would go to whoever that names."""
        try:
            with httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False) as client:
                status = client.post(self._address.get_secret_value(), json=message.slack).status_code
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):  # their words would quote the address
            return Delivery("refused", "The setting slack_webhook under [alerts] is no address.")
        except _NEVER_LEFT as error:
            return Delivery("failed", f"{self.where} cannot be reached ({type(error).__name__}).")
        except httpx.HTTPError as error:
            return Delivery("unknown", f"{self.where} was reached, and its answer was lost ({type(error).__name__}).")
        return _meaning(self.where, status)


def faults_of(address: SecretStr) -> list[str]:
    """Return what is wrong with the address of a webhook, without naming it."""
    try:
        parts = urlsplit(address.get_secret_value())
        host = parts.hostname or ""
    except ValueError:
        return ["[alerts] slack_webhook is no address"]
    if host and (parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host))):
        return []
    return ["[alerts] slack_webhook is no https address (http is for this machine alone)"]


def _meaning(where: str, status: int) -> Delivery:
    if 200 <= status < 300:
        return Delivery("delivered", f"{where} took it.")
    if status >= 500 or status in _LATER:
        return Delivery("failed", f"{where} answered {status}.")
    if 300 <= status < 400:
        return Delivery("refused", f"{where} answered {status}: it points elsewhere, and that is not followed.")
    return Delivery("refused", f"{where} refused it ({status}). Look whether the webhook is still there.")
