"""Routes for who runs the app: does it live, is it ready, and its numbers. No word in them about people."""

import hmac
import ipaddress
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import duckdb
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import SecretStr
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from dashboard.server.metrics import Metrics
from pipelines.errors import ClearToSendError
from pipelines.ledger.schema import all_stop
from pipelines.settings import LOOPBACK

Check = Callable[[], bool]
_LEAST_FREE_BYTES = 256 << 20
_READY_SECONDS = 2.0
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "via")


class ReadsWarehouse(Protocol):
    """What hands out cursors."""

    def version(self) -> int:
        """Return a number that only an open warehouse knows."""


class Operations:
    """The routes. `checks` says of each part whether it can do its work; `clock` gives seconds that only grow."""

    def __init__(
        self,
        checks: Mapping[str, Check],
        metrics: Metrics,
        metrics_token: SecretStr | None,
        clock: Callable[[], float],
        *,
        has_public_url: bool,
    ) -> None:
        self._checks, self._metrics, self._clock = checks, metrics, clock
        self._token = metrics_token.get_secret_value().encode() if metrics_token else b""
        self._has_public_url = has_public_url
        self._looked_at = -_READY_SECONDS
        self._not_ready: list[str] = []

    @property
    def routes(self) -> list[Route]:
        """What to hand to the app."""
        return [
            Route("/health", _health, methods=["GET"]),
            Route("/ready", self._ready, methods=["GET"]),
            Route("/metrics", self._numbers, methods=["GET"]),
        ]

    def _ready(self, _: Request) -> Response:
        """Name the parts that cannot work; why stands in the log, not before strangers. Looked at once in 2 s."""
        if self._clock() - self._looked_at >= _READY_SECONDS:
            self._not_ready = [name for name, check in self._checks.items() if not check()]
            self._looked_at = self._clock()
        told = {"ready": not self._not_ready, "not_ready": self._not_ready}
        return JSONResponse(told, 503 if self._not_ready else 200)

    def _numbers(self, request: Request) -> Response:
        """Answer who may know; to anybody else there is no such page."""
        if not self._may_know(request):
            return PlainTextResponse("Not Found", 404)
        return Response(self._metrics.text(), media_type=CONTENT_TYPE_LATEST)

    def _may_know(self, request: Request) -> bool:
        """The bearer of the token; without one this machine itself, unless a proxy may stand before the app."""
        given = request.headers.get("authorization", "").encode()
        if hmac.compare_digest(given, b"Bearer " + self._token):
            return bool(self._token)
        if self._token or self._has_public_url or any(name in request.headers for name in _FORWARDED):
            return False
        # By its own name too: another site's name can be made to lead here.
        is_called_so = request.url.hostname in LOOPBACK
        return is_called_so and request.client is not None and _is_loopback(request.client.host)


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok\n")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def warehouse_check(opened: Callable[[], ReadsWarehouse | None]) -> Check:
    """Say whether the warehouse answers. One that is not made yet is no fault: nothing was loaded."""

    def check() -> bool:
        try:
            warehouse = opened()
            return warehouse is None or warehouse.version() >= 0
        except (ClearToSendError, duckdb.Error, OSError):
            return False

    return check


def ledger_check(ledger: Engine) -> Check:
    """Say whether the ledger answers."""

    def check() -> bool:
        try:
            with ledger.connect() as connection:
                connection.execute(select(all_stop.c.is_on))
        except DBAPIError:
            return False
        return True

    return check


def disk_check(home: Path) -> Check:
    """Say whether the home can be written, and has room for what comes in the next minutes."""

    def check() -> bool:
        try:
            return os.access(home, os.W_OK) and shutil.disk_usage(home).free >= _LEAST_FREE_BYTES
        except OSError:
            return False

    return check
