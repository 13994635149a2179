"""The webhook route, as an ASGI application for one path: checked, on the disk, and only then answered."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from pipelines.receive.counts import Counts
from pipelines.receive.log import Limits, Log, Stored
from pipelines.receive.signature import HEADER, Signatures, challenge_of
from pipelines.receive.tidying import tidy

PATH = "/webhook"
_TICK_SECONDS = 2.0
_UNSIGNED = "A delivery was refused: its X-Hub-Signature-256 is missing or made with no app secret that is set."
_NO_SECRET = "A delivery was refused: app_secret is not set, so that no signature can be checked."  # noqa: S105
_TOO_LARGE = "A delivery was refused: it is larger than the receiver takes."
_NO_CHALLENGE = "A challenge was refused: it does not name the verify_token, or none is set."
_BUSY = "The disk does not keep up: deliveries wait for it, and there is no room for more."
_STOPPED = "The receiver does not run any more, or not yet."
_DEFAULT = Limits()


class Receiver:
    """Takes Meta's challenge and its signed deliveries. Between `start` and `stop`, which the same loop awaits."""

    def __init__(
        self,
        logs: Path,
        counts: Path,
        app_secrets: Sequence[SecretStr],
        verify_token: SecretStr | None,
        clock: Callable[[], datetime],
        on_append: Callable[[], None],
        limits: Limits = _DEFAULT,
        *,
        name: str = "app",
    ) -> None:
        """`clock` gives naive UTC; `on_append` is called by the loop whenever something new is on the disk."""
        self.counts = Counts(counts, name, clock)
        self._logs, self._limits = logs, limits
        self._signatures, self._verify_token = Signatures(app_secrets), verify_token
        self._on_append = on_append
        self._log = Log(logs, clock, limits)
        self._waiting: list[tuple[bytes, bytes, asyncio.Future[bool]]] = []
        self._waiting_bytes = 0
        self._committing: asyncio.Task[None] | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._tidying: set[asyncio.Future[None]] = set()

    async def start(self) -> None:
        """Bring in order what a dead process left, and begin to take deliveries."""
        self._loop = asyncio.get_running_loop()
        # Two threads: compressing a segment must not hold up the deliveries.
        self._writer = ThreadPoolExecutor(1, "receive-write")
        self._helper = ThreadPoolExecutor(1, "receive-tidy")
        await self._loop.run_in_executor(self._helper, tidy, self._logs)
        await self._write_counts()
        self._ticking = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Answer what is in flight, close and compress the segment. What comes later is told to come again."""
        ticking, self._ticking = self._ticking, None
        if ticking is None:
            return
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
        if self._committing:
            await self._committing
        await self.rotate()
        await asyncio.gather(*self._tidying)
        await self._write_counts()
        self._writer.shutdown()
        self._helper.shutdown()

    async def rotate(self) -> None:
        """Close the open segment now, and have it compressed soon."""
        if await self._loop.run_in_executor(self._writer, lambda: self._log.rotate(is_last=True)):
            self._tidy()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        method = scope["method"]
        if method == "POST":
            status = await self._take(scope["headers"], receive)
            if status:
                await _answer(send, status)
        elif method == "GET":
            challenge = challenge_of(scope["query_string"], self._verify_token)
            if challenge is None:
                self.counts.refused("bad_challenge", _NO_CHALLENGE)
            else:
                self.counts.challenged()
            await _answer(send, 403 if challenge is None else 200, challenge or b"")
        else:
            await _answer(send, 405)

    async def _take(self, headers: Sequence[tuple[bytes, bytes]], receive: Receive) -> int:
        """Return the status of the answer to a delivery; 0 where nobody is left to read it."""
        signature, length = b"", b"0"
        for name, value in headers:
            if name == HEADER:
                signature = value
            elif name == b"content-length":
                length = value
        if length.isdigit() and int(length) > self._limits.body_bytes:
            self.counts.refused("too_large", _TOO_LARGE)
            return 413
        body = await self._body(receive)
        if body is None:
            return 0
        if len(body) > self._limits.body_bytes:
            self.counts.refused("too_large", _TOO_LARGE)
            return 413
        if not self._signatures.fit(body, signature):
            self.counts.refused("bad_signature", _UNSIGNED if self._signatures else _NO_SECRET)
            return 403
        return 200 if await self._store(body, signature) else 503

    async def _body(self, receive: Receive) -> bytes | None:
        """Read a body, to just beyond the limit; None if the client went away."""
        message = await receive()
        if message["type"] != "http.request":
            return None
        body: bytes = message.get("body", b"")
        if not message.get("more_body"):
            return body
        parts, size = [body], len(body)
        while message.get("more_body") and size <= self._limits.body_bytes:
            message = await receive()
            if message["type"] != "http.request":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        return b"".join(parts)

    async def _store(self, body: bytes, signature: bytes) -> bool:
        """Put a delivery in line, and wait until it is on the disk; return whether it is."""
        if self._ticking is None or self._waiting_bytes > self._limits.waiting_bytes:
            self.counts.failed(1, _STOPPED if self._ticking is None else _BUSY)
            return False
        done: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.append((body, signature, done))
        self._waiting_bytes += len(body)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit())
        return await done

    async def _commit(self) -> None:
        """Store what waits, group by group: all that comes in while one is being written is the next."""
        try:
            while self._waiting:
                group, self._waiting, self._waiting_bytes = self._waiting, [], 0
                stored = False
                try:
                    stored = await self._append([(body, signature) for body, signature, _ in group])
                finally:
                    for _, _, done in group:
                        if not done.done():  # its client's task may have been cancelled
                            done.set_result(stored)
                if stored:
                    self._loop.call_soon(self._on_append)
        finally:
            self._committing = None

    async def _append(self, deliveries: list[tuple[bytes, bytes]]) -> bool:
        try:
            stored, has_closed = await self._loop.run_in_executor(self._writer, self._append_in_thread, deliveries)
        except OSError as error:
            self.counts.failed(len(deliveries), f"Deliveries could not be stored: {error.strerror}.")
            return False
        self.counts.stored(stored)
        if has_closed:
            self._tidy()
        return True

    def _append_in_thread(self, deliveries: list[tuple[bytes, bytes]]) -> tuple[Stored, bool]:
        return self._log.append(deliveries), self._log.rotate()

    def _tidy(self) -> None:
        tidying = self._loop.run_in_executor(self._helper, tidy, self._logs)
        self._tidying.add(tidying)
        tidying.add_done_callback(self._tidying.discard)

    async def _tick(self) -> None:
        """Now and then: end a segment that is old though nothing comes, and write the counts."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            if await self._loop.run_in_executor(self._writer, self._log.rotate):
                self._tidy()
            await self._write_counts()

    async def _write_counts(self) -> None:
        await self._loop.run_in_executor(self._helper, self.counts.write, self.counts.as_json(self._log.segment))


async def _answer(send: Send, status: int, text: bytes = b"") -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    if status == 405:
        headers.append((b"allow", b"GET, POST"))
    if status == 413:
        headers.append((b"connection", b"close"))  # the rest of the body is not read
    start: dict[str, Any] = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": text})
