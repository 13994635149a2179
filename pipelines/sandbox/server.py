"""The Graph API over HTTP, on 127.0.0.1 only: answers with their headers, and connections that end without one."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from itertools import count
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipelines.errors import PolicyUnknown
from pipelines.sandbox import errors
from pipelines.sandbox.calls import Call, check_version, find_page, read_call
from pipelines.sandbox.control import Control
from pipelines.sandbox.errors import GraphError
from pipelines.sandbox.graph import Graph
from pipelines.sandbox.messages import Fields
from pipelines.sandbox.moments import in_ms
from pipelines.sandbox.state import Page

HOST = "127.0.0.1"

_as_json = json.JSONEncoder(separators=(",", ":")).encode


class _HungUp(Exception):
    """The connection ends without an answer."""


class _InOnePiece:
    """A transport that sends all that is written in one turn of the loop at once.

    Sending an answer's head and body one by one takes longer than deciding on the answer.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._written: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._written:
            self._loop.call_soon(self._flush)
        self._written.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._written:
            self._transport.write(b"".join(self._written))
            self._written.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _Protocol(H11Protocol):
    """uvicorn's HTTP, with a way to hang up: `request.state.hang_up`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_InOnePiece(transport, self.loop))  # type: ignore[arg-type]
        self.app_state = {**self.app_state, "hang_up": transport.abort}


class Endpoint:
    """Answers every request to the Graph API."""

    def __init__(self, graph: Graph, clock: Callable[[], datetime], secret: str) -> None:
        self._graph = graph
        self._clock = clock
        self._secret = secret
        self._traces = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = await self._answer(Request(scope, receive))
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        arrived = time.monotonic()
        page_id = ""
        try:
            call = await read_call(request)
            at = self._now()
            check_version(call, self._graph.book, at)
            page = find_page(call, self._graph.state, self._secret)
            page_id = page.page_id
            body = await self._carry_out(call, page, arrived, at)
            return self._response(200, body, page_id)
        except GraphError as error:
            self._count_refusal(request, page_id, error)
            return self._refusal(error, page_id)
        except PolicyUnknown as error:
            return self._refusal(GraphError(errors.BAD_PARAMETER, f"The sandbox cannot judge this: {error}"), page_id)
        except (_HungUp, ClientDisconnect):  # or the client died in the middle of its request
            request.state.hang_up()
            await asyncio.sleep(0)  # uvicorn sees the end of the connection, and drops the answer below
            return Response()

    async def _carry_out(self, call: Call, page: Page, arrived: float, at: int) -> Fields:
        graph, stats = self._graph, self._graph.stats.page(page.page_id)
        is_message = call.method == "POST" and call.edge == "messages"
        in_a_second = stats.arrived(arrived) if is_message else 0
        calls = stats.called(at)
        if latency := graph.faults.amount("latency"):
            await asyncio.sleep(latency)
            at = self._now()
        self._fail("drop_before")
        self._fail("server_error")
        if in_a_second > graph.book.value("rate.send.text", at):
            raise GraphError(errors.RATE_LIMIT, "Calls to this api have exceeded the rate limit.")
        if calls > self._limit(page, at):
            raise GraphError(errors.MESSENGER_LIMIT, "There have been too many calls to this Messenger account.")
        if not is_message:
            return graph.call(call.method, page, call.edge, call.fields, at)
        answer = graph.message(page, call.fields, at)
        self._fail("drop_after")
        self._fail("garbled")
        return answer

    def _fail(self, fault: str) -> None:
        """Let a fault of the connection happen, if it does this time."""
        if not self._graph.faults.strikes(fault):
            return
        self._graph.stats.faults[fault] += 1
        if fault == "server_error":
            raise GraphError(errors.UNKNOWN, "Service unavailable", status=503)
        if fault == "garbled":
            raise GraphError(errors.GARBLED, "Invalid JSON in the reply; the message may have been sent")
        raise _HungUp

    def _now(self) -> int:
        at = in_ms(self._clock())
        self._graph.state.advance(at)
        return at

    def _limit(self, page: Page, at: int) -> int:
        return max(1, len(page.people)) * int(self._graph.book.value("rate.daily.calls_a_person", at))

    def _count_refusal(self, request: Request, page_id: str, error: GraphError) -> None:
        if request.method == "POST" and error.kind != errors.GARBLED:
            self._graph.stats.page(page_id or "unknown").refused[error.name] += 1

    def _refusal(self, error: GraphError, page_id: str) -> Response:
        trace = f"A{next(self._traces):021x}"
        if error.status == 503:
            return self._response(503, None, page_id)
        return self._response(error.status, error.body(trace), page_id, throttled=error)

    def _response(
        self, status: int, body: Fields | None, page_id: str, throttled: GraphError | None = None
    ) -> Response:
        content = b"<html>Service unavailable</html>" if body is None else _as_json(body).encode()
        media_type = "text/html" if body is None else "application/json; charset=UTF-8"
        return Response(content, status, self._usage(page_id, throttled), media_type)

    def _usage(self, page_id: str, error: GraphError | None) -> dict[str, str]:
        """Return the headers that tell how much of the limit is used; every answer has them."""
        graph, at = self._graph, in_ms(self._clock())
        page = graph.state.pages.get(page_id)
        percent, wait = graph.faults.amount("usage"), 0.0
        if page:
            limit, stats = self._limit(page, at), graph.stats.page(page_id)
            percent = max(percent, 100 * stats.calls_today / limit)
            wait = stats.minutes_to_wait(limit, at) if stats.calls_today > limit else 0
        if error and error.kind in {errors.RATE_LIMIT, errors.MESSENGER_LIMIT, errors.APP_LIMIT}:
            percent, wait = max(percent, 100), max(wait, graph.faults.amount("regain"))
        used = {"call_count": int(percent), "total_cputime": int(percent / 2), "total_time": int(percent / 2)}
        case = {"type": "messenger", **used, "estimated_time_to_regain_access": int(wait)}
        return {"x-app-usage": _as_json(used), "x-business-use-case-usage": _as_json({page_id or "0": [case]})}


def make_app(graph: Graph, clock: Callable[[], datetime], secret: str) -> ASGIApp:
    """Return the ASGI application; it sends webhooks for as long as it lives, and those in line when it ends."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(graph.webhooks.run(clock))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        graph.webhooks.close()
        graph.truth.close()

    control = Starlette(routes=[Mount("/sandbox", routes=Control(graph, clock).routes())], lifespan=lifespan)
    endpoint = Endpoint(graph, clock, secret)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_graph = scope["type"] == "http" and not scope["path"].startswith("/sandbox/")
        await (endpoint if is_graph else control)(scope, receive, send)

    return app


def make_server(app: ASGIApp) -> uvicorn.Server:
    """Return a server for the application; `run(sockets=[…])` serves until `should_exit`."""
    options: dict[str, Any] = {
        "access_log": False,
        "log_level": "warning",
        "lifespan": "on",
        "ws": "none",
        "proxy_headers": False,
    }
    return uvicorn.Server(
        uvicorn.Config(
            app, http=_Protocol, loop="asyncio", timeout_graceful_shutdown=5, timeout_keep_alive=75, **options
        )
    )
