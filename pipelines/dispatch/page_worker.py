"""All that is sent for one Page, by the one process that holds it: at its pace, canaries first, each send by itself."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection

from pipelines.dispatch.backoff import MAX_ATTEMPTS
from pipelines.dispatch.graph_api import Answer, GraphApi
from pipelines.dispatch.journal import Journal
from pipelines.dispatch.judge import result_again, result_of
from pipelines.dispatch.outcomes import ErrorTable, Outcome, classify
from pipelines.dispatch.pace import HOLD_S, Pace
from pipelines.dispatch.run import ACTOR, Run
from pipelines.ledger import brakes, campaigns, queue
from pipelines.ledger.campaigns import CampaignRecord
from pipelines.ledger.queue import Queued

_Value = TypeVar("_Value")

_AT_ONCE = 100
"""Sends fetched in one question: some seconds of work, after which quiet hours and retries are looked at again."""
_LOOK_S = 0.2
"""How often a worker looks again that waits for its pace, or for answers that do not come."""
_IDLE_S = 1.0
"""How often one with nothing on its way does: many Pages may wait for a morning, and a resume is to be felt soon."""
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
    same_tokens: int
    """So many one-time tokens turned down alike, one after another, stop a campaign."""


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
        """Do it. Raises what the ledger raises, and only once nothing is on its way any more."""
        try:
            await self._write(lambda connection: queue.orphaned(connection, self.page_id, self._shared.clock()))
            # Whoever held the Page before may have sent a moment ago: its second must pass before ours begins.
            await asyncio.sleep(HOLD_S)
            while not self.is_stopping:
                await self._refresh()
                if not await self._send_some():
                    if not self._runs and not self._taken:
                        break
                    await self._rest(_LOOK_S if self._taken else _IDLE_S)
        finally:
            # Whatever went wrong: the Page is given back only after the last call for it has its answer.
            await asyncio.gather(*self._taken.values(), return_exceptions=True)
        if self._failure:
            raise self._failure
        await self._write(lambda connection: queue.drop_cancelled(connection, self.page_id, self._shared.clock()))
        await self._tell_all(list(self._runs.values()))

    async def _refresh(self) -> None:
        """See which campaigns are sending now, and end those that have nothing left."""
        if self._failure:
            raise self._failure
        now = self._shared.clock()
        found = await self._write(lambda connection: campaigns.sending(connection, self.page_id))
        over = [self._runs.pop(key) for key in self._runs.keys() - {record.campaign_id for record in found}]
        await self._tell_all(over)
        for record in found:
            if record.campaign_id not in self._runs:
                await self._begin(record, now)
        if time.monotonic() - self._lapsed_at >= _LAPSE_S or not self._taken:
            await self._lapse(now)
            self._lapsed_at = time.monotonic()

    async def _begin(self, record: CampaignRecord, now: datetime) -> None:
        """Take a campaign on; one that cannot be read is paused, and the others go on."""
        try:
            run = await self._write(partial(Run, record, same_tokens=self._shared.same_tokens))
        except (ValueError, TypeError, KeyError) as error:
            why = f"This version cannot read it ({error!r}). Write it anew from its file."
            end = partial(campaigns.pause, campaign_id=record.campaign_id, by=ACTOR, now=now, why=why)
            await self._write(end)
        else:
            self._runs[record.campaign_id] = run

    async def _tell_all(self, runs: list[Run]) -> None:
        for run in runs:
            await self._write(partial(run.tell, now=self._shared.clock(), at_least=1))

    async def _lapse(self, now: datetime) -> None:
        """Give up what may no longer go, and call done what has nothing open.

        Each in a transaction of its own: a person's command takes the campaign first, then its sends.
        """
        await self._write(lambda connection: queue.drop_cancelled(connection, self.page_id, now))
        for run in list(self._runs.values()):
            if not await self._write(partial(run.lapse, now=now)):
                why = "all sends have come to an end"
                await self._write(partial(run.end, to="done", action="campaign_done", why=why, now=now))

    async def _send_some(self) -> bool:
        """Let go what is due, and return whether anything was."""
        now = self._shared.clock()
        if await self._write(lambda connection: brakes.standing(connection, self.page_id, now)):
            return False
        went = await self._settle_some(now)
        for run in list(self._runs.values()):
            run.is_stale = False
            for lane in sorted(run.lanes) if run.is_time(now) else ():
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

    async def _settle_some(self, now: datetime) -> bool:
        """Try one-time tokens again whose answers were lost, once their echoes had the time to come."""
        before, went = now - self._shared.settle_after, False
        lost = await self._write(
            lambda c: queue.unconfirmed(c, self.page_id, now, before=before, tries=MAX_ATTEMPTS, limit=_AT_ONCE)
        )
        for send in lost:
            run = self._runs.get(send.campaign_id)
            if run is None or send.send_id in self._taken or not run.is_time(now):
                continue
            if not await self._slot():
                break
            self._let_go(run, send)
            went = True
        return went

    async def _slot(self) -> bool:
        """Wait for the Page's pace, and take a place in it; False when it is closed for longer, or all is to stop."""
        while not self.is_stopping and not self._failure:
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
        outcome = result = None
        try:
            async with self._shared.connections:
                body = run.body(send)  # before it is written down that it goes: what cannot be made is not on its way
                now, is_again = self._shared.clock(), send.state == "unconfirmed"
                if not run.is_time(now) or not await self._shared.journal.start(
                    send.send_id, send.lane, now, again=is_again
                ):
                    run.is_stale = True
                    return
                answer, outcome = await self._call(body, send)
            result = (result_again if is_again else result_of)(send, outcome, self._shared.clock())
            await self._shared.journal.record(result)
            # A token that turns out to be used is no refusal; one try too many is.
            meant = {"accepted": "accepted", "failed": "give_up_message"}.get(result.state, outcome.action)
            await self._heed(run, send, answer, replace(outcome, action=meant))
        finally:
            if outcome is None:
                self._pace.answered(time.monotonic())
            run.canary.back(send.lane, is_accepted=result is not None and result.state == "accepted")

    async def _call(self, body: dict[str, Any] | Outcome, send: Queued) -> tuple[Answer | None, Outcome]:
        if isinstance(body, Outcome):
            self._pace.answered(time.monotonic())
            return None, body
        answer = await self._shared.api.send(self.page_id, body)
        outcome = classify(answer, self._shared.errors, send.lane)
        self._pace.answered(time.monotonic())
        return answer, outcome

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
            await self._write(lambda connection: brakes.put_on(connection, self.page_id, until, why, now))
        run.count(outcome, by_token=send.state == "unconfirmed")
        is_current = self._runs.get(send.campaign_id) is run  # not paused, cancelled or resumed meanwhile
        if run.is_to_be_told or not is_current:
            await self._write(partial(run.tell, now=now, at_least=1))
        why_stop = run.breaker.hear(outcome, send.lane)
        if why_stop and is_current:
            for each in list(self._runs.values()) if outcome.action == "halt_page" else [run]:
                each.is_stale = True
                await self._write(partial(each.end, to="paused", action="campaign_paused", why=why_stop, now=now))

    async def _write(self, act: Callable[[Connection], _Value]) -> _Value:
        return await self._shared.journal.run(act)
