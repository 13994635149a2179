"""A home where people sign in, and the cookies of those who did."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket
from streamlit import config
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from dashboard.server.guard import Guard
from pipelines.settings import Settings, read_settings

NOW = datetime(2026, 11, 22, 12)
ORIGIN = "https://app.example.com"
SECRET = "k" * 32
ON = f"""
public_url = "{ORIGIN}/"
[access]
metadata_url = "https://id.example.com/.well-known/openid-configuration"
client_id = "clear-to-send"
client_secret = "a secret of the provider"
cookie_secret = "{SECRET}"
[access.roles]
viewer = ["vera@example.com"]
admin = ["ada@example.com"]
"""


@pytest.fixture(autouse=True)
def signing_secret() -> Iterator[None]:
    """Let Streamlit sign with a secret that a test knows, as [auth] cookie_secret would."""
    before = config.get_option("server.cookieSecret")
    config.set_option("server.cookieSecret", SECRET)
    yield
    config.set_option("server.cookieSecret", before)


@pytest.fixture
def on(tmp_path: Path) -> Settings:
    """Return the settings of a home where people sign in."""
    (tmp_path / "settings.toml").write_text(ON, encoding="utf-8")
    return read_settings(tmp_path)


def claims(mail: str = "vera@example.com", hours_ago: float = 1, **more: Any) -> dict[str, Any]:
    """Return what Streamlit keeps of a sign-in."""
    made = int((NOW - timedelta(hours=hours_ago)).replace(tzinfo=UTC).timestamp())
    said = {"iss": "https://id.example.com", "sub": mail, "email": mail, "iat": made, "nonce": str(more)}
    return said | {"is_logged_in": True, "origin": ORIGIN} | more


def cookie(said: dict[str, Any], secret: str = SECRET) -> dict[str, str]:
    """Return the header under which a browser sends it back."""
    signed = create_signed_value(secret, "_streamlit_user", json.dumps(said)).decode()
    return {"cookie": f"_streamlit_user={signed}"}


async def _answer(request: Request) -> Response:
    answer = PlainTextResponse(f"let through to {request.url.path}")
    answer.set_cookie("kept", "x")
    return answer


async def _talk(socket: WebSocket) -> None:
    await socket.accept()


def guarded(settings: Settings) -> ASGIApp:
    """Return the guard before an application that answers everything."""
    methods = ["GET", "HEAD", "POST", "PUT", "DELETE"]
    routes = [Route("/{path:path}", _answer, methods=methods), WebSocketRoute("/{path:path}", _talk)]
    return Guard(Starlette(routes=routes), settings=settings, clock=lambda: NOW)
