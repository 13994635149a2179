"""Who sent this: Meta's signature over the bytes that arrived, and the challenge with which it asks for the way."""

import hmac
from collections.abc import Iterable
from urllib.parse import parse_qs

from pydantic import SecretStr

HEADER = b"x-hub-signature-256"


class Signatures:
    """The app secrets of which any may have signed: several apps', and the old one beside the new while it changes."""

    def __init__(self, secrets: Iterable[SecretStr]) -> None:
        # An empty secret is one that was not set: a signature made with it proves nothing.
        self._keys = [key for secret in secrets if (key := secret.get_secret_value().encode())]

    def __bool__(self) -> bool:
        """Whether there is a secret at all."""
        return bool(self._keys)

    def fit(self, body: bytes, signature: bytes) -> bool:
        """Say whether one of the secrets signed these bytes; how long that takes does not tell which, or how nearly."""
        fits = [hmac.compare_digest(_signed(key, body), signature) for key in self._keys]
        return any(fits)


def challenge_of(query: bytes, verify_token: SecretStr | None) -> bytes | None:
    """Return what Meta wants to read back, if it asks to subscribe and names the verify token."""
    token = verify_token.get_secret_value().encode() if verify_token else b""
    asked = parse_qs(query.decode("latin-1"))
    mode, named, challenge = (asked.get(f"hub.{name}", [""])[0] for name in ("mode", "verify_token", "challenge"))
    is_known = hmac.compare_digest(token, named.encode()) and bool(token)
    return challenge.encode() if is_known and mode == "subscribe" and challenge else None


def _signed(key: bytes, body: bytes) -> bytes:
    return b"sha256=" + hmac.digest(key, body, "sha256").hex().encode()
