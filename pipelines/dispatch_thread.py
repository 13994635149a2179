"""The dispatcher inside the app: a thread with a loop of its own, which begins again when its surroundings mend."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from threading import Event, Lock, Thread

from sqlalchemy.exc import InterfaceError, OperationalError

from pipelines.dispatch.dispatcher import Dispatcher
from pipelines.dispatch_command import make_api, make_dispatcher, token_of
from pipelines.errors import ClearToSendError
from pipelines.ledger import chain
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.settings import Settings

_AGAIN_S = 15.0
_log = logging.getLogger(__name__)


class DispatchThread:
    """Sends what is launched for as long as the app lives. Another process that sends for a Page is left to do so."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = Lock()
        self._dispatcher: Dispatcher | None = None
        self._is_over = Event()
        self._thread = Thread(target=self._work, name="dispatcher", daemon=True)
        self.says = ""
        """Why nothing can be sent now, as a sentence; "" while all is well."""

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Let nothing more go, and wait for what is on its way."""
        self._is_over.set()
        with self._lock:
            if self._dispatcher is not None:
                self._dispatcher.stop()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._is_over.is_set():
            try:
                self._dispatch()
            except (ClearToSendError, OperationalError, InterfaceError) as error:
                self.says = str(error) if isinstance(error, ClearToSendError) else "The ledger went away."
                _log.error("dispatcher stopped: %s", self.says)
            except Exception as error:  # noqa: BLE001  whatever it was: what waits must go out once it has passed
                self.says = f"Sending stopped with {type(error).__name__}; it begins again by itself."
                _log.exception("dispatcher stopped")
            self._is_over.wait(_AGAIN_S)

    def _dispatch(self) -> None:
        ledger = open_ledger(ledger_url(self._settings.home, self._settings.ledger_url))
        try:
            with self._lock:
                if self._is_over.is_set():
                    return
                dispatcher = self._dispatcher = make_dispatcher(self._settings, ledger, self._clock)
            self.says = ""
            asyncio.run(self._send(dispatcher))
            chain.keep_head(ledger, self._settings.heads_path)
        finally:
            ledger.dispose()

    async def _send(self, dispatcher: Dispatcher) -> None:
        settings = self._settings
        await dispatcher.run(make_api(settings), lambda page_id: token_of(settings, page_id), until_empty=False)
