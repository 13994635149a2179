"""What `clear-to-send receive` does, apart from its options: serves the webhook route as a process of its own."""

import gc
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import uvicorn
from rich.console import Console
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.errors import UsageError
from pipelines.listening import listen
from pipelines.receive.receiver import PATH, Receiver
from pipelines.settings import LOOPBACK, Settings


def run_receive(settings: Settings, host: str, port: int, clock: Callable[[], datetime], words: Console) -> None:
    """
    Serve the webhook route until SIGINT or SIGTERM, and then answer what is in flight; port 0 takes any that is free.

    Raises UsageError without a secret to check deliveries by, SurroundingsError for an address that is not to be had.
    """
    check_secrets(settings, host)
    with listen(host, port) as listener:
        port = listener.getsockname()[1]
        receiver = Receiver(
            settings.logs_path, settings.home / "receive", settings.webhook_secrets, settings.verify_token, clock,
            lambda: None, name=f"receive-{port}",
        )  # fmt: skip
        server = make_server(make_app(receiver))
        shown = f"[{host}]" if ":" in host else host
        words.print(f"Receiving webhooks on http://{shown}:{port}{PATH}, into {settings.logs_path}.", markup=False)
        base = settings.public_url.rstrip("/") or "https://YOUR-ADDRESS"
        words.print(f"Give Meta {base}{PATH} as callback URL, behind TLS. Stop it with Ctrl-C.", markup=False)
        if not settings.verify_token:
            words.print("verify_token is not set: Meta's challenge will be refused, so that no Page can be subscribed.")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        gc.freeze()  # what is imported is no garbage while it serves
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
        gc.unfreeze()


def check_secrets(settings: Settings, host: str) -> None:
    """Raise UsageError where deliveries could not be checked, or the open network's challenges not."""
    how = "in settings.toml or as CLEAR_TO_SEND_{} in the environment"
    if not (settings.app_secret and settings.app_secret.get_secret_value()):
        raise UsageError(
            f"app_secret is not set: no webhook's signature could be checked. Set it {how.format('APP_SECRET')}; "
            "Meta shows it in the App Dashboard under App settings, Basic."
        )
    if host not in LOOPBACK and not (settings.verify_token and settings.verify_token.get_secret_value()):
        raise UsageError(
            f"On {host} others reach the webhook route, and verify_token is not set. "
            f"Set it {how.format('VERIFY_TOKEN')}, and give Meta the same; or listen on 127.0.0.1."
        )


def make_app(receiver: Receiver) -> ASGIApp:
    """Return the ASGI application: the webhook route and /health, and the receiver's life around them."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await receiver.start()
        yield
        await receiver.stop()

    async def health(_: Request) -> PlainTextResponse:
        is_failing = receiver.counts.failing_since is not None
        return PlainTextResponse("deliveries cannot be stored" if is_failing else "ok", 503 if is_failing else 200)

    others = Starlette(routes=[Route("/health", health)], lifespan=lifespan)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_webhook = scope["type"] == "http" and scope["path"] == PATH
        await (receiver if is_webhook else others)(scope, receive, send)

    return app


def make_server(app: ASGIApp) -> uvicorn.Server:
    """Return a server for the application; `run(sockets=[…])` serves until `should_exit`."""
    return uvicorn.Server(
        uvicorn.Config(
            app, http="httptools", ws="none", lifespan="on", access_log=False, log_level="warning",
            server_header=False, proxy_headers=False, timeout_keep_alive=75, timeout_graceful_shutdown=10,
        )
    )  # fmt: skip
