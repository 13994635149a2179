"""Who somebody is by what a provider says of them, and what a sign-in needs to be set."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from pipelines.access import check_access, is_this_machine, may_listen, operator, who
from pipelines.errors import Refused, UsageError
from pipelines.rights import ROLES, Person, Role
from pipelines.settings import Access, Settings

NOW = datetime(2026, 11, 22, 12)
SIGNED_IN = int(NOW.replace(tzinfo=UTC).timestamp()) - 3600
ACCESS = Access(
    metadata_url="https://id.example.com/.well-known/openid-configuration",
    client_id="clear-to-send",
    client_secret=SecretStr("a secret of the provider"),
    cookie_secret=SecretStr("k" * 32),
    role_claim="roles",
    roles={"viewer": ["vera@example.com"], "reviewer": ["Rita@Example.com", "vera@example.com"]},
    blocked=["Bob@example.com"],
)


def claims(**more: Any) -> dict[str, Any]:
    """Return what a provider says of Rita."""
    said = {"is_logged_in": True, "sub": "u1", "email": "rita@example.com", "email_verified": True, "iat": SIGNED_IN}
    return said | more


def without(name: str) -> dict[str, Any]:
    """Return that, without one claim."""
    return {key: value for key, value in claims().items() if key != name}


@pytest.mark.parametrize(
    ("said", "person"),
    [
        (claims(), Person("rita@example.com", "reviewer")),
        (claims(email=" RITA@example.com "), Person("rita@example.com", "reviewer")),
        (claims(email="vera@example.com"), Person("vera@example.com", "reviewer")),  # the strongest of two lists
        (claims(roles="admin"), Person("rita@example.com", "admin")),  # a claim beats a list
        (claims(roles=["viewer", "growth"]), Person("rita@example.com", "reviewer")),  # and a list a claim
        (claims(email="new@example.com", roles=["staff", "growth", 7]), Person("new@example.com", "growth")),
        (claims(email="new@example.com"), Person("new@example.com", None)),
        (claims(email="new@example.com", roles={"admin": True}), Person("new@example.com", None)),
        (claims(email="new@example.com", roles="Admin"), Person("new@example.com", None)),
        (claims(email_verified=False), Person("u1", None)),  # whose address it is, is not known
        (claims(email_verified="false"), Person("u1", None)),
        (without("email_verified"), Person("rita@example.com", "reviewer")),
        (claims(email_verified=False, roles="viewer"), Person("u1", "viewer")),
        (without("email") | {"name": "rita@example.com"}, Person("u1", None)),  # a name that one gives oneself
        (without("email") | {"preferred_username": "rita@example.com"}, Person("u1", None)),
        (claims(email="bob@example.com", roles="admin"), Person("bob@example.com", None)),
        (claims(email="bob@example.com", email_verified=False, roles="admin"), Person("u1", None)),
        (claims(preferred_username="BOB@example.com", roles="admin"), Person("rita@example.com", None)),
        ({}, None),
        (claims(is_logged_in=False), None),
        (claims(is_logged_in="yes"), None),
        (without("iat"), None),
        (without("iat") | {"auth_time": SIGNED_IN}, Person("rita@example.com", "reviewer")),
        (claims(auth_time=SIGNED_IN - 90_000), Person("rita@example.com", "reviewer")),  # long at the provider already
        (
            claims(exp=SIGNED_IN + 60),
            Person("rita@example.com", "reviewer"),
        ),  # how long the token, not the session, lives
        (claims(iat=SIGNED_IN - 7 * 3600), None),  # eight hours are over
        (claims(iat=SIGNED_IN - 7 * 3600 + 1), Person("rita@example.com", "reviewer")),
        (claims(iat=SIGNED_IN + 3600 + 299), Person("rita@example.com", "reviewer")),  # the provider's clock is ahead
        (claims(iat=SIGNED_IN + 3600 + 301), None),
        (claims(iat=str(SIGNED_IN)), None),
        (claims(iat=True), None),
        (claims(iat=float("nan")), None),
    ],
)
def test_who(said: dict[str, Any], person: Person | None) -> None:
    """A role by claim or by list, none for the blocked, and nobody whose session is over."""
    assert who(ACCESS, said, NOW) == person


WORDS = st.sampled_from(["rita@example.com", "bob@example.com", "BOB@EXAMPLE.COM ", "vera@example.com", *ROLES, ""])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)
NAMES = ("is_logged_in", "sub", "email", "email_verified", "preferred_username", "roles", "iat", "auth_time", "exp")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, ANYTHING)), st.booleans())
def test_whatever_a_provider_says(said: dict[str, Any], is_lately: bool) -> None:
    """Nothing breaks it, nobody gets a role that no claim or list gives, and the blocked get none."""
    said |= {"is_logged_in": True, "iat": SIGNED_IN} if is_lately else {}
    person = who(ACCESS, said, NOW)

    if person is not None and person.role is not None:
        given_roles = said.get("roles")
        by_claim = (
            {each for each in (given_roles if isinstance(given_roles, list) else [given_roles]) if each in ROLES}
            if not isinstance(given_roles, dict)
            else set()
        )
        assert person.role in by_claim | {"viewer", "reviewer"}
        assert "bob@example.com" not in str(said.get("email")).strip().lower().split()
        assert person.name


@given(st.integers(-10_000, 10_000), st.integers(1, 72))
def test_a_session_ends(minutes: int, hours: int) -> None:
    """So many hours after signing in, whatever moment that was."""
    at = NOW + timedelta(minutes=minutes)
    person = who(ACCESS.model_copy(update={"session_hours": hours}), claims(iat=SIGNED_IN + 3600), at)

    assert (person is not None) == (-5 <= minutes < hours * 60)


@pytest.mark.parametrize(("name", "role"), [("rita@example.com", "reviewer"), (" Vera@example.com", "reviewer")])
def test_a_command_is_done_as_somebody_listed(name: str, role: Role) -> None:
    """With the rights that they have on the pages, and under the same name."""
    assert operator(ACCESS, name) == Person(name.strip().lower(), role)


@pytest.mark.parametrize("name", ["", "ann", "bob@example.com"])
def test_a_command_is_refused_to_anybody_else(name: str) -> None:
    """With a sentence that says where the names stand."""
    listed = ACCESS.model_copy(update={"roles": {"admin": ["bob@example.com"]}})

    with pytest.raises(Refused, match=r"\[access\] roles in settings.toml"):
        operator(listed, name)


def test_without_sign_in_whoever_runs_a_command_is_admin() -> None:
    """Under any name."""
    assert operator(Access(), "ann") == Person("ann", "admin")


def settings(public_url: str = "https://app.example.com", **more: Any) -> Settings:
    """Return settings with a whole sign-in, but for what is given."""
    return Settings(public_url=public_url, access=ACCESS.model_copy(update=more))


@pytest.mark.parametrize(
    "whole",
    [
        Settings(), settings(), settings("https://app.example.com:8443/"), settings("http://localhost:8501"),
        settings(role_claim=""), settings(roles={}), settings(metadata_url="http://127.0.0.1:9400/.well-known/x"),
    ],
)  # fmt: skip
def test_a_whole_sign_in_or_none_is_taken(whole: Settings) -> None:
    """By list, by claim, or by both."""
    check_access(whole)


@pytest.mark.parametrize(
    ("half", "says"),
    [
        (settings(metadata_url=""), "metadata_url is missing"),
        (settings(client_id=""), "client_id is missing"),
        (settings(client_secret=SecretStr("")), "client_secret is missing"),
        (settings(cookie_secret=SecretStr("")), "cookie_secret is missing"),
        (settings(cookie_secret=SecretStr("k" * 31)), "cookie_secret is shorter than 32"),
        (settings(role_claim="", roles={}), r"roles \(or role_claim\) is missing"),
        (settings(role_claim="", roles={"admin": []}), r"roles \(or role_claim\) is missing"),
        (settings(metadata_url="http://id.example.com/x"), "metadata_url is no https address"),
        (settings(""), "public_url is missing"),
        (settings("http://app.example.com"), "public_url is no https address"),
        (settings("app.example.com"), "public_url is no https address"),
        (settings("https://example.com/app"), "public_url holds more"),
        (Settings(access=Access(cookie_secret=SecretStr("k" * 32))), "client_id is missing"),
    ],
)
def test_half_a_sign_in_is_refused(half: Settings, says: str) -> None:
    """By name of what is missing, and without telling a secret."""
    with pytest.raises(UsageError, match=says) as refusal:
        check_access(half)

    assert "kkkk" not in str(refusal.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.0.0.2", "LOCALHOST."])
def test_this_machine_needs_no_sign_in(host: str) -> None:
    """By all its names."""
    assert is_this_machine(host)
    may_listen(host, Settings())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.7", "app.example.com", "localhost.example.com"])  # noqa: S104
def test_another_address_needs_one(host: str) -> None:
    """The refusal says what to configure."""
    with pytest.raises(UsageError, match="metadata_url, client_id, client_secret, cookie_secret"):
        may_listen(host, Settings())
    may_listen(host, settings())
