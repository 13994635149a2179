"""The Graph API's Send call, one message a call, and the reading of a Page's edges. Sends through httpx.

The access token goes in a header and the application's proof in the body: addresses end up in logs, ours and those of
every proxy on the way. Where something is read there is no body, and the proof, which opens nothing without the token,
stands in the address. No exception of httpx leaves this file, because its words may quote a header.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from pipelines.dispatch.usage import Usage, usage_of
from pipelines.errors import UsageError
from pipelines.settings import LOOPBACK

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""Each of these is raised before the first byte of the request: no connection, no handshake, no free connection."""

_KEEP_ALIVE_S = 5.0
"""An idle connection is dropped before a server is likely to drop it: a request that meets a closing connection is
lost, and a lost message has to be settled."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `status` 0 and a `failure` where nothing did; `body` is {} where it was no JSON object."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)
    failure: Literal["", "not_sent", "lost"] = ""
    failure_words: str = ""
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class _Route:
    """All that is the same for each call of one Page."""

    address: httpx.URL
    headers: httpx.Headers = field(repr=False)
    proof: Mapping[str, str] = field(repr=False)


class GraphApi:
    """The connections to one Graph API, used as `async with GraphApi(...) as api`.

    Each connection is a client of its own, and the one used last is used next: httpx looks through its whole pool with
    each request, and a large one cost more than all else. Nothing is tried again, and no redirect is followed.
    """

    def __init__(
        self,
        url: str,
        version: str,
        access_tokens: Mapping[str, SecretStr],
        app_secret: SecretStr | None = None,
        timeout_s: float = 30,
        connections: int = 80,
    ) -> None:
        """`access_tokens` maps a Page's id to its token. Raises UsageError for an address or token of a wrong form."""
        self._base = f"{_checked_address(url)}/{version}"
        self._timeout_s = timeout_s
        self.connections = connections
        self._app_secret = app_secret
        self._routes: dict[str, _Route] = {}
        for page_id, token in sorted(access_tokens.items()):
            self.admit(page_id, token)
        self._extensions = {"timeout": httpx.Timeout(timeout_s).as_dict()}
        self._free: asyncio.LifoQueue[httpx.AsyncClient] = asyncio.LifoQueue()

    def __repr__(self) -> str:
        return f"GraphApi({self._base}, {len(self._routes)} Pages)"

    async def __aenter__(self) -> Self:
        """Make the clients; they connect when they are first used."""
        trusted = httpx.create_ssl_context()
        one = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEEP_ALIVE_S)
        for _ in range(self.connections):
            self._free.put_nowait(httpx.AsyncClient(verify=trusted, limits=one, follow_redirects=False))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        for _ in range(self.connections):
            await (await self._free.get()).aclose()

    def admit(self, page_id: str, token: SecretStr) -> None:
        """Take a Page's access token, in place of an earlier one. Raises UsageError for one of a wrong form."""
        self._routes[page_id] = self._route(page_id, token, self._app_secret)

    async def send(self, page_id: str, body: Mapping[str, Any]) -> Answer:
        """Make one call of the Page's Send API. Raises UsageError for a Page without an access token.

        A task that is cancelled in here leaves a message of which nobody knows whether it went out, as a lost answer
        does.
        """
        route = self._route_of(page_id)
        content = json.dumps({**body, **route.proof}, separators=(",", ":")).encode("ascii")
        request = httpx.Request(
            "POST", route.address, headers=route.headers, content=content, extensions=dict(self._extensions)
        )
        return await self._exchange(request)

    async def read(self, page_id: str, edge: str) -> Answer:
        """Read one edge of a Page. Raises UsageError for a Page without an access token."""
        route = self._route_of(page_id)
        address = httpx.URL(f"{self._base}/{quote(page_id, safe='')}/{edge}", params=route.proof)
        return await self._exchange(
            httpx.Request("GET", address, headers=route.headers, extensions=dict(self._extensions))
        )

    async def _exchange(self, request: httpx.Request) -> Answer:
        try:
            async with asyncio.timeout(self._timeout_s):
                client = await self._free.get()
        except TimeoutError:
            return Answer(0, failure="not_sent", failure_words="Every connection was busy for too long.")
        try:
            # httpx limits each step, each piece of an answer too: the whole needs an end of its own.
            async with asyncio.timeout(2 * self._timeout_s):
                response = await client.send(request)
        except _NEVER_LEFT as error:
            return Answer(0, failure="not_sent", failure_words=f"The Graph API cannot be reached ({_kind(error)}).")
        except (httpx.HTTPError, TimeoutError) as error:
            return Answer(0, failure="lost", failure_words=f"The answer was lost on its way ({_kind(error)}).")
        finally:
            self._free.put_nowait(client)
        return Answer(response.status_code, _object(response.content), usage=usage_of(response.headers))

    def _route_of(self, page_id: str) -> _Route:
        route = self._routes.get(page_id)
        if route is None:
            raise UsageError(
                f"There is no access token for the Page {page_id}. Set it under [access_tokens] in settings.toml, "
                "or in CLEAR_TO_SEND_ACCESS_TOKENS."
            )
        return route

    def _route(self, page_id: str, token: SecretStr, app_secret: SecretStr | None) -> _Route:
        secret = token.get_secret_value()
        if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
            raise UsageError(
                f"The access token of the Page {page_id} is empty, or holds a space or a sign that no token has. "
                "Copy it again."
            )
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json", "Accept": "*/*"}
        address = httpx.URL(f"{self._base}/{quote(page_id, safe='')}/messages")
        return _Route(address, httpx.Headers(headers), _proof(secret, app_secret))


def _checked_address(url: str) -> str:
    try:
        address = httpx.URL(url)
        address.host.encode("idna")  # what the look-up of the name does, where it would be no error of httpx
    except (httpx.InvalidURL, UnicodeError):
        address = httpx.URL("")
    if address.scheme not in {"http", "https"} or not address.host or address.userinfo or address.query:
        raise UsageError(
            "The setting graph_url is no address. Write it as https://graph.facebook.com, without a user or a query."
        )
    if address.scheme == "http" and address.host not in LOOPBACK:
        raise UsageError("The setting graph_url begins with http: access tokens would go out in clear. Write https.")
    return str(address).rstrip("/")


def _proof(secret: str, app_secret: SecretStr | None) -> dict[str, str]:
    if app_secret is None:
        return {}
    key = app_secret.get_secret_value().encode()
    return {"appsecret_proof": hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()}


def _object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _kind(error: Exception) -> str:
    """The error's name only: the words of some errors quote what was sent."""
    return type(error).__name__
