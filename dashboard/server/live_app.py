"""What runs beside the pages in the app: the webhook route, the loader, the dispatcher, the watches, the alerts."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import streamlit as st
from starlette.routing import BaseRoute

from dashboard.home import begin_following, end_following, open_warehouse
from dashboard.server.metrics import Metrics, follow_source, ledger_source, receive_source
from dashboard.server.operations import Operations, disk_check, ledger_check, warehouse_check
from pipelines.alerts.report import Overview
from pipelines.alerts.thread import AlertThread
from pipelines.dispatch.subscription import SubscriptionWatch
from pipelines.dispatch_thread import DispatchThread
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.policy import Policy
from pipelines.privacy.callback import deletion_routes
from pipelines.privacy.caretaker import Caretaker
from pipelines.privacy.erasing import ErasingHome
from pipelines.receive.receiver import Receiver
from pipelines.settings import Settings
from pipelines.warehouse import Warehouse
from pipelines.webhook_health import known_pages


def _settle_memory() -> None:
    """Import what pages need, and have none of it looked through for garbage: that holds up all else meanwhile."""
    import dashboard.charts
    import dashboard.charts_compliance
    import dashboard.charts_forecast
    import dashboard.reads  # noqa: F401

    gc.collect()
    gc.freeze()


class LiveApp:
    """The parts of one home, from `lifespan`'s beginning to its end. `clock` gives the moment, naive UTC.

    `address` is where it listens, as http://host:port. Raises LedgerUnreachable, UsageError.
    """

    def __init__(self, settings: Settings, policy: Policy, clock: Callable[[], datetime], address: str) -> None:
        self._settings, self._policy, self._clock = settings, policy, clock
        self._caretaker: Caretaker | None = None
        self._ledger = open_ledger(ledger_url(settings.home, settings.ledger_url))
        self._follower = begin_following(settings, policy, clock, self._tend)
        self._dispatcher = DispatchThread(settings, clock)
        every = timedelta(minutes=settings.subscription_check_minutes)
        self._watch = SubscriptionWatch(settings, self._ledger, self._pages, clock, every)
        self.receiver = Receiver(
            settings.logs_path, settings.home / "receive", settings.webhook_secrets, settings.verify_token, clock,
            self._follower.wake,
        )  # fmt: skip
        self._metrics = Metrics(
            {
                "receive": receive_source(settings.home / "receive"),
                "follow": follow_source(lambda: self._follower.state),
                "ledger": ledger_source(self._ledger, time.monotonic),
            }
        )
        self._alerts = AlertThread(
            settings, policy, self._ledger, lambda: open_warehouse(settings.warehouse_path), self._overview, clock,
            address,
        )  # fmt: skip
        self._deletions = deletion_routes(settings, self._ledger, clock)

    @property
    def routes(self) -> list[BaseRoute]:
        """The app's own routes, beside Streamlit's."""
        checks = {
            "warehouse": warehouse_check(lambda: open_warehouse(self._settings.warehouse_path)),
            "ledger": ledger_check(self._ledger),
            "disk": disk_check(self._settings.home),
            "receiver": lambda: self.receiver.counts.failing_since is None,
            "loader": lambda: not self._follower.state.error,
        }
        operations = Operations(
            checks, self._metrics, self._settings.metrics_token, time.monotonic,
            has_public_url=bool(self._settings.public_url),
        )  # fmt: skip
        return [*self._deletions, *operations.routes]

    @asynccontextmanager
    async def lifespan(self, _: st.App) -> AsyncIterator[None]:
        """Run all parts; at the end nothing that was acknowledged or begun is lost."""
        await self.receiver.start()
        await asyncio.to_thread(_settle_memory)
        self._dispatcher.start()
        self._alerts.start()
        watching = asyncio.create_task(self._watch.run())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await self.receiver.stop()
            await asyncio.to_thread(self._dispatcher.stop)
            await asyncio.to_thread(self._alerts.stop)
            await asyncio.to_thread(end_following, self._follower)
            self._ledger.dispose()

    def limited(self, name: str) -> None:
        """Count a request that came too often: `name` is that of the limit."""
        self._metrics.limited(name)
        if name == "webhook":
            self.receiver.counts.refused("rate_limited", "Deliveries were refused: too many that are not signed.")

    def _overview(self, now: datetime) -> Overview | None:
        from dashboard.alerts.report import overview_at  # with the app it would be there before Streamlit's own cache

        return overview_at(self._settings, now)

    def _tend(self, warehouse: Warehouse) -> None:
        """Erase who asked for it, and what is too old."""
        if self._caretaker is None or self._caretaker.home.warehouse is not warehouse:
            home = ErasingHome(self._settings, self._ledger, self._policy, warehouse)
            self._caretaker = Caretaker(home, self._clock)
        self._caretaker.tend()

    def _pages(self) -> list[str]:
        warehouse = open_warehouse(self._settings.warehouse_path)
        if warehouse is None:
            return []
        with warehouse.cursor() as cursor:
            return known_pages(cursor)
