"""What the guard lets through: to strangers the way to sign in, to those inside all, without sign-in this machine."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from dashboard.server.guard import OPEN, Guard
from dashboard.server.signed_cookie import claims_in
from pipelines.settings import Settings, read_settings
from tests.asgi_client import AsgiClient

ORIGIN = "https://app.example.com"
NOW = datetime(2026, 11, 22, 12)
COOKIE = "_streamlit_user"
SIGN_IN = f"""
public_url = "{ORIGIN}"
[access]
metadata_url = "https://id.example.com/.well-known/openid-configuration"
client_id = "c"
client_secret = "s"
cookie_secret = "0123456789abcdef0123456789abcdef"
blocked = ["bob@example.com"]
roles.viewer = ["vera@example.com", "bob@example.com"]
"""
FOR_ANYBODY = [
    "/", "/inventory", "/forecast", "/compliance", "/draft", "/rules", "/data-health", "/privacy", "/overview",
    "/favicon.png", "/manifest.json", "/static/js/index.js", "/_stcore/health", "/_stcore/host-config",
    "/inventory/_stcore/health", "/auth/login", "/auth/logout", "/oauth2callback", *OPEN, "/privacy/deletion/CODE",
]  # fmt: skip
FOR_THOSE_INSIDE = [
    "/media/0123.csv", "/media/", "/component/x/index.html", "/_stcore/upload_file/s/f", "/_stcore/bidi-components/x",
    "/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent/interact", "/_stcore/agent/mcp",
    "/_stcore/agent/openapi.json", "/_stcore/stream", "/app/static/x", "/nothing", "/nothing/static/x", "/webhooks",
    "/metricsx", "/views/overview.py", "/static", "//static/x", "/_stcore/", "/inventory/x",
]  # fmt: skip


class Inner:
    """The app behind the guard: says that it was reached, and keeps what its socket hears."""

    def __init__(self) -> None:
        self.heard: list[str | None] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or listen until the socket is closed."""
        if scope["type"] == "http":
            await PlainTextResponse("reached")(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            said = BackMsg()
            said.ParseFromString(message["bytes"])
            self.heard.append(said.WhichOneof("type"))


def guarded(settings: Settings, inner: Inner | None = None, **more: Any) -> AsgiClient:
    """Return a peer of the guard."""
    return AsgiClient(Guard(inner or Inner(), settings=settings, clock=lambda: NOW), **more)


@pytest.fixture
def asking(tmp_path: Path) -> Settings:
    """Return a home in which people sign in."""
    (tmp_path / "settings.toml").write_text(SIGN_IN, encoding="utf-8")
    return read_settings(tmp_path)


def cookie(name: str = "vera", *, hours: float = 1, origin: str = ORIGIN, secret: str = "") -> dict[str, str]:
    """Return the header with the cookie that Streamlit gives to whoever signed in so many hours ago."""
    made = int(NOW.replace(tzinfo=UTC).timestamp() - hours * 3600)
    said = {"is_logged_in": True, "sub": name, "email": f"{name}@example.com", "iat": made, "origin": origin}
    value = create_signed_value(secret or get_cookie_secret(), COOKIE, json.dumps(said)).decode()
    return {"cookie": f"{COOKIE}={value}"}


def test_the_cookie_is_read_as_streamlit_writes_it() -> None:
    """Whole, and cut in chunks; a newer Streamlit that does otherwise fails here."""
    claims = claims_in({COOKIE: cookie()["cookie"].split("=", 1)[1]}, ORIGIN)
    assert (claims["is_logged_in"], claims["email"], "origin" in claims) == (True, "vera@example.com", False)

    text = json.dumps({"is_logged_in": True, "sub": "u", "origin": ORIGIN, "roles": ["x"] * 900})
    parts = {COOKIE: "chunks-2", f"{COOKIE}_1": text[:2000], f"{COOKIE}_2": text[2000:]}
    signed = {name: create_signed_value(get_cookie_secret(), name, part).decode() for name, part in parts.items()}
    assert claims_in(signed, ORIGIN)["sub"] == "u"
    assert claims_in(signed | {f"{COOKIE}_2": signed[f"{COOKIE}_1"]}, ORIGIN) == {}
    assert claims_in({}, ORIGIN) == {}


@pytest.mark.parametrize("path", [*FOR_ANYBODY, *FOR_THOSE_INSIDE])
def test_a_stranger_on_every_route(asking: Settings, path: str) -> None:
    """The shell that asks to sign in, and the routes that check for themselves; 401 on all others."""
    answer = guarded(asking).get(path)

    assert answer.status_code == (200 if path in FOR_ANYBODY else 401)
    assert ("reached" in answer.text) == (path in FOR_ANYBODY)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_a_stranger_writes_nowhere(asking: Settings, method: str) -> None:
    """Except where a route of the app's own checks a signature."""
    told = {path: guarded(asking).request(method, path).status_code for path in [*FOR_ANYBODY, *FOR_THOSE_INSIDE]}

    assert {path for path, status in told.items() if status == 200} == {*OPEN, "/privacy/deletion/CODE"}


@pytest.mark.parametrize("path", FOR_THOSE_INSIDE)
def test_those_inside_pass(asking: Settings, path: str) -> None:
    """What is there for them, the app behind decides."""
    assert guarded(asking).get(path, headers=cookie()).text == "reached"


def outsiders() -> Iterator[tuple[str, dict[str, str]]]:
    """Give who has a cookie, and is a stranger nevertheless."""
    yield "blocked", cookie("bob")
    yield "no role", cookie("ned")
    yield "session over", cookie(hours=8)
    yield "for another address", cookie(origin="https://other.example.com")
    yield "signed elsewhere", cookie(secret="another secret, of 32 characters")
    yield "changed", {"cookie": cookie()["cookie"][:-1] + "!"}
    yield "not signed", {"cookie": f'{COOKIE}={{"is_logged_in":true,"email":"vera@example.com"}}'}
    yield "cut chunks", {"cookie": f"{COOKIE}=chunks-9"}


@pytest.mark.parametrize(("why", "headers"), list(outsiders()), ids=lambda each: each if isinstance(each, str) else "")
def test_a_cookie_that_lets_nobody_in(asking: Settings, why: str, headers: dict[str, str]) -> None:
    """Downloads are what a cookie opens: none for these."""
    assert guarded(asking).get("/media/0123.csv", headers=headers).status_code == 401


def test_somebody_taken_off_the_list_is_out_at_the_next_request(asking: Settings) -> None:
    """And in again when put back; a file that is broken, or gone, lets nobody in."""
    file = asking.home / "settings.toml"
    peer, headers = guarded(asking), cookie()

    def status(text: str) -> int:
        file.write_text(text, encoding="utf-8")
        return peer.get("/media/0123.csv", headers=headers).status_code

    assert status(SIGN_IN + "# as it was") == 200
    assert status(SIGN_IN.replace("vera@", "somebody.else@")) == 401
    assert status(SIGN_IN) == 200
    assert status("[access") == 401
    assert status("") == 401
    file.unlink()
    assert peer.get("/media/0123.csv", headers=headers).status_code == 401
    assert peer.get("/").status_code == 200


def test_a_session_that_was_signed_out_is_over_everywhere(asking: Settings) -> None:
    """A copy of its cookie opens nothing any more; that of another sign-in still does."""
    peer = guarded(asking)
    old, other = cookie(hours=2), cookie(hours=3)

    assert peer.get("/media/x", headers=old).status_code == 200
    peer.get("/auth/logout", headers=old)
    assert peer.get("/media/x", headers=old).status_code == 401
    assert peer.get("/media/x", headers=other).status_code == 200


def test_the_cookie_goes_back_by_https_alone(asking: Settings) -> None:
    """Streamlit does not mark its cookies as secure, so the guard does."""

    async def giving(scope: Scope, receive: Receive, send: Send) -> None:
        answer = PlainTextResponse("")
        answer.set_cookie("a", "1", httponly=True)
        answer.set_cookie("b", "2", secure=True)
        await answer(scope, receive, send)

    given = AsgiClient(Guard(giving, settings=asking, clock=lambda: NOW)).get("/").headers.get_list("set-cookie")

    assert [each.lower().count("secure") for each in given] == [1, 1]


def said(kind: str) -> dict[str, Any]:
    """Return one message of a browser."""
    message = BackMsg()
    if kind == "rerun_script":
        message.rerun_script.query_string = ""
    elif kind == "file_urls_request":
        message.file_urls_request.request_id = "1"
    else:
        setattr(message, kind, True)
    return {"type": "websocket.receive", "bytes": message.SerializeToString()}


@pytest.mark.parametrize(("headers", "hears_all"), [({}, False), (cookie(), True), (cookie("bob"), False)])
def test_a_strangers_socket_hears_only_what_draws_the_page(
    asking: Settings, headers: dict[str, str], hears_all: bool
) -> None:
    """No caches emptied, no word on the code's repository, no place for uploads."""
    inner = Inner()
    kinds = ["rerun_script", "clear_cache", "load_git_info", "file_urls_request", "app_heartbeat", "stop_script"]
    words = iter([{"type": "websocket.connect"}, *map(said, kinds), {"type": "websocket.disconnect"}])
    if not hears_all:
        words = iter(
            [*list(words)[:-1], {"type": "websocket.receive", "bytes": b"\xff"}, {"type": "websocket.disconnect"}]
        )

    async def receive() -> dict[str, Any]:
        return next(words)

    async def send(_: Any) -> None:
        pass

    scope = {
        "type": "websocket", "path": "/_stcore/stream", "query_string": b"", "client": ("203.0.113.7", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    asyncio.run(Guard(inner, settings=asking, clock=lambda: NOW)(scope, receive, send))  # type: ignore[arg-type]

    assert inner.heard == (kinds if hears_all else ["rerun_script", "app_heartbeat", "stop_script"])
    assert not guarded(asking).opens_socket("/elsewhere", {})


@pytest.mark.parametrize(
    ("address", "base_url", "headers", "status"),
    [
        ("127.0.0.1", "http://127.0.0.1:8501", {}, 200),
        ("127.0.0.1", "http://localhost:8501", {}, 200),
        ("::1", "http://[::1]:8501", {}, 200),
        ("203.0.113.7", "http://127.0.0.1:8501", {}, 403),
        ("127.0.0.1", "http://evil.example.com:8501", {}, 403),  # a name that was bent to this machine
        ("127.0.0.1", "http://127.0.0.1.evil.example.com", {}, 403),
        ("127.0.0.1", "http://127.0.0.1:8501", {"x-forwarded-for": "203.0.113.7"}, 403),
        ("127.0.0.1", "http://127.0.0.1:8501", {"forwarded": "for=203.0.113.7"}, 403),
    ],
)
def test_without_sign_in_only_this_machine(
    tmp_path: Path, address: str, base_url: str, headers: dict[str, str], status: int
) -> None:
    """By its own names, and through no proxy; the routes that check for themselves stay open."""
    peer = guarded(read_settings(tmp_path), address=address, base_url=base_url)

    for path in ("/", "/media/0123.csv", "/_stcore/upload_file/s/f"):
        assert peer.get(path, headers=headers).status_code == status
    assert peer.opens_socket("/_stcore/stream", {"host": base_url.split("//")[1], **headers}) == (status == 200)
    assert peer.request("POST", "/webhook", headers=headers).status_code == 200
