"""Who may look at this moment, and how the server is set for it. Settings are read fresh: who is taken out is out."""

import logging
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipelines.access import Claims, check_access, may_listen, who
from pipelines.errors import ClearToSendError
from pipelines.rights import Person
from pipelines.settings import LOOPBACK, Access, Settings, read_settings

_LOGGER = logging.getLogger(__name__)
_SESSION_CLAIMS = ("iss", "sub", "iat", "nonce")
_began: dict[Path, bool] = {}
_signed_out: set[tuple[str, ...]] = set()


def auth_secrets(settings: Settings) -> dict[str, Any]:
    """Return Streamlit's [auth] section for st.App; empty without a provider. Raises UsageError for half a one."""
    check_access(settings)
    access = settings.access
    if not access.is_on:
        return {}
    return {
        "auth": {
            "redirect_uri": f"{public_origin(settings)}/oauth2callback",
            "cookie_secret": access.cookie_secret.get_secret_value(),
            "client_id": access.client_id,
            "client_secret": access.client_secret.get_secret_value(),
            "server_metadata_url": access.metadata_url,
            "client_kwargs": {"scope": "openid email profile", "prompt": "select_account"},
        }
    }


def server_config(settings: Settings, host: str) -> dict[str, Any]:
    """
    Return the options of `app.run(config=…)` that access rests on, so that no other file or variable loosens them.

    Raises UsageError for an address that would be open to anybody.
    """
    may_listen(host, settings)
    origin = public_origin(settings) if settings.access.is_on else ""
    names = {*LOOPBACK, urlsplit(origin).hostname or ""} - {""}
    return {
        "global.developmentMode": False,
        "server.address": host,
        "server.allowedHosts": sorted(names),  # no other site's name can be bent to us
        "server.baseUrlPath": "",
        "server.corsAllowedOrigins": [origin] if origin else [],
        "server.enableCORS": True,  # means: refuse other origins
        "server.enableXsrfProtection": True,
        "server.enableAgentApi": False,
        "server.maxMessageSize": 50,
        "server.maxUploadSize": 1,  # nothing is uploaded, in MB
        "server.enableStaticServing": False,
        "server.scriptHealthCheckEnabled": False,
        "server.trustedUserHeaders": {},  # headers that anybody can send would win over the signed cookie
        "client.allowedOrigins": [],
    }


def public_origin(settings: Settings) -> str:
    """Return where people reach the app, as a browser names an origin."""
    parts = urlsplit(settings.public_url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def begin(settings: Settings) -> None:
    """
    Note how the app of this home began.

    If it asks people to sign in, it goes on asking, whatever becomes of settings.toml: a file that is half written
    must not open the pages.
    """
    _began[settings.home] = settings.access.is_on


def asks(home: Path) -> bool:
    """Say whether people have to sign in."""
    return _began.get(home, False) or _access(home, _stamp(home)).is_on


def can_ask(home: Path) -> bool:
    """Say whether the provider was known when the app began: only then can it be asked."""
    return _began.get(home, True)


def person_of(home: Path, claims: Claims, now: datetime) -> Person | None:
    """Return who it is at `now` as the settings stand: None who has to sign in, without a role who has none."""
    if _session(claims) in _signed_out:
        return None
    return who(_access(home, _stamp(home)), claims, now)


def sign_out(claims: Claims) -> None:
    """End the session that this sign-in began, in every window, and under a copy of its cookie."""
    if claims:
        _signed_out.add(_session(claims))


def _session(claims: Claims) -> tuple[str, ...]:
    return tuple(str(claims.get(name)) for name in _SESSION_CLAIMS)


def _stamp(home: Path) -> tuple[int, ...]:
    try:
        found = (home / "settings.toml").stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


@lru_cache(maxsize=4)
def _access(home: Path, _stamped: tuple[int, ...]) -> Access:
    """Return what the file says now. While it cannot be read nobody has a role."""
    try:
        return read_settings(home).access
    except ClearToSendError as error:
        _LOGGER.error("Nobody has a role until the settings can be read: %s", error)
        return Access()
