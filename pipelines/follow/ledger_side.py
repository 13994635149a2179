"""What the follower does with the ledger: takes loads that are asked for, and keeps sends that wait up to date."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Engine

from pipelines.follow.pace import Pace
from pipelines.follow.sentences import told
from pipelines.ledger import load_requests
from pipelines.ledger.load_requests import LoadRequest
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.load.summary import LoadSummary
from pipelines.plan.recheck import recheck
from pipelines.settings import Settings
from pipelines.warehouse import Warehouse

_TELL_SECONDS = 0.5
_REST_SECONDS = 1.0
_LONGEST_BACKOFF = 30.0


class LedgerSide:
    """The ledger, opened once there is one. What fails here stands in `error` and holds up no load of the logs."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self.error = ""
        self._settings, self._clock = settings, clock
        self._engine: Engine | None = None
        self._recheck = Pace(_REST_SECONDS)
        self._answers: list[tuple[int, LoadSummary | str]] = []
        self._not_before, self._backoff, self._told_at = 0.0, 1.0, 0.0

    def want_recheck(self) -> None:
        """Say that the logs have brought something."""
        self._recheck.want()

    def take(self) -> LoadRequest | None:
        """Give the answers that could not be given yet, then begin with the load that has waited longest."""
        taken: LoadRequest | None = None
        with self._ledger() as ledger:
            if ledger is not None:
                self._answer(ledger)
                taken = load_requests.take(ledger, self._clock())
        return taken

    def tell(self, request: LoadRequest, bytes_done: int, events: int) -> None:
        """Say how far a load is; more often than twice a second nobody looks."""
        if time.monotonic() < self._told_at + _TELL_SECONDS:
            return
        self._told_at = time.monotonic()
        with self._ledger() as ledger:
            if ledger is not None:
                load_requests.tell(ledger, request.request_id, bytes_done, events, self._clock())

    def answer(self, request: LoadRequest, outcome: LoadSummary | str) -> None:
        """Answer with a summary, or with the sentence of an error; as soon as the ledger can be reached."""
        self._answers.append((request.request_id, outcome))
        with self._ledger() as ledger:
            if ledger is not None:
                self._answer(ledger)

    def recheck(self, warehouse: Warehouse) -> None:
        """Bring the sends that wait up to the logs, if it is time: who stopped meanwhile gets nothing."""
        with self._ledger() as ledger:
            if ledger is None or not self._recheck.begin():
                return
            try:
                with warehouse.cursor() as cursor:
                    recheck(cursor, ledger, self._clock())
            except BaseException:
                self._recheck.want()
                raise
            finally:
                self._recheck.end()

    def close(self) -> None:
        """Let go of the ledger."""
        if self._engine is not None:
            self._engine.dispose()

    def _answer(self, ledger: Engine) -> None:
        while self._answers:
            request_id, outcome = self._answers[0]
            if isinstance(outcome, str):
                load_requests.fail(ledger, request_id, outcome, self._clock())
            else:
                load_requests.finish(ledger, request_id, asdict(outcome), self._clock())
            del self._answers[0]

    @contextmanager
    def _ledger(self) -> Iterator[Engine | None]:
        """Give the ledger; None where there is none yet, or while it rests after a failure."""
        if time.monotonic() < self._not_before:
            yield None
            return
        is_given = False
        try:
            if self._engine is None:
                self._engine = self._opened()
            is_given = True
            yield self._engine
        except Exception as error:  # noqa: BLE001  logs are loaded without a ledger too
            self.error = told(error, "The follower")
            self._not_before = time.monotonic() + self._backoff
            self._backoff = min(2 * self._backoff, _LONGEST_BACKOFF)
        else:
            self.error, self._backoff = "", 1.0
        if not is_given:
            yield None

    def _opened(self) -> Engine | None:
        """Open it, and take again what an app had begun that died: nobody else loads while this one owns the home."""
        if not self._settings.ledger_url and not (self._settings.home / "ledger.sqlite").exists():
            return None
        engine = open_ledger(ledger_url(self._settings.home, self._settings.ledger_url))
        load_requests.ask_again(engine, self._clock())
        return engine
