"""The alerts inside the app: a thread that looks, tells and reports every minute, whatever goes wrong with one step."""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from threading import Event, Thread

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from pipelines.alerts.channels import alert_channels, base_url, report_channel
from pipelines.alerts.report import Overview, send_report
from pipelines.alerts.tell import tell
from pipelines.alerts.watch import Watched, watch
from pipelines.errors import ClearToSendError
from pipelines.ledger.alerts import reconcile
from pipelines.policy import Policy
from pipelines.priority import step_back
from pipelines.settings import Settings
from pipelines.warehouse import Warehouse

_EVERY_S = 60.0
_PATIENCE_S = 15.0
_log = logging.getLogger(__name__)


class AlertThread:
    """Watches one home for as long as the app lives. Raises UsageError for channels that are set by half."""

    def __init__(
        self,
        settings: Settings,
        policy: Policy,
        ledger: Engine,
        warehouse: Callable[[], Warehouse | None],
        overview: Callable[[datetime], Overview | None],
        clock: Callable[[], datetime],
        local_address: str,
    ) -> None:
        """`warehouse` and `overview` give None where nothing is loaded; `local_address` begins with http://."""
        self._settings, self._policy, self._ledger = settings, policy, ledger
        self._warehouse, self._overview, self._clock = warehouse, overview, clock
        self._base = base_url(settings, local_address)
        self._channels = alert_channels(settings)
        self._report = report_channel(settings)
        self._is_over = Event()
        self._thread = Thread(target=self._work, name="alerts", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more, and give a message on its way some seconds: after that it may or may not go out."""
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE_S)

    def once(self) -> None:
        """Look, tell and report once. What fails is logged, and done again the next time."""
        tellings = [partial(tell, self._ledger, each, self._base, self._clock) for each in self._channels]
        steps: list[Callable[[], None]] = [self._look, *tellings, self._send_report]
        for step in steps:
            if self._is_over.is_set():
                return
            try:
                step()
            except (ClearToSendError, DBAPIError) as error:
                _log.warning("alerts: %s", error if isinstance(error, ClearToSendError) else type(error).__name__)
            except Exception:  # noqa: BLE001  one step that fails keeps none of the others from being done
                _log.exception("alerts: a step failed")

    def _work(self) -> None:
        step_back()
        while not self._is_over.is_set():
            self.once()
            self._is_over.wait(_EVERY_S)

    def _look(self) -> None:
        warehouse, now = self._warehouse(), self._clock()
        with warehouse.cursor() if warehouse else nullcontext() as cursor:
            seen = watch(Watched(self._settings, self._policy, self._ledger, cursor, now))
        reconcile(self._ledger, seen.conditions, seen.kinds, now, seen.says)

    def _send_report(self) -> None:
        if self._report is not None:
            report = self._settings.report
            send_report(self._ledger, report, self._report, self._overview, self._base, self._clock)
