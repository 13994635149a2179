"""How often one address may knock, by a clock that the test moves."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.server.limits import LIMITS, Buckets, RateLimits
from tests.asgi_client import STRANGER, AsgiClient

META, OFFICE = "198.51.100.9", "192.0.2.1"


class World:
    """An app behind limits that answers what it is told to, and the clock it goes by."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.reached = 0
        self.limited: list[str] = []
        paths = ("/webhook", "/privacy/deletion", "/privacy/deletion/{code}", "/auth/login", "/oauth2callback", "/")
        routes = [Route(path, self._answer, methods=["GET", "POST"]) for path in paths]
        limits = Middleware(RateLimits, clock=lambda: self.seconds, on_limited=self.limited.append)
        self._app = Starlette(routes=routes, middleware=[limits])

    async def _answer(self, request: Request) -> Response:
        self.reached += 1
        return Response(status_code=int(request.headers["wanted"]))

    def ask(self, method: str, path: str, wanted: int = 200, of: str = STRANGER) -> int:
        """Return the status of the answer to one request."""
        return self.client(of).request(method, path, headers={"wanted": str(wanted)}).status_code

    def client(self, of: str) -> AsgiClient:
        """Return a client at an address."""
        return AsgiClient(self._app, address=of)

    def flood(self, count: int, method: str, path: str, wanted: int, of: str = STRANGER) -> list[int]:
        """Return the answers to so many requests."""
        answers = self.client(of).requests(count, method, path, headers={"wanted": str(wanted)})
        return [answer.status_code for answer in answers]


@pytest.fixture
def world() -> World:
    """Return an app nobody has knocked at."""
    return World()


def test_a_flood_of_wrong_signatures_is_turned_away_unread(world: World) -> None:
    """After the burst nothing reaches the route; a second later one more does; others are not touched."""
    answers = world.flood(100, "POST", "/webhook", 403)
    assert answers == [403] * 30 + [429] * 70
    assert world.reached == 30
    assert world.limited == ["webhook"] * 70
    assert world.ask("POST", "/webhook", 200, of=META) == 200

    world.seconds += 1
    assert world.flood(2, "POST", "/webhook", 403) == [403, 429]


def test_a_right_signature_is_never_limited(world: World) -> None:
    """Not by how many there are, nor by wrong ones from an address that was right within the hour."""
    assert set(world.flood(200, "POST", "/webhook", 200, of=META)) == {200}
    assert set(world.flood(100, "POST", "/webhook", 403, of=META)) == {403}
    assert world.ask("POST", "/webhook", 200, of=META) == 200
    assert world.limited == []

    world.seconds += 3601
    assert world.flood(100, "POST", "/webhook", 403, of=META)[-1] == 429


def test_our_own_failures_cost_the_caller_nothing(world: World) -> None:
    """A full disk answers 503, and Meta comes again."""
    assert set(world.flood(100, "POST", "/webhook", 503, of=META)) == {503}


@pytest.mark.parametrize(
    ("method", "path", "wanted", "burst"),
    [
        ("GET", "/webhook", 403, 10),
        ("POST", "/privacy/deletion", 403, 10),
        ("GET", "/privacy/deletion/0123", 404, 30),
        ("GET", "/auth/login", 302, 30),
        ("GET", "/oauth2callback", 302, 30),
    ],
)
def test_each_own_route_has_its_limit(world: World, method: str, path: str, wanted: int, burst: int) -> None:
    """And says when to come again."""
    answers = world.flood(burst + 1, method, path, wanted)
    assert answers == [wanted] * burst + [429]
    refused = world.client(STRANGER).request(method, path)
    assert 1 <= int(refused.headers["retry-after"]) <= 6
    assert set(world.flood(50, "GET", "/", 200)) == {200}


def test_this_machine_is_not_limited(world: World) -> None:
    """A proxy here that does not name its callers would stand for all of them."""
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert set(world.flood(50, "GET", "/auth/login", 302, of=address)) == {302}


def test_one_subscriber_is_one_address(world: World) -> None:
    """Whoever has a network of IPv6 addresses does not get a bucket for each."""
    answers = [world.ask("GET", "/auth/login", 302, of=f"2001:db8:1:2::{number:x}") for number in range(40)]
    assert answers.count(429) == 10
    assert world.ask("GET", "/auth/login", 302, of="2001:db8:1:3::1") == 302


def test_memory_is_bounded() -> None:
    """Who was not seen for longest is forgotten."""
    buckets = Buckets(1, 1, lambda: 0.0, most=100)
    for number in range(1000):
        buckets.take(str(number))
    assert len(buckets) == 100
    assert buckets.wait("0") == 0
    assert buckets.wait("999") > 0


@given(st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=60))
def test_a_bucket_gives_no_more_than_its_rate(steps: list[tuple[float, bool]]) -> None:
    """Over any span: the burst, and so many a second; and it never makes anybody wait longer than for one token."""
    now, taken = 0.0, 0
    buckets = Buckets(5, 2, lambda: now)
    for pause, wants in steps:
        now += pause
        if wants and buckets.wait(OFFICE) == 0:
            buckets.take(OFFICE)
            taken += 1
        assert taken <= 5 + 2 * now + 1e-6
        assert 0 <= buckets.wait(OFFICE) <= 0.5 + 1e-9


def test_limits_are_named_once() -> None:
    """Their names are labels of a metric."""
    assert len({limit.name for limit in LIMITS}) == len(LIMITS)


def test_a_socket_passes(world: World) -> None:
    """The pages' own connection is not counted."""
    seen: list[str] = []

    async def app(scope: dict[str, str], _receive: object, _send: object) -> None:
        seen.append(scope["type"])

    limits = RateLimits(app, clock=lambda: 0.0, on_limited=seen.append)  # type: ignore[arg-type]
    asyncio.run(limits({"type": "websocket", "path": "/auth/login"}, None, None))  # type: ignore[arg-type]
    assert seen == ["websocket"]
