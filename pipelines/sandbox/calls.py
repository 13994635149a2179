"""An HTTP request → a Graph call: version, Page, edge, fields, access token."""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from pipelines.sandbox import errors
from pipelines.sandbox.book import Book
from pipelines.sandbox.errors import GraphError
from pipelines.sandbox.messages import Fields
from pipelines.sandbox.state import Page, State

_VERSION = re.compile(r"v\d+\.\d+")
_TOKEN_OF_PAGE = "sandbox-"  # noqa: S105  such a token belongs to the Page whose id follows
_EXPIRED = "expired-"


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked of which Page; the Page is not known before the access token is."""

    method: str
    version: str
    node: str
    edge: str
    fields: Fields
    access_token: str


async def read_call(request: Request) -> Call:
    """Read a request. Raises GraphError for a body that cannot be read."""
    parts = [part for part in request.scope["path"].split("/") if part]
    version = parts.pop(0) if parts and _VERSION.fullmatch(parts[0]) else ""
    node, *edges = parts or [""]
    fields: Fields = dict(request.query_params)
    fields |= _fields(await request.body(), request.headers.get("content-type", ""))
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    access_token = token.strip() if scheme.lower() in {"bearer", "oauth"} else str(fields.get("access_token") or "")
    return Call(request.method, version, node, "/".join(edges), fields, access_token)


def check_version(call: Call, book: Book, at: int) -> None:
    """Refuse a version whose days are over, or that does not exist."""
    verdict = book.version(call.version, at) if call.version else "allow"
    if verdict == "block":
        newest = book.newest_version(at)
        raise GraphError(
            errors.VERSION_ENDED, f"You are calling version {call.version}, which has ended. Please update to {newest}."
        )
    if verdict != "allow":
        raise GraphError(errors.UNKNOWN_PATH, f"Unknown path components: /{call.version}")


def find_page(call: Call, state: State, secret: str) -> Page:
    """Return the Page that is called, if the access token allows it. Raises GraphError."""
    token = call.access_token
    if not token:
        if call.node == "me":
            raise GraphError(
                errors.NO_TOKEN, "An active access token must be used to query information about the current user."
            )
        raise GraphError(errors.TOKEN_INVALID, "An access token is required to request this resource.")
    if token.startswith(_EXPIRED):
        raise GraphError(errors.TOKEN_EXPIRED, "Error validating access token: Session has expired.")
    _check_proof(call, secret)
    own = token.removeprefix(_TOKEN_OF_PAGE) if token.startswith(_TOKEN_OF_PAGE) else ""
    page_id = call.node
    if page_id == "me":
        page_id = own or (next(iter(state.pages)) if len(state.pages) == 1 else "")
    if page_id not in state.pages or own not in {"", page_id}:
        raise GraphError(
            errors.NO_OBJECT,
            f"Unsupported {call.method.lower()} request. Object with ID '{call.node}' does not exist, cannot be loaded "
            "due to missing permissions, or does not support this operation",
        )
    return state.pages[page_id]


def _check_proof(call: Call, secret: str) -> None:
    proof = call.fields.get("appsecret_proof")
    if not proof or not secret:
        return
    wanted = hmac.new(secret.encode(), call.access_token.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), str(proof).encode()):
        raise GraphError(errors.BAD_PARAMETER, "Invalid appsecret_proof provided in the API argument")


def _fields(body: bytes, content_type: str) -> Fields:
    if not body.strip():
        return {}
    fields = _parsed(body, content_type)
    if b"\\ud" in body.lower():  # half a letter: JSON can name it, UTF-8 has none
        try:
            json.dumps(fields, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise GraphError(errors.BAD_PARAMETER, "The body holds text that is not UTF-8") from None
    return fields


def _parsed(body: bytes, content_type: str) -> Fields:
    if content_type.startswith("multipart/"):
        raise GraphError(errors.BAD_PARAMETER, "The sandbox takes no multipart body: send JSON or a plain form")
    if "json" in content_type or body.lstrip().startswith(b"{"):
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise GraphError(errors.BAD_PARAMETER, "The body must be a JSON object")
        return value
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True)
    except UnicodeDecodeError:
        raise GraphError(errors.BAD_PARAMETER, "The body must be JSON or a form in UTF-8") from None
    return {name: _value(text) for name, text in pairs}


def _value(text: str) -> Any:
    """Return a form's value; objects and lists stand in forms as JSON."""
    if text[:1] in {"{", "["}:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text
