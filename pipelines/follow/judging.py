"""Judges what went out while the app runs, beside the loads: the first time may take a minute, later ones a second."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from pipelines import DATA
from pipelines.follow.pace import Pace
from pipelines.follow.sentences import told
from pipelines.lint.history import audit_history
from pipelines.lint.linter import Linter
from pipelines.policy import Policy
from pipelines.warehouse import Warehouse

REST_SECONDS = 20.0


class Judge:
    """One thread that judges the newest messages, at most so often that loads and pages do not feel it."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._linter: Linter | None = None
        self._pace = Pace(REST_SECONDS)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judge")
        self._running: Future[None] | None = None

    def want(self) -> None:
        """Say that messages have come in."""
        self._pace.want()

    def turn(self, warehouse: Warehouse, now: datetime) -> str | None:
        """Begin to judge if it is time. Return how the last judging ended, as a sentence or '', once it has ended."""
        ended = None
        if self._running is not None and self._running.done():
            ended = self._outcome(self._running)
            self._running = None
        if self._running is None and self._pace.begin():
            self._running = self._thread.submit(self._judge, warehouse, now)
        return ended

    def close(self) -> None:
        """Wait for what is in hand."""
        self._thread.shutdown(cancel_futures=True)

    def _outcome(self, running: "Future[None]") -> str:
        self._pace.end()
        error = running.exception()
        if error is None:
            return ""
        self._pace.want()
        return told(error, "Judging what went out")

    def _judge(self, warehouse: Warehouse, now: datetime) -> None:
        self._linter = self._linter or Linter.load(DATA, self._policy)
        audit_history(warehouse, self._policy, self._linter, now)
