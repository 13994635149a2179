"""The webhook route answers Meta's challenge, takes what is signed, and nothing else."""

import csv
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.receive.log import Limits
from tests.conftest import Home
from tests.deliveries import ANNA, NOON, PAGE, compact, delivery, message
from tests.receive.serving import OLD_SECRET, SECRET, TOKEN, Served, bodies, lines, segments, served, signed

CORPUS = Path(os.environ.get("CLEAR_TO_SEND_CORPORA", Path(__file__).parents[3] / "shared" / "corpora")) / "webhooks"
BODY = compact(delivery(message(ANNA, NOON, "m_1")))


@pytest.fixture
def route(tmp_path: Path) -> Iterator[Served]:
    """Return a receiver of an empty home, which takes small bodies only."""
    with served(tmp_path / "home", limits=Limits(body_bytes=20_000)) as each:
        yield each


def test_the_challenge_is_answered_for_the_right_token_only(route: Served) -> None:
    """With the challenge and nothing else, as plain text."""
    asked = {"hub.mode": "subscribe", "hub.verify_token": TOKEN, "hub.challenge": "1158201444"}
    answer = route.client.get("/webhook", params=asked)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")
    wrong = [
        {**asked, "hub.verify_token": "another"}, {**asked, "hub.verify_token": ""}, {**asked, "hub.mode": "leave"},
        {**asked, "hub.challenge": ""}, {"hub.mode": "subscribe"}, {},
    ]  # fmt: skip
    answers = [route.client.get("/webhook", params=each) for each in wrong]
    assert [(each.status_code, each.text) for each in answers] == [(403, "")] * len(wrong)
    assert route.counted("bad_challenge") == len(wrong)


def test_without_a_verify_token_no_challenge_is_answered(tmp_path: Path) -> None:
    """Not even one that names the empty token."""
    for token in (None, ""):
        with served(tmp_path / "home", token=token) as route:
            asked = {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}
            assert route.client.get("/webhook", params=asked).status_code == 403


def test_what_either_secret_signed_is_stored_and_told(route: Served) -> None:
    """The new one and the old one; the page counts it, and whoever waits for deliveries is woken."""
    assert [route.post(BODY), route.post(BODY, OLD_SECRET)] == [200, 200]
    assert lines(route.home) == [BODY, BODY]
    assert route.woken
    pages = route.receiver.counts.as_json(None)["pages"]
    assert pages == {PAGE: {"accepted": 2, "last_at": "2026-11-22T12:00:00.000Z"}}


def test_what_is_not_signed_is_refused_and_not_stored(route: Served, caplog: pytest.LogCaptureFixture) -> None:
    """Wrong, missing, of other bytes, in another form: 403, counted, and no word of it in the log."""
    good = signed(BODY)["X-Hub-Signature-256"]
    wrong = ["", "sha256=", good.upper(), good[7:], good[:-1], f"sha1={good[7:]}", "sha256=" + "0" * 64]
    sent = [route.client.post("/webhook", content=BODY, headers={"X-Hub-Signature-256": each}) for each in wrong]
    sent += [route.client.post("/webhook", content=BODY), route.client.post("/webhook", content=b"")]
    sent += [route.client.post("/webhook", content=BODY + b" ", headers=signed(BODY))]
    sent += [route.client.post("/webhook", content=BODY, headers=signed(BODY, "somebody's"))]

    assert {each.status_code for each in sent} == {403}
    assert route.counted("bad_signature") == len(sent)
    assert segments(route.home) == []
    assert not route.woken
    assert "bad_signature" in caplog.text
    assert [each for each in (ANNA, PAGE, SECRET, good) if each in caplog.text] == []


def test_without_a_secret_nothing_is_taken_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An empty secret is none, though one can sign with it."""
    caplog.set_level(logging.WARNING)
    for secrets in ((), ("",)):
        with served(tmp_path / "home", secrets=secrets) as route:
            assert route.post(BODY, "") == 403
            assert route.counted("bad_signature") == 1
    assert "app_secret is not set" in caplog.text


def test_a_large_body_is_refused_before_it_is_read(route: Served) -> None:
    """By the length that it names, and where it names none as soon as it is longer."""
    head = b"POST /webhook HTTP/1.1\r\nHost: x\r\n"
    with socket.create_connection(("127.0.0.1", route.port), 30) as named:
        named.sendall(head + b"Content-Length: 20001\r\n\r\n")
        assert named.recv(4096).startswith(b"HTTP/1.1 413")
    with socket.create_connection(("127.0.0.1", route.port), 30) as chunked:
        chunked.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n" + b"4e21\r\n" + b"x" * 20_001 + b"\r\n")
        assert chunked.recv(4096).startswith(b"HTTP/1.1 413")
    assert route.post(b'{"a":"%s"}' % (b"x" * 19_992)) == 200
    assert route.counted("too_large") == 2


def test_other_methods_and_paths_are_told_what_there_is(route: Served) -> None:
    """405 names the two methods; health says that all is well."""
    assert [route.client.request(each, "/webhook").status_code for each in ("PUT", "DELETE", "HEAD")] == [405] * 3
    assert route.client.put("/webhook").headers["allow"] == "GET, POST"
    assert route.client.get("/health").status_code == 200
    assert route.client.get("/webhook/more").status_code == 404


def test_a_client_that_goes_away_takes_nothing_along(route: Served) -> None:
    """In the middle of a body, or with the answer on its way; the next one is served."""
    start = b"POST /webhook HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: %s\r\nContent-Length: %d\r\n\r\n"
    head = start % (signed(BODY)["X-Hub-Signature-256"].encode(), len(BODY))
    for sent in (head[:40], head, head + BODY[:-1], head + BODY):
        with socket.create_connection(("127.0.0.1", route.port), 30) as leaving:
            leaving.sendall(sent)
    assert route.post(BODY) == 200
    assert set(lines(route.home)) == {BODY}


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real payloads is not at hand")
def test_real_payloads_are_stored_byte_for_byte(tmp_path: Path, home: Home) -> None:
    r"""Escaped as Meta signs them (\u00e4), printed over lines, and malformed; the loader takes each line once."""
    with (CORPUS / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    payloads = [(CORPUS / row["file"]).read_bytes() for row in rows]
    with served(home.folder) as route:
        assert {route.post(each) for each in payloads} == {200}
        malformed = route.counted("malformed")

    assert bodies(home.folder) == payloads
    assert 0 < malformed <= sum(row["shape"] == "raw_body" for row in rows)
    did = home.load(home.folder / "logs")
    assert did.lines == len(payloads)
    assert did.rejects >= malformed
