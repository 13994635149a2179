"""A real HTTP server on this machine that answers as a test tells it to, well or badly."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Seen:
    """One request as it came in, and the number of the connection that brought it."""

    target: str
    headers: dict[str, str]
    body: Any
    connection: int


Reply = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class GraphServer:
    """The server's address, and all that it has seen."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)


def saying(status: int, body: bytes, **headers: str) -> Reply:
    """Answer every request alike; an underscore in a header's name stands for a hyphen."""

    async def reply(_: Seen, writer: asyncio.StreamWriter) -> None:
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        head = "\r\n".join([f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *lines])
        writer.write(head.encode() + b"\r\n\r\n" + body)

    return reply


def sending(raw: bytes) -> Reply:
    """Answer with these bytes, whatever they are, and close."""

    async def reply(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        writer.close()

    return reply


async def resetting(_: Seen, writer: asyncio.StreamWriter) -> None:
    """Cut the connection once the request is there."""
    writer.transport.abort()


async def hanging(_: Seen, writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


async def dribbling(_: Seen, writer: asyncio.StreamWriter) -> None:
    """Begin an answer, and never come to an end, though each piece is in time."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b" ")
        await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(reply: Reply) -> AsyncIterator[GraphServer]:
    """Run a server for as long as the block lasts."""
    graph = GraphServer()
    tasks: set[asyncio.Task[Any]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        number = len(tasks)
        try:
            while not writer.is_closing():
                seen = await _request(reader, number)
                graph.seen.append(seen)
                await reply(seen, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the other end is done, or the test is
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    graph.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield graph
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _request(reader: asyncio.StreamReader, connection: int) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(head[0].split(" ")[1], headers, json.loads(body) if body else None, connection)
