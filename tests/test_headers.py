"""What every answer says to a browser, and what another site's page is not allowed to ask for."""

import hashlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from dashboard.server.headers import SecurityHeaders, content_policy
from dashboard.server.origins import SameOrigin
from tests.asgi_client import AsgiClient

HERE = "https://app.example.com"
PATHS = ("/", "/webhook", "/privacy/deletion", "/media/a.csv", "/static/js/index.js", "/auth/logout")


async def anything(_: Request) -> Response:
    """Answer with headers as Streamlit sets them."""
    return PlainTextResponse("ok", headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "public"})


async def socket(connection: WebSocket) -> None:
    """Open, and close again."""
    await connection.accept()
    await connection.close()


def client(**headers: Any) -> AsgiClient:
    """Return a browser at an app with both middlewares."""
    routes = [Route(path, anything, methods=["GET", "POST", "PUT", "DELETE"]) for path in PATHS]
    middleware = [Middleware(SecurityHeaders, **headers), Middleware(SameOrigin, public_url=HERE)]
    app = Starlette(routes=[*routes, WebSocketRoute("/_stcore/stream", socket)], middleware=middleware)
    return AsgiClient(app, base_url=HERE)


def policy_of(answer: Any) -> dict[str, list[str]]:
    """Return a Content-Security-Policy by its directives."""
    parts = answer.headers["content-security-policy"].split("; ")
    return {name: values for name, *values in (part.split() for part in parts)}


@pytest.mark.parametrize("path", [*PATHS, "/none"])
def test_every_answer_has_each_header_once(path: str) -> None:
    """In place of those that Streamlit gives; also an answer of 404."""
    answer = client(public_url=HERE).get(path)

    for name, value in (
        ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Strict-Transport-Security", "max-age=31536000"),
        ("Cache-Control", "public" if path.startswith("/static") else "no-store"),
    ):  # fmt: skip
        assert answer.headers.get_list(name) == [value], name
    assert "camera=()" in answer.headers["Permissions-Policy"]


def test_scripts_come_from_here_alone() -> None:
    """None from elsewhere, none inline but the one of Streamlit's first page, none made from text."""
    policy = policy_of(client().get("/"))
    html = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    (script,) = (part.split("</script>")[0] for part in html.split("<script>")[1:])
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()

    assert policy["script-src"] == ["'self'", f"'sha256-{digest}'"]
    assert policy["connect-src"] == policy["default-src"] == ["'self'"]
    assert policy["object-src"] == policy["frame-ancestors"] == policy["frame-src"] == ["'none'"]
    assert policy["base-uri"] == policy["form-action"] == ["'self'"]
    assert not any("eval" in value or "http" in value or value == "*" for values in policy.values() for value in values)


def test_a_form_may_lead_to_where_people_sign_in() -> None:
    """And nowhere else."""
    assert "form-action 'self' https://id.example.com;" in content_policy("https://id.example.com")


def test_http_alone_promises_no_https() -> None:
    """A demo on this machine is not locked out of plain HTTP for a year."""
    for url in ("", "http://127.0.0.1:8501"):
        assert "strict-transport-security" not in client(public_url=url).get("/").headers


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/", {"origin": HERE}, 200),
        ("POST", "/", {"origin": HERE, "sec-fetch-site": "same-origin"}, 200),
        ("POST", "/", {"origin": "https://evil.example"}, 403),
        ("POST", "/", {"origin": "null"}, 403),
        ("POST", "/", {"sec-fetch-site": "cross-site"}, 403),
        ("POST", "/", {"sec-fetch-site": "same-site", "origin": HERE}, 403),
        ("PUT", "/", {"origin": "https://app.example.com.evil.example"}, 403),
        ("DELETE", "/", {"origin": "https://evil.example", "sec-fetch-site": "none"}, 403),
        ("POST", "/", {}, 200),
        ("POST", "/webhook", {"origin": "https://evil.example"}, 200),
        ("POST", "/privacy/deletion", {"sec-fetch-site": "cross-site"}, 200),
        ("GET", "/", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}, 200),
        ("GET", "/", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}, 403),
        ("GET", "/auth/logout", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
        ("GET", "/media/a.csv", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}, 403),
        ("GET", "/media/a.csv", {"sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors"}, 200),
    ],
)
def test_another_sites_page_cannot_act(method: str, path: str, headers: dict[str, str], status: int) -> None:
    """It may link here; it may not write, embed, fetch or sign a visitor out. A signed call says itself who calls."""
    answer = client().request(method, path, headers=headers)

    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_another_sites_page_opens_no_socket() -> None:
    """Through it all of a page's content would flow."""
    assert client().opens_socket("/_stcore/stream", {"origin": HERE})
    assert client().opens_socket("/_stcore/stream", {})
    for origin in ("https://evil.example", "null", "http://localhost:8501"):
        assert not client().opens_socket("/_stcore/stream", {"origin": origin})
