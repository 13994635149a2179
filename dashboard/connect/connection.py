"""What is known of a home's way to Meta, from the home alone; and the check that asks Meta itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from dashboard.ledger import ledger_at
from pipelines.doctor_check import Check
from pipelines.doctor_secrets import examine_secrets
from pipelines.doctor_sending import examine_sending
from pipelines.ledger.subscriptions import Subscription, every
from pipelines.policy import Policy
from pipelines.receive.receiver import PATH
from pipelines.rights import Person
from pipelines.settings import LOOPBACK, Settings, read_settings
from pipelines.webhook_health import WebhookHealth, read_receivers, webhook_health

_EXAMPLE = "https://cts.example.com"


@dataclass(frozen=True, slots=True)
class Connection:
    """All that is known of a home's way to Meta at a moment (naive UTC)."""

    settings: Settings
    policy: Policy
    now: datetime
    health: WebhookHealth
    pages: tuple[str, ...]
    """Every Page that the settings, the warehouse, the receivers or the ledger know."""
    has_segments: bool
    """Whether a receiver ever stored a delivery that has not been erased since."""
    is_changed: bool
    """Whether settings.toml is newer than the receiver that runs: that read it at its start."""

    @classmethod
    def of(cls, home: Path, policy: Policy, now: datetime, pages: Sequence[str] = ()) -> "Connection":
        """Look. `pages` are those of the warehouse. Asks nobody outside of the home. Raises ClearToSendError."""
        settings = read_settings(home)
        health = webhook_health(read_receivers(home), _subscriptions(settings), [], policy, now)
        known = {*pages, *settings.access_tokens, *(page.page_id for page in health.pages)}
        has_segments = any(settings.logs_path.glob("webhook-*"))
        is_changed = _is_changed(settings, health, now)
        return cls(settings, policy, now, health, tuple(sorted(known)), has_segments, is_changed)

    @property
    def is_played(self) -> bool:
        """Whether a sandbox on this machine stands in for Meta."""
        return urlsplit(self.settings.graph_url).hostname in LOOPBACK

    @property
    def callback(self) -> str:
        """The address that Meta is to call."""
        return f"{self.settings.public_url.rstrip('/') or _EXAMPLE}{PATH}"

    @property
    def subscriptions(self) -> list[Subscription]:
        """What Meta said, by Page."""
        return [page.subscription for page in self.health.pages if page.subscription]

    @property
    def has_arrived(self) -> bool:
        """Whether a signed webhook ever came."""
        return self.has_segments or self.count("accepted") > 0

    @property
    def last_arrived_at(self) -> datetime | None:
        """When the last one came, as far as the receivers that run know."""
        return max((page.last_delivery_at for page in self.health.pages if page.last_delivery_at), default=None)

    def count(self, kind: str) -> int:
        """Return how many requests ended in that way since the receivers' start."""
        return sum(each.count(kind) for each in self.health.receivers)


def check_now(home: Path, by: Person, now: datetime) -> list[Check]:
    """Ask Meta, as the doctor does, and write down what it says. Raises Refused, UsageError."""
    by.must("operate", "ask the Graph API")
    from pipelines.doctor_webhook import examine_webhook  # with it comes what calls the Graph API

    settings = read_settings(home)
    return [*examine_sending(settings, now), *examine_webhook(settings, now), *examine_secrets(settings)]


def _subscriptions(settings: Settings) -> list[Subscription]:
    """Return what Meta last said of each Page. A page makes no ledger."""
    has_ledger = bool(settings.ledger_url) or (settings.home / "ledger.sqlite").exists()
    return every(ledger_at(settings.home)) if has_ledger else []


def _is_changed(settings: Settings, health: WebhookHealth, now: datetime) -> bool:
    """Whether the file was written after the receivers began; by another clock than theirs, nobody can tell."""
    try:
        written = datetime.fromtimestamp((settings.home / "settings.toml").stat().st_mtime, UTC).replace(tzinfo=None)
    except OSError:
        return False
    began = max((each.started_at for each in health.receivers if each.is_running(now)), default=None)
    return began is not None and began < written <= now
