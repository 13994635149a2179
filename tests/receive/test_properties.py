"""Whatever comes over the wire, the route answers, never with a 500, and stores exactly what is signed."""

import json
import os
import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.receive.log import Limits
from tests.conftest import Home
from tests.receive.serving import OLD_SECRET, SECRET, Served, bodies, served, signed

EXAMPLES = int(os.environ.get("CLEAR_TO_SEND_EXAMPLES", "30"))
LIMIT = 3_000
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10) | st.just("entry"), inner),
    max_leaves=8,
)
BODIES = (
    st.binary(max_size=200)
    | st.text(max_size=100).map(lambda text: text.encode())
    | st.sampled_from([b"", b" ", b"{}", b"[" * 2_500, b'{"a":' * 500, b'{"a":\n1}', b'{"a":\r1}', b'{"body":"{}"}',
                       b'{"a":"\\ud800"}', b'{"a":1}{"a":2}', b'{"a":NaN}', b"\xef\xbb\xbf{}", b"x" * (LIMIT + 1)])
    | JSON.map(lambda value: json.dumps({"entry": [{"id": value, "messaging": [value]}]}).encode())
)  # fmt: skip
HEADERS = st.lists(
    st.tuples(
        st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,20}", fullmatch=True), st.from_regex(r"[ -~]{0,30}", fullmatch=True)
    ),
    max_size=4,
)  # fmt: skip
OWN = {"content-length", "transfer-encoding", "connection", "upgrade", "expect", "x-hub-signature-256"}


@pytest.fixture(scope="module")
def route(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a receiver that takes small bodies."""
    with served(tmp_path_factory.mktemp("home"), limits=Limits(body_bytes=LIMIT, segment_bytes=20_000)) as each:
        yield each


def talk(port: int, *pieces: bytes, is_all: bool = False) -> bytes:
    """Send pieces over a connection of their own, and return all that comes back, where nothing is sent any more."""
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answer = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
            if is_all:
                connection.shutdown(socket.SHUT_WR)
            while block := connection.recv(65536):
                answer += block
        except OSError:  # it was answered before all was sent
            pass
        return answer


def framed(body: bytes, headers: list[tuple[str, str]], signature: str, cuts: list[int] | None) -> Iterator[bytes]:
    """Give a request in pieces: the head, and the body whole or in chunks."""
    more = "".join(f"{name}: {value}\r\n" for name, value in headers if name.lower() not in OWN)
    more += f"X-Hub-Signature-256: {signature}\r\n" if signature else ""
    kind = f"Content-Length: {len(body)}" if cuts is None else "Transfer-Encoding: chunked"
    yield f"POST /webhook HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}{kind}\r\n\r\n".encode()
    if cuts is None:
        yield body
        return
    edges = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    for begin, end in pairwise(edges):
        yield f"{end - begin:x}\r\n".encode() + body[begin:end] + b"\r\n"
    yield b"0\r\n\r\n"


@given(
    body=BODIES, headers=HEADERS, by=st.sampled_from([SECRET, OLD_SECRET, "nobody's", ""]),
    cuts=st.none() | st.lists(st.integers(0, 5_000), max_size=3),
)  # fmt: skip
@settings(max_examples=EXAMPLES)
def test_a_body_is_stored_exactly_if_it_is_signed(
    route: Served, body: bytes, headers: list[tuple[str, str]], by: str, cuts: list[int] | None
) -> None:
    """In one piece or in chunks, with any headers beside."""
    before = route.counted("accepted")
    signature = signed(body, by)["X-Hub-Signature-256"] if by else ""
    status = talk(route.port, *framed(body, headers, signature, cuts))[9:12]

    expected = b"413" if len(body) > LIMIT else b"200" if by in (SECRET, OLD_SECRET) else b"403"
    assert status == expected or (expected == b"413" and not status)
    assert route.counted("accepted") - before == (expected == b"200")


@given(sent=st.lists(st.binary(max_size=60) | st.sampled_from(
    [b"POST /webhook HTTP/1.1\r\n", b"GET /webhook?hub.mode=subscribe&hub.verify_token=%ff HTTP/1.1\r\n", b"\r\n",
     b"Content-Length: -1\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"ffffffff\r\n",
     b"Expect: 100-continue\r\n", b"Upgrade: websocket\r\nConnection: upgrade\r\n", b"X-Hub-Signature-256: \xff\r\n"]
), max_size=6))  # fmt: skip
@settings(max_examples=EXAMPLES)
def test_no_bytes_break_the_route(route: Served, sent: list[bytes]) -> None:
    """Nothing is stored, no answer is a 500, and the next delivery is taken."""
    before = route.counted("accepted")
    answer = talk(route.port, *sent, is_all=True)

    assert b"HTTP/1.1 5" not in answer
    assert route.counted("accepted") == before
    assert route.post(b"{}") == 200


@given(sent=st.lists(BODIES.filter(lambda body: len(body) <= LIMIT), min_size=1, max_size=30))
@settings(max_examples=max(2, EXAMPLES // 20))
def test_each_delivery_is_one_line_and_loaded_once(
    tmp_path_factory: pytest.TempPathFactory, policy: object, sent: list[bytes]
) -> None:
    """Byte for byte, in order; the loader finds as many lines as were answered 200."""
    home = Home(tmp_path_factory.mktemp("home"), policy)  # type: ignore[arg-type]
    with served(home.folder) as route:
        assert {route.post(body) for body in sent} == {200}

    assert bodies(home.folder) == sent
    assert home.load(home.folder / "logs").lines == len(sent)
