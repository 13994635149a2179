"""Headers with which every answer goes out: what a browser may load, run, frame and tell others of these pages."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import streamlit
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SHELL = Path(streamlit.__file__).parent / "static" / "index.html"
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_UNUSED = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation",
    "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "picture-in-picture",
    "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
_KEPT_BY_BROWSERS = ("/static/", "/component/")
"""Streamlit's own files, the same for everybody; their names change with their content."""
_YEAR = 365 * 24 * 3600


def content_policy(sign_in_origin: str = "", shell: str | None = None) -> str:
    """
    Return the Content-Security-Policy: everything from here alone, except what Streamlit cannot do without.

    It styles its elements by inline styles, draws tables in workers and fonts from data, and its first page holds one
    inline script, which is named by its hash. Scripts are compiled from text only where WebAssembly needs it.
    """
    html = _SHELL.read_text(encoding="utf-8") if shell is None else shell
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self'", *_hashes(html))),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "media-src 'self'",
            "frame-src 'none'",
            "object-src 'none'",
            "base-uri 'self'",
            f"form-action 'self' {sign_in_origin}".rstrip(),
            "frame-ancestors 'none'",
        )
    )


def _hashes(html: str) -> Iterator[str]:
    for script in _INLINE_SCRIPT.findall(html):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        yield f"'sha256-{digest}'"


class SecurityHeaders:
    """ASGI middleware that sets these headers on every HTTP answer, in place of any that Streamlit gave."""

    def __init__(self, app: ASGIApp, *, public_url: str = "", sign_in_origin: str = "") -> None:
        self._app = app
        headers = {
            "Content-Security-Policy": content_policy(sign_in_origin),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _UNUSED),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
        }
        if public_url.startswith("https://"):
            headers["Strict-Transport-Security"] = f"max-age={_YEAR}"
        # Ready to send: a webhook is answered thousands of times a second.
        kept = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self._kept_by_browsers = _Replacing(kept)
        self._others = _Replacing([*kept, (b"cache-control", b"no-store")])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does, under these headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        replacing = self._kept_by_browsers if scope["path"].startswith(_KEPT_BY_BROWSERS) else self._others

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = replacing(message.get("headers", ()))
            await send(message)

        await self._app(scope, receive, send_with_headers)


class _Replacing:
    """Puts headers in the place of those of the same name."""

    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self._headers = headers
        self._names = frozenset(name for name, _ in headers)

    def __call__(self, given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Return the headers with which the answer goes out."""
        return [each for each in given if each[0].lower() not in self._names] + self._headers
