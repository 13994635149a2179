"""Takes Pages that nobody holds, sends for each, settles what is unconfirmed, until nothing is left or told to stop."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Connection, Engine

from pipelines.dispatch.backoff import MAX_ATTEMPTS
from pipelines.dispatch.echoes import EchoReader
from pipelines.dispatch.graph_api import GraphApi
from pipelines.dispatch.journal import Journal
from pipelines.dispatch.outcomes import ErrorTable
from pipelines.dispatch.pace import Pace
from pipelines.dispatch.page_worker import PageWorker, Shared
from pipelines.dispatch.run import ACTOR
from pipelines.errors import LedgerUnreachable, Refused, UsageError
from pipelines.ledger import campaigns, queue
from pipelines.ledger.locks import PageLocks
from pipelines.policy import Policy

_LOOK_S = 0.5
_ECHOES_S = 1.0


class Dispatcher:
    """One process that sends. Several may run on one ledger: each Page is held by one of them at a time."""

    def __init__(
        self,
        ledger: Engine,
        policy: Policy,
        errors: ErrorTable,
        clock: Callable[[], datetime],
        *,
        logs: Path,
        settle_after: timedelta,
        messages_per_second: int = 0,
    ) -> None:
        """`logs` is where echoes are read, `settle_after` how long an echo is waited for; 0 is the rule book's rate."""
        self._ledger = ledger
        self._policy = policy
        self._errors = errors
        self._clock = clock
        self._settle_after = settle_after
        self._rate = messages_per_second
        self._echoes = EchoReader(logs)
        self._admitted: set[str] = set()
        self._workers: dict[str, tuple[PageWorker, asyncio.Task[None]]] = {}
        self._echoes_at = -_ECHOES_S
        self._is_stopping = False

    def stop(self) -> None:
        """Let nothing more go; what is on its way is waited for."""
        self._is_stopping = True
        for worker, _ in self._workers.values():
            worker.is_stopping = True

    async def run(self, api: GraphApi, token_of: Callable[[str], SecretStr | None], *, until_empty: bool) -> None:
        """Send until stopped, or until nothing is left that can be sent or settled without a person."""
        locks = PageLocks(self._ledger)
        try:
            async with api, Journal(self._ledger) as journal:
                shared = Shared(
                    api,
                    journal,
                    self._errors,
                    self._clock,
                    asyncio.Semaphore(api.connections),
                    self._settle_after,
                    int(self._policy.rule("otn.stop_after_errors", self._clock()).value),
                )
                try:
                    await self._look_after(shared, locks, token_of, until_empty=until_empty)
                finally:
                    # However it ends: the journal and the locks stay until nothing is on its way any more.
                    self.stop()
                    ends = await asyncio.gather(*(task for _, task in self._workers.values()), return_exceptions=True)
                for failure in filter(None, ends):
                    raise failure
        finally:
            locks.close()

    async def _look_after(
        self, shared: Shared, locks: PageLocks, token_of: Callable[[str], SecretStr | None], *, until_empty: bool
    ) -> None:
        while not self._is_stopping:
            await self._settle(shared.journal)  # first: what an echo already says is not sent again
            await self._take_pages(shared, locks, token_of)
            await self._reap(locks)
            if until_empty and not await self._left(shared.journal):
                break
            await asyncio.sleep(_LOOK_S)

    async def _take_pages(self, shared: Shared, locks: PageLocks, token_of: Callable[[str], SecretStr | None]) -> None:
        if not locks.is_alive():
            raise LedgerUnreachable("The connection to the ledger is lost, and with it the right to send. Start again.")
        for page_id in await asyncio.to_thread(queue.pages_with_work, self._ledger):
            if page_id in self._workers or not locks.take(page_id):
                continue
            if why := self._admit(shared.api, page_id, token_of(page_id)):
                await shared.journal.run(partial(self._pause, page_id=page_id, why=why))
                locks.give_back(page_id)
                continue
            worker = PageWorker(page_id, Pace.by(self._policy, self._clock(), self._rate), shared)
            self._workers[page_id] = (worker, asyncio.create_task(worker.work()))

    def _admit(self, api: GraphApi, page_id: str, token: SecretStr | None) -> str:
        """Let a Page be called, or return why it cannot be."""
        if token is None:
            return (
                f"There is no access token for the Page {page_id}. Set it under [access_tokens] in settings.toml, "
                "or in CLEAR_TO_SEND_ACCESS_TOKENS, and resume."
            )
        if page_id not in self._admitted:
            try:
                api.admit(page_id, token)
            except UsageError as error:
                return f"{error} Then resume."
            self._admitted.add(page_id)  # it keeps its pool of connections
        return ""

    def _pause(self, connection: Connection, page_id: str, why: str) -> None:
        with suppress(Refused):  # a person was quicker
            campaigns.pause_page(connection, page_id, ACTOR, self._clock(), why)

    async def _reap(self, locks: PageLocks) -> None:
        """Give Pages back whose work is done; what went wrong in one ends all."""
        for page_id, (_, task) in list(self._workers.items()):
            if task.done():
                del self._workers[page_id]
                locks.give_back(page_id)
                task.result()

    async def _settle(self, journal: Journal) -> None:
        """Read what came in since the last time, where an echo could settle something."""
        if time.monotonic() - self._echoes_at < _ECHOES_S:
            return
        self._echoes_at = time.monotonic()
        since = await journal.run(queue.unsettled_since)
        if since is not None:
            await asyncio.to_thread(self._echoes.read, since)
            await journal.run(partial(self._echoes.settle, now=self._clock()))

    async def _left(self, journal: Journal) -> int:
        now = self._clock()
        since = now - self._settle_after
        return await journal.run(lambda connection: queue.left(connection, now, since=since, tries=MAX_ATTEMPTS))
