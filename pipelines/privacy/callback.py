"""Meta's data-deletion callback: a signed request in, an address and a code out, and a page that says how it stands."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qs

from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from pipelines.ledger import deletions
from pipelines.ledger.deletions import Deletion
from pipelines.privacy.requests import ask_by_meta
from pipelines.privacy.signed_request import LARGEST, Forged, NotSigned, user_of
from pipelines.privacy.status_page import missing_page, status_page
from pipelines.settings import Settings

PATH = "/privacy/deletion"
_LARGEST_BODY = 2 * LARGEST
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def deletion_routes(settings: Settings, ledger: Engine, clock: Callable[[], datetime]) -> list[Route]:
    """Return the routes: POST /privacy/deletion for Meta, GET /privacy/deletion/CODE for people."""
    desk = _Desk(settings, ledger, clock)
    return [
        Route(PATH, desk.take, methods=["POST"]),
        Route(PATH + "/{code}", desk.show, methods=["GET"]),
    ]


class _Desk:
    """Where wishes come in, and are asked about."""

    def __init__(self, settings: Settings, ledger: Engine, clock: Callable[[], datetime]) -> None:
        self._settings, self._ledger, self._clock = settings, ledger, clock

    async def take(self, request: Request) -> Response:
        """Answer Meta: 200 with where to look, 400 for what cannot be read, 403 for what cannot be believed."""
        secrets = self._secrets()
        if not secrets or not self._settings.public_url:
            return _says(503, "This app has no app_secret or no public_url: set both in its settings.")
        try:
            user = user_of(await _field(request), secrets, self._clock())
        except Forged as error:
            return _says(403, str(error))
        except NotSigned as error:
            return _says(400, str(error))
        try:
            code = await run_in_threadpool(ask_by_meta, self._ledger, user, self._clock())
        except DBAPIError:
            return _says(503, "The request could not be kept. Send it again.")
        url = f"{self._settings.public_url.rstrip('/')}{PATH}/{code}"
        return JSONResponse({"url": url, "confirmation_code": code}, headers=_HEADERS)

    async def show(self, request: Request) -> Response:
        """Say in words how a request stands; a code that is none is 404, whatever it looks like."""
        found = await run_in_threadpool(self._find, request.path_params["code"])
        if found is None:
            return HTMLResponse(missing_page(), 404, headers=_HEADERS)
        return HTMLResponse(status_page(found), headers=_HEADERS)

    def _find(self, code: str) -> Deletion | None:
        with self._ledger.connect() as connection:
            return deletions.find(connection, code)

    def _secrets(self) -> list[SecretStr]:
        first = [self._settings.app_secret] if self._settings.app_secret else []
        return [*first, *self._settings.other_app_secrets]


async def _field(request: Request) -> str:
    """Read the form's one field; no more bytes than it can have. Raises NotSigned."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST_BODY:
            raise NotSigned("The body is too long.")
    try:
        values = parse_qs(body.decode("ascii", "replace"), max_num_fields=8).get("signed_request", [])
    except ValueError:  # more fields than that
        values = []
    if len(values) != 1:
        raise NotSigned("The form field signed_request is needed, once.")
    return values[0]


def _says(status: int, words: str) -> JSONResponse:
    return JSONResponse({"error": words}, status, headers=_HEADERS)
