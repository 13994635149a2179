"""All that is sent for one Page, by the one process that holds it: at its pace, canaries first, each send by itself."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from pipelines.dispatch.backoff import MAX_ATTEMPTS
from pipelines.dispatch.graph_api import Answer, GraphApi
from pipelines.dispatch.journal import Journal
from pipelines.dispatch.judge import result_again, result_of
from pipelines.dispatch.outcomes import ErrorTable, Outcome, classify
from pipelines.dispatch.pace import Pace
from pipelines.dispatch.run import Run
from pipelines.ledger import campaigns, queue
from pipelines.ledger.queue import Queued

_Value = TypeVar("_Value")

_AT_ONCE = 100
"""Sends fetched in one question: some seconds of work, after which quiet hours and retries are looked at again."""
_LOOK_S = 0.2
"""How often a worker that waits looks again: pause, resume and cancel are to be felt within a second."""
_LAPSE_S = 5.0
"""How often sends whose permission ended are given up; none of them goes out meanwhile."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all Pages of one dispatcher share."""

    api: GraphApi
    journal: Journal
    errors: ErrorTable
    clock: Callable[[], datetime]
    connections: asyncio.Semaphore
    settle_after: timedelta


class PageWorker:
    """Sends for one Page until nothing is left to do for it, or until it is told to stop."""

    def __init__(self, page_id: str, pace: Pace, shared: Shared) -> None:
        self.page_id = page_id
        self.is_stopping = False
        self._pace = pace
        self._shared = shared
        self._runs: dict[str, Run] = {}
        self._taken: dict[int, asyncio.Task[None]] = {}
        self._answered = asyncio.Event()
        self._lapsed_at = -_LAPSE_S
        self._failure: BaseException | None = None

    async def work(self) -> None:
        """Do it. Raises what the ledger raises; what is on its way then is settled by the next who takes the Page."""
        await self._write(lambda connection: queue.orphaned(connection, self.page_id, self._shared.clock()))
        # Whoever held the Page before may have sent a moment ago: its second must pass before ours begins.
        await asyncio.sleep(1)
        while not self.is_stopping:
            await self._refresh()
            if not await self._send_some():
                if not self._runs and not self._taken:
                    break
                await self._rest(_LOOK_S)
        await asyncio.gather(*self._taken.values())
        await self._write(lambda connection: self._tell_all(connection, list(self._runs.values())))

    async def _refresh(self) -> None:
        """See which campaigns are sending now, and end those that have nothing left."""
        if self._failure:
            raise self._failure
        now = self._shared.clock()
        found = await self._write(lambda connection: campaigns.sending(connection, self.page_id))
        over = [self._runs.pop(key) for key in self._runs.keys() - {record.campaign_id for record in found}]
        await self._write(lambda connection: self._tell_all(connection, over))
        begun = [record for record in found if record.campaign_id not in self._runs]
        for run in await self._write(lambda connection: [Run(record, connection) for record in begun]):
            self._runs[run.record.campaign_id] = run
        if time.monotonic() - self._lapsed_at >= _LAPSE_S or not self._taken:
            await self._write(lambda connection: self._lapse(connection, now))
            self._lapsed_at = time.monotonic()

    def _tell_all(self, connection: Connection, runs: list[Run]) -> None:
        for run in runs:
            run.tell(connection, self._shared.clock(), at_least=1)

    def _lapse(self, connection: Connection, now: datetime) -> None:
        """Give up what may no longer go, and call done what has nothing open."""
        queue.drop_cancelled(connection, self.page_id, now)
        for campaign_id, run in list(self._runs.items()):
            queue.lapse(connection, campaign_id, now, run.record.not_after)
            if not queue.open_count(connection, campaign_id):
                run.end(connection, "done", "campaign_done", "all sends have come to an end", now)

    async def _send_some(self) -> bool:
        """Let go what is due, and return whether anything was."""
        now = self._shared.clock()
        if await self._write(lambda connection: queue.brake_of(connection, self.page_id, now)):
            return False
        went = await self._settle_some()
        for run in list(self._runs.values()):
            run.is_stale = False
            for lane in sorted(run.lanes) if now >= (run.record.start_at or now) else ():
                for send in await self._due(run, lane, now):
                    if run.is_stale or not await self._slot():
                        return went
                    self._let_go(run, send)
                    went = True
        return went

    async def _due(self, run: Run, lane: str, now: datetime) -> list[Queued]:
        room = run.canary.room(lane, _AT_ONCE)
        if not room:
            return []
        quiet, limit = run.quiet(now), room + len(self._taken)
        campaign_id = run.record.campaign_id
        found = await self._write(lambda c: queue.due(c, campaign_id, lane, now, quiet=quiet, limit=limit))
        return [send for send in found if send.send_id not in self._taken][:room]

    async def _settle_some(self) -> bool:
        """Try one-time tokens again whose answers were lost, once their echoes had the time to come."""
        now = self._shared.clock()
        before = now - self._shared.settle_after
        lost = await self._write(
            lambda c: queue.unconfirmed(c, self.page_id, now, before=before, tries=MAX_ATTEMPTS, limit=_AT_ONCE)
        )
        for send in lost:
            run = self._runs.get(send.campaign_id)
            if run is None or send.send_id in self._taken:
                continue
            if not await self._slot():
                return True
            self._let_go(run, send)
        return bool(lost)

    async def _slot(self) -> bool:
        """Wait for the Page's pace, and take a place in it; False when it is closed for longer, or all is to stop."""
        while not self.is_stopping:
            wait_s = self._pace.next_in(time.monotonic())
            if wait_s == 0:
                self._pace.leave(time.monotonic())
                return True
            if _LOOK_S * 10 < wait_s < float("inf"):
                return False
            await self._rest(min(wait_s, _LOOK_S))
        return False

    async def _rest(self, seconds: float) -> None:
        """Wait, or until an answer comes."""
        self._answered.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._answered.wait()
        except TimeoutError:
            return

    def _let_go(self, run: Run, send: Queued) -> None:
        run.canary.leave(send.lane)
        task = asyncio.create_task(self._deliver(run, send))
        self._taken[send.send_id] = task
        task.add_done_callback(lambda done: self._ended(send, done))

    def _ended(self, send: Queued, task: asyncio.Task[None]) -> None:
        del self._taken[send.send_id]
        self._answered.set()
        if not task.cancelled() and task.exception():
            self._failure = task.exception()

    async def _deliver(self, run: Run, send: Queued) -> None:
        """Write down that it goes, make the call, write down what came back."""
        outcome = None
        try:
            async with self._shared.connections:
                is_again = send.state == "unconfirmed"
                if not await self._shared.journal.start(send.send_id, self._shared.clock(), again=is_again):
                    run.is_stale = True
                    return
                answer, outcome = await self._call(run, send)
            judge = result_again if is_again else result_of
            await self._shared.journal.record(judge(send, outcome, self._shared.clock()))
            await self._heed(run, send, answer, outcome)
        finally:
            if outcome is None:
                self._pace.answered(time.monotonic())
            run.canary.back(send.lane, is_accepted=outcome is not None and outcome.action == "accepted")

    async def _call(self, run: Run, send: Queued) -> tuple[Answer | None, Outcome]:
        body = run.body(send)
        if isinstance(body, Outcome):
            self._pace.answered(time.monotonic())
            return None, body
        answer = await self._shared.api.send(self.page_id, body)
        self._pace.answered(time.monotonic())
        return answer, classify(answer, self._shared.errors, send.lane)

    async def _heed(self, run: Run, send: Queued, answer: Answer | None, outcome: Outcome) -> None:
        """Slow down, brake, or stop, as the answer says."""
        now, moment = self._shared.clock(), time.monotonic()
        if answer is not None and not answer.failure:
            self._pace.slow(answer.usage.percent, answer.usage.regain_s, moment)
        if outcome.is_throttle:
            self._pace.throttled(moment, outcome.wait_s)
        closed_s = self._pace.next_in(moment)
        if _LOOK_S * 10 < closed_s < float("inf"):
            until = now + timedelta(seconds=closed_s)
            why = outcome.words if outcome.is_throttle else "Meta says that nearly all of its allowance is used."
            await self._write(lambda connection: queue.brake(connection, self.page_id, until, why, now))
        run.count(outcome)
        why_stop = run.breaker.hear(outcome, send.lane)
        stopped = list(self._runs.values()) if outcome.action == "halt_page" else [run]
        await self._write(lambda connection: self._told(connection, stopped, run, why_stop, now))

    def _told(self, connection: Connection, stopped: list[Run], run: Run, why: str | None, now: datetime) -> None:
        run.tell(connection, now)
        for each in stopped if why else ():
            each.is_stale = True
            each.end(connection, "paused", "campaign_paused", why or "", now)

    async def _write(self, act: Callable[[Connection], _Value]) -> _Value:
        return await self._shared.journal.run(act)
