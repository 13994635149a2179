"""Asks an ASGI application without a server: requests through httpx, and a socket's first answer."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
from starlette.types import ASGIApp

STRANGER = "203.0.113.7"


class AsgiClient:
    """One peer of an application, at an address."""

    def __init__(self, app: ASGIApp, *, address: str = STRANGER, base_url: str = "https://app.example.com") -> None:
        self._app, self._address, self._base_url = app, address, base_url

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Return the answer to one request."""
        return self.requests(1, method, path, **more)[0]

    def requests(self, count: int, method: str, path: str, **more: Any) -> list[httpx.Response]:
        """Return the answers to the same request, made so many times, one after another."""

        async def ask() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self._app, client=(self._address, 40000))
            async with httpx.AsyncClient(transport=transport, base_url=self._base_url) as client:
                return [await client.request(method, path, **more) for _ in range(count)]

        return asyncio.run(ask())

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Return the answer to a GET."""
        return self.request("GET", path, **more)

    def opens_socket(self, path: str, headers: Mapping[str, str]) -> bool:
        """Say whether a WebSocket is accepted."""
        sent: list[dict[str, Any]] = []
        given = {"host": httpx.URL(self._base_url).netloc.decode()} | dict(headers)

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "websocket", "path": path, "query_string": b"", "client": (self._address, 40000),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }  # fmt: skip
        asyncio.run(self._app(scope, receive, send))  # type: ignore[arg-type]
        return sent[0]["type"] == "websocket.accept"
