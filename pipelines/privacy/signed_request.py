"""Meta's signed request: who asks, proven by the app's secret, or a reason why nobody is believed."""

import base64
import binascii
import hmac
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

ALGORITHM = "HMAC-SHA256"
LARGEST = 8 << 10
"""Bytes; Meta's are a few hundred."""
_CLOCKS_DIFFER = timedelta(minutes=5)
_GOOD_FOR = timedelta(days=1)
_MOST_DIGITS = 64


class NotSigned(Exception):
    """It cannot be read: str(error) says why, in words for whoever sent it."""


class Forged(NotSigned):
    """It can be read, but not believed."""


def user_of(signed: str, secrets: Iterable[SecretStr], now: datetime) -> str:
    """Return the app-scoped id in a signed request. `now` is naive UTC. Raises NotSigned, Forged.

    The signature covers the payload as it was sent, encoded; it is compared in constant time before a word is read.
    """
    if len(signed) > LARGEST:
        raise NotSigned("signed_request is too long.")
    signature, dot, payload = signed.partition(".")
    if not dot or not signed.isascii():
        raise NotSigned("signed_request is not two parts with a dot between them.")
    given = _decoded(signature)
    # Every secret is tried, so that time does not tell which one it was.
    fits = [
        hmac.compare_digest(given, hmac.digest(secret.get_secret_value().encode(), payload.encode(), "sha256"))
        for secret in secrets
    ]
    if not any(fits):
        raise Forged("signed_request is not signed with this app's secret.")
    told = _told(payload)
    if str(told.get("algorithm", "")).upper() != ALGORITHM:
        raise Forged(f"signed_request is not signed by {ALGORITHM}.")
    _check_times(told, now)
    user = told.get("user_id")
    if not isinstance(user, str | int) or not str(user).isdecimal() or len(str(user)) > _MOST_DIGITS:
        raise NotSigned("signed_request names no user_id.")
    return str(user)


def _check_times(told: dict[str, Any], now: datetime) -> None:
    issued, expires = _moment(told.get("issued_at")), _moment(told.get("expires"))
    if issued is None or not now - _GOOD_FOR <= issued <= now + _CLOCKS_DIFFER:
        raise Forged("signed_request was not issued lately.")
    if expires is not None and expires + _CLOCKS_DIFFER < now:
        raise Forged("signed_request has expired.")


def _moment(seconds: object) -> datetime | None:
    """Return a moment as naive UTC; None where none is given: Meta writes 0 for what does not expire."""
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    except (OverflowError, OSError, ValueError):
        return None


def _told(payload: str) -> dict[str, Any]:
    try:
        told = json.loads(_decoded(payload))
    except (ValueError, RecursionError):
        raise NotSigned("signed_request holds no JSON.") from None
    if not isinstance(told, dict):
        raise NotSigned("signed_request holds no JSON object.")
    return told


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotSigned("signed_request is not base64url.") from None
