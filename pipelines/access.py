"""Who somebody is here: by what the provider says of them, and by the lists in settings.toml. Reads nothing."""

import ipaddress
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from pipelines.errors import Refused, UsageError
from pipelines.rights import ROLES, Person, Role
from pipelines.settings import LOOPBACK, Access, Settings

Claims = Mapping[str, Any]
"""What an OpenID provider says of somebody who signed in."""

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  naive UTC, as every time here
_SKEW_SECONDS = 300
"""A provider's clock may be ahead of ours by so much."""
_LEAST_SECRET = 32
_HOW = (
    "Set in settings.toml: public_url, and under [access] metadata_url, client_id, client_secret, cookie_secret "
    "and roles (or role_claim)."
)


def who(access: Access, claims: Claims, now: datetime) -> Person | None:
    """
    Return who it is at `now` (naive UTC): None who has not signed in, or too long ago; without a role who has none.

    A role comes by a claim or by a list, and the strongest counts. Who is blocked has none, whatever else is said.
    """
    if claims.get("is_logged_in") is not True or not _is_lately(claims, access.session_hours, now):
        return None
    mail = _mail(claims)
    called = {_text(claims, name) for name in ("email", "preferred_username", "sub")} - {""}
    name = mail or str(claims.get("sub") or "")  # never a name that one can give oneself: approvals go by it
    if not name or called & _folded(access.blocked):
        return Person(name, None)
    return Person(name, _strongest({*_by_claim(access, claims), *_by_list(access, mail)}))


def operator(access: Access, as_user: str) -> Person:
    """
    Return who is at this machine's own commands.

    Nobody proves there who they are. Where nobody has to sign in, whoever can run them is admin, under any name. Where
    people sign in, the name must be one that the lists know, and has the rights that it has on the pages. Raises
    Refused.
    """
    if not access.is_on:
        return Person(as_user, "admin")
    mail = as_user.strip().casefold()
    role = None if mail in _folded(access.blocked) else _strongest(_by_list(access, mail))
    if role is None:
        raise Refused(
            f"--as-user {as_user or 'is missing'}: people sign in here, so a command is done as one of the mail "
            "addresses under [access] roles in settings.toml, with that role's rights. Name one that is listed and not "
            "blocked; a role that only a claim gives counts on the pages alone."
        )
    return Person(mail, role)


def may_listen(host: str, settings: Settings) -> None:
    """Raise UsageError where pages would be shown to other machines without asking who looks, or half asked."""
    check_access(settings)
    if not settings.access.is_on and not is_this_machine(host):
        raise UsageError(
            f"--host {host}: without sign-in the pages are for this machine alone, and listen on 127.0.0.1. "
            f"To serve others, let an OpenID provider ask who they are. {_HOW}"
        )


def check_access(settings: Settings) -> None:
    """Raise UsageError for a sign-in that is set by half, naming all that is missing or unsafe."""
    access = settings.access
    given = {
        "metadata_url": access.metadata_url,
        "client_id": access.client_id,
        "client_secret": access.client_secret.get_secret_value(),
        "cookie_secret": access.cookie_secret.get_secret_value(),
        "roles (or role_claim)": access.role_claim or any(access.roles.values()),
    }
    if not any(given.values()):
        return
    faults = [f"[access] {name} is missing" for name, value in given.items() if not value]
    if given["cookie_secret"] and len(str(given["cookie_secret"])) < _LEAST_SECRET:
        faults.append(f"[access] cookie_secret is shorter than {_LEAST_SECRET} characters")
    if access.metadata_url and not _is_safe(access.metadata_url):
        faults.append("[access] metadata_url is no https address")
    if not settings.public_url:
        faults.append("public_url is missing")
    elif not _is_safe(settings.public_url):
        faults.append("public_url is no https address (http is for this machine alone)")
    elif urlsplit(settings.public_url).path.strip("/") or urlsplit(settings.public_url).query:
        faults.append("public_url holds more than https://, the name and the port")
    if faults:
        raise UsageError(f"settings.toml: the sign-in is not complete: {'; '.join(faults)}. {_HOW}")


def is_this_machine(host: str) -> bool:
    """Say whether a name or an address, without a port, is this machine's own."""
    bare = host.strip("[]").rstrip(".").lower()
    if bare in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host)))


def _is_lately(claims: Claims, hours: int, now: datetime) -> bool:
    """Whether the token was made within the session's hours.

    Not until its `exp`: that ends minutes after it was made, and says when a client may no longer accept it. Not
    since `auth_time` where there is `iat`: one may have been at the provider all day before coming here.
    """
    made = claims.get("iat", claims.get("auth_time"))
    if isinstance(made, bool) or not isinstance(made, int | float):
        return False
    age = (now - _EPOCH).total_seconds() - made
    return -_SKEW_SECONDS <= age < timedelta(hours=hours).total_seconds()


def _mail(claims: Claims) -> str:
    """Return the mail address in small letters, so that one person has one name; none if the provider doubts it."""
    is_doubted = str(claims.get("email_verified", True)).lower() == "false"
    return "" if is_doubted else _text(claims, "email")


def _text(claims: Claims, name: str) -> str:
    value = claims.get(name)
    return value.strip().casefold() if isinstance(value, str) else ""


def _folded(mails: list[str]) -> set[str]:
    return {each.strip().casefold() for each in mails} - {""}


def _by_claim(access: Access, claims: Claims) -> set[str]:
    value = claims.get(access.role_claim) if access.role_claim else None
    every = value if isinstance(value, list) else [value]
    return {each for each in every if isinstance(each, str)}


def _by_list(access: Access, mail: str) -> set[str]:
    return {role for role, mails in access.roles.items() if mail in _folded(mails)}


def _strongest(roles: set[str]) -> Role | None:
    return next((role for role in reversed(ROLES) if role in roles), None)
