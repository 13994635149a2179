"""Signed deliveries of one event each over many connections, from bytes made beforehand.

The arguments: PORT CONNECTIONS COUNT RATE. At a rate they fall due evenly, and the time to an answer counts from then,
not from when the connection was free; without one (0) each goes out when the answer before it has come.
"""

import asyncio
import hmac
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import uvloop

SECRET = "benchmark"  # noqa: S105
_PAGES, _HEAD = 20, "POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


def request(number: int) -> bytes:
    """Return a delivery as it goes over the wire."""
    page, at = f"10844444444{number % _PAGES:04}", 1_795_000_000_000 + number
    item = {"sender": {"id": f"24{number % 50_000:015}"}, "recipient": {"id": page}, "timestamp": at,
            "message": {"mid": f"m_{number:032}", "text": "Are the trail shoes back in my size? " * 3}}  # fmt: skip
    delivery = {"object": "page", "entry": [{"id": page, "time": at + 20, "messaging": [item]}]}
    body = json.dumps(delivery, separators=(",", ":")).encode()
    signature = hmac.digest(SECRET.encode(), body, "sha256").hex()
    return f"{_HEAD}Content-Length: {len(body)}\r\nX-Hub-Signature-256: sha256={signature}\r\n\r\n".encode() + body


class Client(asyncio.Protocol):
    """One connection: the next request goes out when the answer to the last one is there, and not before it is due."""

    def __init__(
        self, requests: list[bytes], due: Iterator[float], took: list[float], statuses: Counter[bytes]
    ) -> None:
        self._requests, self._due, self._took, self._statuses = requests, due, took, statuses
        self._answer = b""
        self._loop = asyncio.get_running_loop()
        self.done = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport: Any = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        """Go on when an answer, which has no body, is whole."""
        self._answer += data
        if self._answer.endswith(b"\r\n\r\n"):
            self._took.append(time.perf_counter() - self._sent)
            self._statuses[self._answer[9:12]] += 1
            self._answer = b""
            self._next()

    def connection_lost(self, _: Exception | None) -> None:
        """End."""
        if not self.done.done():
            self.done.set_result(None)

    def _next(self) -> None:
        if not self._requests:
            self._transport.close()
            return
        request, now = self._requests.pop(), time.perf_counter()
        self._sent = next(self._due) or now
        if self._sent > now:
            self._loop.call_later(self._sent - now, self._transport.write, request)
        else:
            self._transport.write(request)


async def drive(port: int, connections: int, count: int, rate: int) -> dict[str, Any]:
    """Send them all; return how long that took, the times to the answers, and the statuses."""
    requests, took, statuses = [request(number) for number in range(count)], list[float](), Counter[bytes]()
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    due = (begun + number / rate if rate else 0.0 for number in range(count))
    clients = []
    for _ in range(connections):
        _, client = await loop.create_connection(lambda: Client(requests, due, took, statuses), "127.0.0.1", port)
        clients.append(client)
    await asyncio.gather(*(client.done for client in clients))
    seconds = time.perf_counter() - begun
    took.sort()
    return {
        "seconds": seconds, "p50": took[len(took) // 2], "p99": took[len(took) * 99 // 100], "most": took[-1],
        "statuses": {status.decode(): number for status, number in statuses.items()},
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(uvloop.run(drive(*(int(word) for word in sys.argv[1:5])))))
