"""The thread that loads: what arrives in home/logs, and what commands hand over. Its app owns the warehouse."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

from pipelines.errors import WarehouseCorrupt
from pipelines.follow.batches import Batch, batches_of, merge
from pipelines.follow.judging import Judge
from pipelines.follow.ledger_side import LedgerSide
from pipelines.follow.running import RunningMark
from pipelines.follow.segments import Segments, Sight
from pipelines.follow.sentences import told
from pipelines.follow.state import FollowState
from pipelines.ledger.load_requests import LoadRequest
from pipelines.load.loader import Loader
from pipelines.load.summary import LoadSummary
from pipelines.policy import Policy
from pipelines.priority import step_back
from pipelines.privacy.retention import erased_of
from pipelines.settings import Settings
from pipelines.warehouse import Warehouse

LOOK_SECONDS = 1.0
_GULP_SECONDS = 1.2
_LONGEST_BACKOFF = 30.0
_RETRY_SECONDS = 30.0
_TIDY_SECONDS = 600.0
_TIDY_BYTES = 32 << 20
Report = Callable[[int, int], None]  # bytes read, events found


@dataclass(frozen=True, slots=True)
class _Problem:
    """What is wrong with a file, how it looked, and when (monotonic) to try it again though it looks the same."""

    says: str
    sight: Sight
    again_at: float


class Follower:
    """
    Loads from its start to its stop. `open_warehouse` gives the app's own warehouse, made if it is not there.

    `clock` gives the moment, naive UTC. Nothing but `stop` ends the thread: what fails stands in `state`, and is tried
    again.
    """

    def __init__(
        self,
        settings: Settings,
        policy: Policy,
        clock: Callable[[], datetime],
        open_warehouse: Callable[[], Warehouse],
        chores: Callable[[Warehouse], None] = lambda _: None,
    ) -> None:
        """`chores` is what else has to change the warehouse: done between loads, in the same thread."""
        self.clock = clock
        self._settings, self._policy, self._open_warehouse = settings, policy, open_warehouse
        self._chores = chores
        self._segments = Segments(settings.logs_path)
        self._ledger = LedgerSide(settings, clock)
        self._judge = Judge(policy)
        self._mark = RunningMark(settings.home)
        self._warehouse: Warehouse | None = None
        self._problems: dict[str, _Problem] = {}  # by source
        self._tidy_at: float | None = None
        self._is_corrupt = False  # by its own checks: that does not pass by itself
        self._state = FollowState()
        self._woken, self._stopping = Event(), Event()
        self._thread = Thread(target=self._run, name="follow", daemon=True)

    @property
    def state(self) -> FollowState:
        """How it is doing, now."""
        return self._state

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def wake(self) -> None:
        """Say that something has arrived. May be called from any thread, and as often as one likes."""
        self._woken.set()

    def stop(self) -> None:
        """Commit what is in hand, let the rest wait for the next start, and end. The warehouse stays open."""
        self._stopping.set()
        self._woken.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        step_back()  # and with it DuckDB's threads, which begin when this one opens the warehouse
        backoff = LOOK_SECONDS
        while not self._stopping.is_set():
            self._woken.clear()
            loaded = self._state.events_loaded
            try:
                is_idle = self._turn()
            except Exception as error:  # noqa: BLE001  the thread must not end while the app runs
                self._failed(error)
                self._stopping.wait(backoff)
                backoff = min(2 * backoff, _LONGEST_BACKOFF)
                continue
            backoff = LOOK_SECONDS
            # What a load makes the disk do holds up the next acknowledgements: a stream is loaded in gulps.
            self._stopping.wait(_GULP_SECONDS if self._state.events_loaded > loaded else 0.0)
            if is_idle:
                self._woken.wait(LOOK_SECONDS)
        try:
            self._end()
        except Exception as error:  # noqa: BLE001  the logs hold all of it
            self._failed(error)

    def _turn(self) -> bool:
        """Look once, and do what there is. Return whether nothing is left to do."""
        warehouse = self._current()
        is_idle = self._load_news(warehouse)
        request = self._ledger.take()
        if request is not None:
            is_idle = False
            self._serve(warehouse, request)
        self._chores(warehouse)
        self._ledger.recheck(warehouse)
        judged = self._judge.turn(warehouse, self.clock())
        self._tidy(warehouse)
        self._tell(
            last_look_at=self.clock(),
            ledger_error=self._ledger.error,
            problems=tuple(problem.says for problem in self._problems.values()),
            judging_error=self._state.judging_error if judged is None else judged,
        )
        if not self._is_corrupt:
            self._tell(error="")
        return is_idle

    def _current(self) -> Warehouse:
        """Return the warehouse; into one that is new, as after its file was deleted, all logs are loaded again."""
        warehouse = self._open_warehouse()
        if warehouse is not self._warehouse:
            self._segments.forget()
            self._problems.clear()
            self._warehouse = warehouse
            self._is_corrupt = False
            self._judge.want()
            self._ledger.want_recheck()
        self._mark.set()
        return warehouse

    def _load_news(self, warehouse: Warehouse) -> bool:
        """Load what has arrived, up to one batch of it. Return whether that was all."""
        waiting = {sight.path: sight for sight in self._segments.look() if not self._rests(sight)}
        for source in [source for source in self._problems if not self._segments.is_there(source)]:
            del self._problems[source]
        if not waiting:
            return True
        batch, *more = batches_of({path: self._segments.growth(sight) for path, sight in waiting.items()})
        summary = self._load(warehouse, batch, lambda *_: None)
        if self._stopping.is_set():
            return False
        for path in batch.files:
            sight = waiting[path]
            wrong = next((each for each in summary.problems if each.startswith(f"{path}: ")), "")
            self._problems.pop(sight.source, None)
            if wrong:
                self._problems[sight.source] = _Problem(wrong, sight, time.monotonic() + _RETRY_SECONDS)
            if not wrong or os.access(path, os.R_OK):  # what is broken inside stays so until the file changes
                self._segments.keep(sight)
        return not more

    def _rests(self, sight: Sight) -> bool:
        """Say whether a file could not be read a moment ago, and is as it was."""
        problem = self._problems.get(sight.source)
        return problem is not None and problem.sight == sight and time.monotonic() < problem.again_at

    def _serve(self, warehouse: Warehouse, request: LoadRequest) -> None:
        """Load what a command has handed over; between its batches, what arrives in the logs."""
        total, done = LoadSummary(), 0
        sizes = {path: _size(path) for path in request.paths}
        whole = sum(sizes.values())

        def tell(bytes_done: int, events: int) -> None:
            self._tell(bytes_total=whole, bytes_done=done + bytes_done, events_of_load=total.events + events)
            self._ledger.tell(request, done + bytes_done, total.events + events)

        try:
            for batch in batches_of(sizes):
                summary = self._load(warehouse, batch, tell)
                merge(total, summary)
                done += batch.size
                self._load_news(warehouse)
                if self._stopping.is_set():
                    return  # unanswered: it is taken again at the next start
        except Exception as error:  # noqa: BLE001  whoever asked is told, and the app goes on
            self._ledger.answer(request, self._failed(error))
        else:
            self._ledger.recheck(warehouse)
            self._ledger.answer(request, total)

    def _load(self, warehouse: Warehouse, batch: Batch, report: Report) -> LoadSummary:
        """Load some files, and let what follows a load know of it."""
        read_before = {path: max(0, _size(path) - size) for path, size in batch.files.items()}
        read, read_bytes = dict.fromkeys(batch.files, 0), 0

        def progress(path: str, position: int, summary: LoadSummary) -> None:
            nonlocal read_bytes
            now_read = max(0, position - read_before[path])
            read_bytes += now_read - read[path]
            read[path] = now_read
            report(read_bytes, summary.events)

        self._tell(is_loading=True, bytes_total=batch.size, bytes_done=0, events_of_load=0)
        try:
            with warehouse.writing:  # nobody is forgotten while a load is under way that does not know of it
                now = self.clock()
                erased = erased_of(self._settings, now)
                stopping = self._stopping.is_set
                loader = Loader(warehouse, self._settings, self._policy, now, progress, stopping, erased)
                summary = loader.load(list(batch.files))
        finally:
            self._tell(is_loading=False)
        newest = max(filter(None, (self._state.newest_event_at, summary.last_event_at)), default=None)
        self._tell(
            last_load_at=self.clock(), newest_event_at=newest, events_loaded=self._state.events_loaded + summary.events
        )
        if summary.events:
            self._judge.want()
            self._ledger.want_recheck()
        if self._tidy_at is None:
            self._tidy_at = time.monotonic() + _TIDY_SECONDS
        return summary

    def _tidy(self, warehouse: Warehouse) -> None:
        """Fold into the file what small loads have left, now and then: after each one it would break into pieces."""
        if self._tidy_at is None:
            return
        is_time = time.monotonic() >= self._tidy_at or warehouse.unfolded_bytes() >= _TIDY_BYTES
        if is_time and warehouse.checkpoint(tidy=True):
            self._tidy_at = None

    def _end(self) -> None:
        self._mark.take_off()
        self._judge.close()
        self._ledger.close()
        if self._warehouse is not None and self._tidy_at is not None:
            self._warehouse.checkpoint(tidy=True)

    def _failed(self, error: Exception) -> str:
        sentence, now = told(error, "Loading"), self.clock()
        self._is_corrupt = self._is_corrupt or isinstance(error, WarehouseCorrupt)
        self._tell(error=sentence, last_error=sentence, last_error_at=now)
        return sentence

    def _tell(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)


def _size(path: str) -> int:
    """Bytes of a file; 0 for one that cannot be looked at, of which the load then says why."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0
