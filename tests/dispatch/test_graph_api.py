"""One call of the Send API over a real connection: what is sent, what comes back, and what never shows."""

import asyncio
import hashlib
import hmac
import json
import logging
import socket
from typing import Any

import pytest
from pydantic import SecretStr

from pipelines.dispatch.graph_api import Answer, GraphApi
from pipelines.dispatch.usage import Usage
from pipelines.errors import UsageError
from tests.dispatch.graph_server import Reply, Seen, dribbling, hanging, resetting, saying, sending, serving

PAGE = "108444444444444"
TOKEN = "EAAtoken-that-nobody-may-see"  # noqa: S105  it opens nothing
SECRET = "secret-that-nobody-may-see"  # noqa: S105
BODY = {"recipient": {"id": "7001"}, "message": {"text": "Größe 42 ist da 👟"}}
TAKEN = json.dumps({"recipient_id": "7001", "message_id": "m_1"}).encode()


def made(url: str, **more: Any) -> GraphApi:
    """Return the client of one Page, with an application's secret."""
    settings: dict[str, Any] = {"app_secret": SecretStr(SECRET), "timeout_s": 5, **more}
    return GraphApi(url, "v26.0", {PAGE: SecretStr(TOKEN)}, **settings)


def exchange(reply: Reply, times: int = 1, **more: Any) -> tuple[list[Answer], list[Seen]]:
    """Send to a server that replies so, one message after the other; return the answers and what arrived."""

    async def run() -> tuple[list[Answer], list[Seen]]:
        async with serving(reply) as graph, made(graph.url, **more) as api:
            return [await api.send(PAGE, BODY) for _ in range(times)], graph.seen

    return asyncio.run(run())


def test_a_message_is_posted_to_its_page() -> None:
    """The token stands in a header, the proof in the body; the address holds neither."""
    (answer,), (seen,) = exchange(saying(200, TAKEN))

    proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert seen.target == f"/v26.0/{PAGE}/messages"
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["content-type"] == "application/json"
    assert seen.body == {**BODY, "appsecret_proof": proof}
    assert answer == Answer(200, {"recipient_id": "7001", "message_id": "m_1"})


def test_without_the_applications_secret_there_is_no_proof() -> None:
    """The proof is optional, and the body is the caller's own then."""
    _, (seen,) = exchange(saying(200, TAKEN), app_secret=None)

    assert seen.body == BODY


def test_the_answer_tells_of_usage() -> None:
    """A refusal's headers count like any other's."""
    reply = saying(400, b'{"error": {"code": 613}}', X_App_Usage='{"call_count": 81}')
    (answer,), _ = exchange(reply)

    assert answer == Answer(400, {"error": {"code": 613}}, usage=Usage(81, 0))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"\xff\xfe", b"[" * 100_000, b'"text"'])
def test_a_body_that_is_no_object_is_empty(body: bytes) -> None:
    """The status still tells."""
    (answer,), _ = exchange(saying(502, body))

    assert answer == Answer(502)


@pytest.mark.parametrize("status", [302, 307, 429, 500, 503])
def test_nothing_is_tried_again_and_no_redirect_followed(status: int) -> None:
    """What is done about an answer is for others to decide."""
    (answer,), seen = exchange(saying(status, b"", Location="/elsewhere", Retry_After="0"))

    assert (answer.status, len(seen)) == (status, 1)


def test_a_page_keeps_its_connection() -> None:
    """Messages one after the other go over one connection, though there are several pools."""
    _, seen = exchange(saying(200, TAKEN), times=20)

    assert {each.connection for each in seen} == {1}


# --- no answer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        resetting,
        sending(b""),
        sending(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"),
        sending(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"),
        sending(b"\x00\x01 this is not HTTP\r\n\r\n"),
    ],
    ids=["reset", "closed", "half", "not gzip", "not HTTP"],
)
def test_what_breaks_after_the_request_left_is_lost(reply: Reply) -> None:
    """The message may have been taken."""
    (answer,), seen = exchange(reply)

    assert (answer.status, answer.body, answer.failure, len(seen)) == (0, {}, "lost", 1)
    assert answer.failure_words.startswith("The answer was lost")


@pytest.mark.parametrize("reply", [hanging, dribbling])
def test_an_answer_that_does_not_end_is_lost(reply: Reply) -> None:
    """Neither silence nor a trickle holds a call for ever."""
    (answer,), _ = exchange(reply, timeout_s=0.3)

    assert answer.failure == "lost"


def test_a_refused_connection_was_never_sent() -> None:
    """It is certain that nothing left, so it may be tried again."""

    async def run(url: str) -> Answer:
        async with made(url) as api:
            return await api.send(PAGE, BODY)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # taken, but nobody listens
        answer = asyncio.run(run(f"http://127.0.0.1:{free.getsockname()[1]}"))

    assert (answer.status, answer.failure) == (0, "not_sent")
    assert answer.failure_words == "The Graph API cannot be reached (ConnectError)."


def test_a_failed_handshake_was_never_sent() -> None:
    """A server that speaks no TLS gets no token and no message."""

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"plain words\r\n\r\n")
        writer.close()

    async def run() -> Answer:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, made(f"https://127.0.0.1:{port}") as api:
            return await api.send(PAGE, BODY)

    assert asyncio.run(run()).failure == "not_sent"


def test_a_call_that_found_no_free_connection_was_never_sent() -> None:
    """It waited in this process."""

    async def run() -> list[Answer]:
        async with serving(hanging) as graph, made(graph.url, timeout_s=0.3, connections=1) as api:
            return await asyncio.gather(*(api.send(PAGE, BODY) for _ in range(2)))

    first, second = asyncio.run(run())

    assert (first.failure, second.failure) == ("lost", "not_sent")


# --- settings and secrets --------------------------------------------------------------------------------------------


def test_a_page_without_a_token_says_which_setting_is_missing() -> None:
    """The sentence names the Page and where to put the token."""

    async def run() -> None:
        async with made("http://127.0.0.1:9") as api:
            await api.send("999", BODY)

    with pytest.raises(UsageError, match=r"Page 999\. Set it under \[access_tokens\] in settings\.toml"):
        asyncio.run(run())


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "größe", f"{TOKEN}\r\nX: y"])
def test_a_token_of_a_wrong_form_is_refused_unseen(token: str) -> None:
    """It would break the header, and the error that quotes it."""
    with pytest.raises(UsageError, match=f"access token of the Page {PAGE}") as refusal:
        GraphApi("https://graph.facebook.com", "v26.0", {PAGE: SecretStr(token)})

    assert not token or token not in str(refusal.value)


@pytest.mark.parametrize(
    "url", ["", "graph.facebook.com", "ftp://x", "https://", "https://u:p@x", "https://x?a=b", f"https://{'a' * 64}.x"]
)
def test_an_address_of_a_wrong_form_is_refused(url: str) -> None:
    """Before anything is sent to it."""
    with pytest.raises(UsageError, match="graph_url"):
        GraphApi(url, "v26.0", {})


@pytest.mark.parametrize("reply", [saying(200, TAKEN), saying(400, b"{}"), resetting, sending(b"\x00\r\n\r\n")])
def test_no_secret_is_told(reply: Reply, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in any log of any library, nor in what is returned, nor in how the client shows itself."""
    caplog.set_level(logging.DEBUG)
    with caplog.at_level(logging.DEBUG, "httpx"), caplog.at_level(logging.DEBUG, "httpcore"):
        (answer,), _ = exchange(reply)
    client = made("https://graph.facebook.com/")
    told = f"{caplog.text} {answer!r} {client!r} {vars(client)!r}"

    assert repr(client) == "GraphApi(https://graph.facebook.com/v26.0, 1 Pages)"
    assert caplog.text, "the libraries did log"
    assert TOKEN not in told
    assert SECRET not in told
