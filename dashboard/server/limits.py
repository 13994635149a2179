"""How often one address may knock: a bucket of tokens for each, and 429 where it is empty."""

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MOST_ADDRESSES = 4096
_PROVEN_SECONDS = 3600.0
_REFUSALS = frozenset({401, 403, 404, 413})


@dataclass(frozen=True, slots=True)
class Limit:
    """
    What one address may do at one route: `burst` at once, then `per_second`.

    `refused_only` counts only refusals (401, 403, 404, 413). Where it is set, an address that was answered well
    within the last hour is not limited at all: it has shown that it holds the secret.
    """

    name: str
    path: str
    methods: frozenset[str]
    burst: float
    per_second: float
    refused_only: bool = False

    def covers(self, method: str, path: str) -> bool:
        """Say whether a request falls under it: the path itself, or what lies below it."""
        return method in self.methods and (path == self.path or path.startswith(f"{self.path}/"))


_GET, _POST = frozenset({"GET", "HEAD"}), frozenset({"POST"})
LIMITS = (
    Limit("webhook", "/webhook", _POST, burst=30, per_second=1, refused_only=True),
    Limit("challenge", "/webhook", _GET, burst=10, per_second=1 / 6, refused_only=True),
    Limit("deletion", "/privacy/deletion", _POST, burst=10, per_second=1 / 6, refused_only=True),
    Limit("deletion_status", "/privacy/deletion", _GET, burst=30, per_second=0.5),
    Limit("login", "/auth/login", _GET, burst=30, per_second=0.5),
    Limit("callback", "/oauth2callback", _GET, burst=30, per_second=0.5),
    Limit("metrics", "/metrics", _GET, burst=10, per_second=1 / 6, refused_only=True),
)
"""An office behind one address signs in within a burst; nobody guesses a token at ten tries a minute."""


class Buckets:
    """
    One bucket for each address, full at first. Holds at most `most` of them: who was not seen for longest is forgotten.

    `clock` gives seconds that only grow, as time.monotonic does.
    """

    def __init__(
        self, burst: float, per_second: float, clock: Callable[[], float], most: int = _MOST_ADDRESSES
    ) -> None:
        self._burst, self._per_second, self._clock, self._most = burst, per_second, clock, most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def wait(self, address: str) -> float:
        """Return in how many seconds there is a token; 0 if there is one. Takes none."""
        level = self._level(address)
        return 0.0 if level >= 1 else (1 - level) / self._per_second

    def take(self, address: str) -> None:
        """Take a token; an empty bucket stays empty."""
        self._buckets[address] = (max(self._level(address) - 1, 0.0), self._clock())
        self._buckets.move_to_end(address)
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)

    def _level(self, address: str) -> float:
        level, since = self._buckets.get(address, (self._burst, 0.0))
        return min(self._burst, level + (self._clock() - since) * self._per_second)


class _Guard:
    """One limit, the buckets of it, and who has proven itself."""

    def __init__(self, limit: Limit, clock: Callable[[], float], most: int) -> None:
        self.limit = limit
        self._buckets = Buckets(limit.burst, limit.per_second, clock, most)
        self._proven = Buckets(1, 1 / _PROVEN_SECONDS, clock, most)  # empty for an hour after it was taken from

    def wait(self, address: str) -> float:
        if self.limit.refused_only and self._proven.wait(address) > 0:
            return 0.0
        return self._buckets.wait(address)

    def begin(self, address: str) -> None:
        if not self.limit.refused_only:
            self._buckets.take(address)

    def end(self, address: str, status: int) -> None:
        if not self.limit.refused_only:
            return
        if status < 300:
            self._proven.take(address)
        elif status in _REFUSALS:
            self._buckets.take(address)


class RateLimits:
    """
    ASGI middleware that answers 429 before anything else is done for whom has knocked too often.

    Who is asked is the peer, or what a trusted proxy says of it (uvicorn reads X-Forwarded-For). This machine itself
    is not limited: a proxy that says nothing of its callers would stand for all of them. `on_limited` is told the
    limit's name each time.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        clock: Callable[[], float],
        on_limited: Callable[[str], None],
        limits: Iterable[Limit] = LIMITS,
        most: int = _MOST_ADDRESSES,
    ) -> None:
        self._app = app
        self._on_limited = on_limited
        self._guards = [_Guard(limit, clock, most) for limit in limits]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, or answer 429 with the seconds to wait."""
        guard = self._guard(scope)
        address = _address(scope["client"][0]) if guard and scope.get("client") else None
        if guard is None or address is None:
            await self._app(scope, receive, send)
            return
        wait = guard.wait(address)
        if wait > 0:
            self._on_limited(guard.limit.name)
            headers = {"Retry-After": str(math.ceil(wait))}
            await PlainTextResponse("Too many requests. Wait, then try again.\n", 429, headers)(scope, receive, send)
            return
        guard.begin(address)

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start":
                guard.end(address, message["status"])
            await send(message)

        await self._app(scope, receive, send_and_count)

    def _guard(self, scope: Scope) -> _Guard | None:
        if scope["type"] != "http":
            return None
        method, path = scope["method"], scope["path"]
        return next((guard for guard in self._guards if guard.limit.covers(method, path)), None)


@lru_cache(_MOST_ADDRESSES)
def _address(host: str) -> str | None:
    """Return whom to count, None for this machine: an IPv4 address, or an IPv6 network, which one subscriber owns."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host  # a socket of the system, which has a name and no address
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback:
        return None
    return str(address if address.version == 4 else ipaddress.ip_network((address, 64), strict=False))
