"""Writes the ledger for many tasks at once: what gathers while one commit reaches the disk goes into the next.

One thread, one connection, one transaction at a time. A call is made only after `start` has returned, so that what goes
out is on disk before it goes. What is neither a start nor a record has a transaction of its own.
"""

import asyncio
import queue as waiting
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from pipelines.ledger import queue
from pipelines.ledger.queue import Result

_Value = TypeVar("_Value")

_GATHER_S = 0.004
"""So long the first write of a transaction waits for others: a commit costs more than that."""

_DEADLOCK = "40P01"
_TRIES = 3


@dataclass(slots=True)
class _Job:
    kind: Literal["start", "start_again", "record", "run"]
    what: Any
    done: asyncio.Future[Any]


class Journal:
    """Used as `async with Journal(ledger) as journal`. What fails, fails for everyone whose write was in it.

    Two who wait for each other's rows are none: PostgreSQL ends one of them, and the journal does it again.
    """

    def __init__(self, ledger: Engine) -> None:
        self._ledger = ledger
        self._jobs: waiting.SimpleQueue[_Job | None] = waiting.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)

    async def __aenter__(self) -> Self:
        """Start the thread."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is left, and end the thread."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    async def start(self, send_id: int, lane: str, now: datetime, *, again: bool = False) -> bool:
        """Write down that a send goes out now, and return whether it may; see `queue.start` and `start_again`."""
        return bool(await self._ask("start_again" if again else "start", (send_id, lane, now)))

    async def record(self, result: Result) -> None:
        """Write down what came of a call."""
        await self._ask("record", result)

    async def run(self, act: Callable[[Connection], _Value]) -> _Value:
        """Do something else in a transaction of its own, which may have to be begun again."""
        value: _Value = await self._ask("run", act)
        return value

    async def _ask(self, kind: Literal["start", "start_again", "record", "run"], what: Any) -> Any:
        done: asyncio.Future[Any] = self._loop.create_future()
        self._jobs.put(_Job(kind, what, done))
        # Shielded: a task that is stopped leaves its write standing.
        return await asyncio.shield(done)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            time.sleep(_GATHER_S)
            batch = [job]
            while not self._jobs.empty():
                more = self._jobs.get()
                if more is None:
                    self._jobs.put(None)
                    break
                batch.append(more)
            self._write(batch)

    def _write(self, batch: list[_Job]) -> None:
        shared = [job for job in batch if job.kind != "run"]
        for jobs in ([shared] if shared else []) + [[job] for job in batch if job.kind == "run"]:
            try:
                values = self._done(jobs)
            except Exception as error:  # noqa: BLE001  whatever it is, those who wait must hear of it
                self._loop.call_soon_threadsafe(_fail, jobs, error)
            else:
                self._loop.call_soon_threadsafe(_tell, jobs, values)

    def _done(self, jobs: list[_Job]) -> list[Any]:
        for _ in range(_TRIES):
            try:
                with self._ledger.begin() as connection:
                    return _do(connection, jobs)
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", "") != _DEADLOCK:
                    raise
        with self._ledger.begin() as connection:
            return _do(connection, jobs)


def _do(connection: Connection, jobs: list[_Job]) -> list[Any]:
    """Do all that was asked for, alike things together, and return each one's value."""
    results = [job.what for job in jobs if job.kind == "record"]
    if results:
        queue.record(connection, results)
    may_go: set[int] = set()
    for kind, start in (("start", queue.start), ("start_again", queue.start_again)):
        asked = [job.what for job in jobs if job.kind == kind]
        for lane in sorted({lane for _, lane, _ in asked}):
            these = [(send_id, now) for send_id, by, now in asked if by == lane]
            may_go |= start(connection, [send_id for send_id, _ in these], max(now for _, now in these), lane)
    values: list[Any] = []
    for job in jobs:
        if job.kind == "run":
            values.append(job.what(connection))
        else:
            values.append(None if job.kind == "record" else job.what[0] in may_go)
    return values


def _tell(jobs: list[_Job], values: list[Any]) -> None:
    for job, value in zip(jobs, values, strict=True):
        if not job.done.cancelled():
            job.done.set_result(value)


def _fail(jobs: list[_Job], error: Exception) -> None:
    for job in jobs:
        if not job.done.cancelled():
            job.done.set_exception(error)
