"""Turns away what another site's page asks for in a visitor's name: by what browsers say of where a request began."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

SIGNED = frozenset({("POST", "/webhook"), ("POST", "/privacy/deletion")})
"""Calls of Meta's servers: a signature in them says who calls, and no cookie counts."""

_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
_FROM_HERE = frozenset({"same-origin", "none"})  # none: typed, or from a bookmark
_POLICY_VIOLATION = 1008


class SameOrigin:
    """
    ASGI middleware: only this app's own pages write, and only they open its socket; other sites may link here.

    A program that is no browser says nothing of where it began; it holds no visitor's cookie either, and passes.
    """

    def __init__(self, app: ASGIApp, *, public_url: str = "", signed: Collection[tuple[str, str]] = SIGNED) -> None:
        self._app = app
        self._public = urlsplit(public_url).netloc.lower()
        self._signed = signed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, or refuse it: 403, or a socket that is closed before it opens."""
        if scope["type"] == "websocket" and not self._is_from_here(Headers(scope=scope)):
            await WebSocketClose(_POLICY_VIOLATION)(scope, receive, send)
        elif scope["type"] == "http" and not self._may_pass(scope):
            refusal = PlainTextResponse("This was asked for by another site's page. Open the app itself.\n", 403)
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _may_pass(self, scope: Scope) -> bool:
        if (scope["method"], scope["path"]) in self._signed:
            return True
        headers = Headers(scope=scope)
        if scope["method"] not in _HARMLESS:
            return self._is_from_here(headers)
        if headers.get("sec-fetch-site", "none") in _FROM_HERE:
            return True
        # A link from elsewhere opens a page: the provider's way back from signing in is one. Nothing is embedded.
        return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"

    def _is_from_here(self, headers: Headers) -> bool:
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None and site not in _FROM_HERE:
            return False
        if origin is None:
            return True
        return urlsplit(origin).netloc.lower() in {headers.get("host", "").lower(), self._public} - {""}
