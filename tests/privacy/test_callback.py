"""Meta's data-deletion callback: who is believed, what is answered, and what a person reads of it."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import Engine
from starlette.applications import Starlette

from pipelines.errors import Refused, UsageError
from pipelines.ledger import deletions
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.privacy.callback import PATH, deletion_routes
from pipelines.privacy.requests import know_app_users, say_who
from pipelines.privacy.signed_request import NotSigned, user_of
from pipelines.settings import Settings
from tests.conftest import NOW
from tests.deliveries import ANNA, PAGE

SECRET, OLD = "the-apps-secret", "the-one-before"
USER = "10220000000000001"


def seconds(moment: datetime) -> int:
    """Seconds since 1970."""
    return int(moment.replace(tzinfo=UTC).timestamp())


def signed(secret: str = SECRET, **changed: Any) -> str:
    """Sign a request as Meta does: over the payload as it is sent."""
    told = {"user_id": USER, "algorithm": "HMAC-SHA256", "issued_at": seconds(NOW), "expires": 0} | changed
    payload = _packed(json.dumps({key: value for key, value in told.items() if value is not None}).encode())
    return f"{_packed(hmac.digest(secret.encode(), payload.encode(), hashlib.sha256))}.{payload}"


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Client:
    """Calls the routes of one home."""

    def __init__(self, settings: Settings, ledger: Engine) -> None:
        self._app = Starlette(routes=deletion_routes(settings, ledger, lambda: NOW))

    def ask(self, signed_request: str) -> httpx.Response:
        """Post it as Meta does."""
        return self._call("POST", PATH, data={"signed_request": signed_request})

    def get(self, path: str) -> httpx.Response:
        """Look at a page."""
        return self._call("GET", path)

    def _call(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="https://reach.example.com") as client:
                return await client.request(method, path, **more)

        return asyncio.run(call())


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Engine]:
    """Return an empty ledger."""
    engine = open_ledger(ledger_url(tmp_path, ""))
    yield engine
    engine.dispose()


@pytest.fixture
def client(ledger: Engine, tmp_path: Path) -> Client:
    """Return a client of the routes."""
    settings = Settings(
        home=tmp_path, app_secret=SecretStr(SECRET), other_app_secrets=[SecretStr(OLD)],
        public_url="https://reach.example.com/",
    )  # fmt: skip
    return Client(settings, ledger)


def test_a_request_is_answered_with_a_code_and_where_to_look(client: Client, ledger: Engine) -> None:
    """Nobody knows that id, so a person has to find out whom it means; asked again, the code is the same."""
    first, again = client.ask(signed()), client.ask(signed(OLD, issued_at=seconds(NOW) - 60))

    assert first.status_code == 200
    code = first.json()["confirmation_code"]
    assert first.json() == {"url": f"https://reach.example.com/privacy/deletion/{code}", "confirmation_code": code}
    assert again.json()["confirmation_code"] == code
    page = client.get(f"{PATH}/{code}")
    assert "waits for a person" in page.text
    assert "<script" not in page.text
    assert USER not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    with ledger.connect() as connection:
        assert [each.state for each in deletions.in_states(connection, ["unknown"])] == ["unknown"]


def test_a_known_id_is_to_be_erased_at_once(client: Client, ledger: Engine) -> None:
    """The mapping says whom it means."""
    know_app_users(ledger, [(USER, PAGE, ANNA)], NOW)

    code = client.ask(signed()).json()["confirmation_code"]

    assert "will be erased" in client.get(f"{PATH}/{code}").text


def test_an_admin_says_who_it_is_once(client: Client, ledger: Engine) -> None:
    """Then it is the turn of the request; nobody decides about it twice."""
    code = client.ask(signed()).json()["confirmation_code"]
    with pytest.raises(UsageError, match="is a Page"):
        say_who(ledger, code, [(PAGE, PAGE)], [PAGE], NOW)

    say_who(ledger, code, [(PAGE, ANNA)], [PAGE], NOW)

    with pytest.raises(Refused, match="known already"):
        say_who(ledger, code, [], [PAGE], NOW)
    with ledger.connect() as connection:
        assert deletions.people_of(connection, USER) == [(PAGE, ANNA)]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (signed("another-secret"), 403),
        (signed(algorithm="none"), 403),
        (signed(algorithm=None), 403),
        (signed(issued_at=seconds(NOW - timedelta(days=2))), 403),
        (signed(issued_at=seconds(NOW + timedelta(hours=1))), 403),
        (signed(issued_at=None), 403),
        (signed(expires=seconds(NOW - timedelta(hours=1))), 403),
        (signed(user_id=None), 400),
        (signed(user_id="1; DROP"), 400),
        (signed(user_id={"id": 1}), 400),
        (signed()[:-2], 403),
        ("." + signed().split(".")[1], 403),
        (signed().split(".")[0], 400),
        ("ü." + signed().split(".")[1], 400),
        ("a" * 20_000, 400),
        ("", 400),
    ],
)
def test_whoever_is_not_believed_leaves_nothing_behind(
    client: Client, ledger: Engine, request_: str, status: int
) -> None:
    """A short sentence, and not one row."""
    answer = client.ask(request_)

    assert answer.status_code == status
    assert answer.json()["error"].endswith(".")
    with ledger.connect() as connection:
        assert deletions.in_states(connection, ["asked", "unknown"]) == []


def test_codes_that_are_none_are_alike(client: Client) -> None:
    """Whatever they look like."""
    pages = [client.get(f"{PATH}/{code}") for code in ("0" * 32, "x", "%27%20OR%201=1", "<script>")]

    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1


def test_an_app_that_is_not_set_up_says_so(ledger: Engine, tmp_path: Path) -> None:
    """Without the app's secret nobody can be believed."""
    client = Client(Settings(home=tmp_path), ledger)

    assert client.ask(signed()).status_code == 503


@given(st.one_of(st.text(max_size=60), st.builds("{}.{}".format, st.text("ab-_=", max_size=9), st.text(max_size=40))))
def test_no_text_is_believed_or_breaks_it(text: str) -> None:
    """Without the secret nothing passes."""
    with pytest.raises(NotSigned):
        user_of(text, [SecretStr(SECRET)], NOW)
