"""The guard before every route: a stranger gets the page to sign in, the routes that are open, and nothing else."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit.proto.BackMsg_pb2 import BackMsg

from dashboard.access import begin, person_of, public_origin, sign_out
from dashboard.pages import PAGES
from dashboard.server.signed_cookie import claims_in
from pipelines.access import Claims, is_this_machine
from pipelines.settings import Settings

OPEN = ("/webhook", "/privacy/deletion", "/health", "/ready", "/metrics")
"""Our own routes, and all below them, that check for themselves who calls."""

_PAGES = frozenset({"/", *(f"/{page.address}" for page in PAGES)})
_SOCKET = "/_stcore/stream"
_PROBES = ("/_stcore/health", "/_stcore/host-config")
"""What the browser asks before it opens the socket; below a page's address too, to find out where the app begins."""
_SIGN_OUT = "/auth/logout"
_FOR_ANYBODY = _PAGES | {
    "/favicon.png", "/manifest.json", "/auth/login", _SIGN_OUT, "/oauth2callback",
    *_PROBES, *(f"{page}{probe}" for page in _PAGES for probe in _PROBES),
}  # fmt: skip
_BUNDLES = "/static/"
_STRANGERS_MAY_SAY = frozenset({"rerun_script", "stop_script", "app_heartbeat"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_POLICY_VIOLATION = 1008
_SIGN_IN = "Sign in first: open this app's first page in a browser.\n"
_ELSEWHERE = (
    "These pages are for the machine that they run on: nobody is asked to sign in. Open them there, under 127.0.0.1, "
    "or configure sign-in.\n"
)


class Guard:
    """
    ASGI middleware.

    With sign-in: without a cookie signed here, of somebody who may see the pages now, only what signing in needs.
    Without: only this machine, by its own names, so that no other site's name can be bent to it, and no proxy brings
    others here. The socket of the page to sign in draws that page and hears nothing else; the pages check again.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        clock: Callable[[], datetime],
        open_routes: Collection[str] = OPEN,
    ) -> None:
        self._app, self._clock, self._home, self._open = app, clock, settings.home, open_routes
        self._has_sign_in = settings.access.is_on
        self._origin = public_origin(settings)
        begin(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, or refuse it."""
        if scope["type"] == "lifespan" or self._is_open(scope["path"]):
            await self._app(scope, receive, send)
        elif self._has_sign_in:
            await self._with_sign_in(scope, receive, self._only_over_https(send))
        elif _is_from_this_machine(scope):
            await self._app(scope, receive, send)
        else:
            await _refuse(scope, receive, send, 403, _ELSEWHERE)

    async def _with_sign_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        claims = claims_in(HTTPConnection(scope).cookies, self._origin)
        if scope["path"] == _SIGN_OUT:
            sign_out(claims)
        if self._may_see(claims):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket" and scope["path"] == _SOCKET:
            await self._app(scope, _strangers_words(receive), send)
        elif scope["type"] == "http" and _is_for_anybody(scope):
            await self._app(scope, receive, send)
        else:
            await _refuse(scope, receive, send, 401, _SIGN_IN)

    def _is_open(self, path: str) -> bool:
        return any(path == route or path.startswith(f"{route}/") for route in self._open)

    def _may_see(self, claims: Claims) -> bool:
        person = person_of(self._home, claims, self._clock())
        return person is not None and person.may("see")

    def _only_over_https(self, send: Send) -> Send:
        """Let a browser that came by https send back what it is given to keep by https alone."""
        if not self._origin.startswith("https:"):
            return send

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                cookies = headers.getlist("set-cookie")
                del headers["set-cookie"]
                for cookie in cookies:
                    headers.append("set-cookie", cookie if "; secure" in cookie.lower() else f"{cookie}; Secure")
            await send(message)

        return send_marked


def _is_for_anybody(scope: Scope) -> bool:
    path = scope["path"]
    return scope["method"] in ("GET", "HEAD") and (path in _FOR_ANYBODY or path.startswith(_BUNDLES))


def _is_from_this_machine(scope: Scope) -> bool:
    """By the peer, by the name that was asked for, and without a proxy in between, which would speak for others."""
    headers = Headers(scope=scope)
    peer = scope["client"][0] if scope.get("client") else ""
    host = headers.get("host", "")
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    return is_this_machine(peer) and is_this_machine(name) and not any(each in headers for each in _FORWARDED)


def _strangers_words(receive: Receive) -> Receive:
    """Let through what draws the page to sign in and presses its button; drop the rest, as "empty the caches"."""

    async def heard() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive" or _is_harmless(message.get("bytes")):
                return message

    return heard


def _is_harmless(data: Any) -> bool:
    said = BackMsg()
    try:
        said.ParseFromString(data or b"")
    except DecodeError:
        return False
    return said.WhichOneof("type") in _STRANGERS_MAY_SAY


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, words: str) -> None:
    if scope["type"] == "websocket":
        await WebSocketClose(_POLICY_VIOLATION)(scope, receive, send)
    else:
        await PlainTextResponse(words, status)(scope, receive, send)
