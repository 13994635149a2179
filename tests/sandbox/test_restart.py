"""What the sandbox still knows after a stop, a kill, and on a home with real logs."""

import gzip
import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard
from rich.console import Console

from pipelines.errors import SurroundingsError
from pipelines.listening import listen
from pipelines.sandbox.server import HOST
from pipelines.sandbox_command import run_sandbox
from pipelines.settings import read_settings
from tests import deliveries
from tests.sandbox.conftest import QUIET
from tests.sandbox.serving import START, Clock, sandbox
from tests.sandbox.test_window import ANNA, PAGE, refusal

ROOT = Path(__file__).parents[2]


def written_home(folder: Path) -> Path:
    """Return a home whose logs know Anna, her tokens T1 to T9, and her message of an hour ago."""
    given = [deliveries.otn(ANNA, START - timedelta(days=9), f"T{number}") for number in range(1, 10)]
    spent = "clear-to-send/1 send=1 lane=otn token=" + hashlib.md5(b"T9", usedforsecurity=False).hexdigest()
    deliveries.write_lines(
        folder / "logs" / "a.jsonl",
        deliveries.delivery(*given),
        '{"object":"page","entry":[{"id":"1084',
        "not JSON at all",
        json.dumps({"level": "info", "body": json.dumps(deliveries.delivery(deliveries.message(ANNA, START, "m1")))}),
        deliveries.delivery(deliveries.echo(ANNA, START - timedelta(days=1), "m2", metadata=spent)),
        deliveries.delivery(deliveries.message("later", START + timedelta(hours=2), "m3")),
    )
    return folder


@contextmanager
def process(home: Path, **given: Any) -> Iterator[tuple["subprocess.Popen[str]", httpx.Client]]:
    """Serve a home in a process of its own, as the command does."""
    call = [sys.executable, "-m", "tests.sandbox.serving", json.dumps({"home": str(home), "people": QUIET, **given})]
    with subprocess.Popen(call, cwd=ROOT, stderr=subprocess.PIPE, text=True) as served:
        assert served.stderr
        try:
            url = served.stderr.readline().strip().removeprefix("Sandbox on ")
            assert url.startswith("http://127.0.0.1:"), url + served.stderr.read()
            with httpx.Client(base_url=url, trust_env=False, headers={"Authorization": "Bearer x"}) as client:
                yield served, client
        finally:
            served.kill()


def send(client: httpx.Client, recipient: dict[str, str]) -> httpx.Response:
    """Send a text."""
    return client.post(f"/v25.0/{PAGE}/messages", json={"recipient": recipient, "message": {"text": "Hello"}})


def test_the_logs_tell_who_may_be_written_to(tmp_path: Path) -> None:
    """Junk between them is passed over; what they say of the future comes in its time."""
    clock = Clock()
    with sandbox(written_home(tmp_path), clock=clock, people=QUIET) as box:
        assert box.send(PAGE, {"id": ANNA}).status_code == 200
        assert box.send(PAGE, {"one_time_notif_token": "T1"}).status_code == 200
        assert refusal(box.send(PAGE, {"one_time_notif_token": "T9"})) == (100, None)
        assert refusal(box.send(PAGE, {"id": "later"})) == (100, 2018001)
        clock.advance(hours=2)
        assert box.send(PAGE, {"id": "later"}).status_code == 200


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_compressed_logs_are_read(tmp_path: Path, suffix: str) -> None:
    """Also one that breaks off at its end."""
    home = written_home(tmp_path)
    raw = (home / "logs" / "a.jsonl").read_bytes()
    packed = {"": raw, ".gz": gzip.compress(raw)[:-4], ".zst": zstandard.compress(raw)}[suffix]
    (home / "logs" / "a.jsonl").unlink()
    (home / "logs" / "deep").mkdir()
    (home / "logs" / "deep" / f"b.jsonl{suffix}").write_bytes(packed)

    with sandbox(home, people=QUIET) as box:
        assert box.send(PAGE, {"one_time_notif_token": "T1"}).status_code == 200


def test_a_restart_spends_no_token_again(tmp_path: Path) -> None:
    """Whatever happened to the webhooks, and at the very same moment by --as-of."""
    with sandbox(written_home(tmp_path), people=QUIET, faults=["lose_webhooks=1"]) as box:
        first = box.send(PAGE, {"one_time_notif_token": "T1"}).json()["message_id"]

    with sandbox(tmp_path, people=QUIET) as box:
        assert refusal(box.send(PAGE, {"one_time_notif_token": "T1"})) == (100, None)
        second = box.send(PAGE, {"one_time_notif_token": "T2"}).json()["message_id"]
        assert [each["token"] for each in box.truth()] == ["T1", "T2"]
    assert first != second


def test_a_restart_forgets_no_pace_and_no_comment(tmp_path: Path) -> None:
    """Marketing messages keep their distance, comments keep their answer."""
    folder = tmp_path / "home"
    comment = {"item": "comment", "comment_id": "c1", "from": {"id": ANNA}, "verb": "add"}
    entry = {"id": PAGE, "time": deliveries.ms(START) - 1000, "changes": [{"field": "feed", "value": comment}]}
    subscription = deliveries.marketing(ANNA, START - timedelta(days=9), "M1")
    lines = (deliveries.delivery(subscription), {"object": "page", "entry": [entry]})
    deliveries.write_lines(folder / "logs" / "a.jsonl", *lines)
    calls: tuple[dict[str, str], ...] = ({"notification_messages_token": "M1"}, {"comment_id": "c1"})
    with sandbox(folder, people=QUIET) as box:
        assert [box.send(PAGE, call).status_code for call in calls] == [200, 200]

    with sandbox(folder, people=QUIET) as box:
        assert [refusal(box.send(PAGE, call)) for call in calls] == [(4, 2018354), (100, None)]


def test_a_kill_forgets_nothing_that_was_answered(tmp_path: Path) -> None:
    """The truth is on disk before the answer; a line torn by the kill spoils none after it."""
    home = written_home(tmp_path)
    with process(home) as (served, client):
        assert send(client, {"one_time_notif_token": "T1"}).status_code == 200
        served.kill()
    truth = home / "sandbox-truth.jsonl"
    truth.write_bytes(truth.read_bytes() + b'{"psid":"240')

    with process(home) as (_, client):
        assert send(client, {"one_time_notif_token": "T1"}).status_code == 400
        assert send(client, {"one_time_notif_token": "T2"}).status_code == 200
    with process(home) as (_, client):
        assert [send(client, {"one_time_notif_token": f"T{number}"}).status_code for number in (1, 2, 3)] == [
            *(400, 400, 200)
        ]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_good_order(tmp_path: Path, how: signal.Signals) -> None:
    """Exit 0, no traceback, and the echo is told."""
    with process(written_home(tmp_path)) as (served, client):
        assert send(client, {"id": ANNA}).status_code == 200
        served.send_signal(how)

        assert served.wait(30) == 0
        assert served.stderr
        assert "Traceback" not in served.stderr.read()
    (segment,) = (tmp_path / "logs").glob("sandbox-*.jsonl")
    assert len(segment.read_text("ascii").splitlines()) == 1


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    """In a sentence that says what to do."""
    with listen(HOST, 0) as taken, pytest.raises(SurroundingsError, match="Name another with --port"):
        run_sandbox(
            read_settings(tmp_path, create=True), port=taken.getsockname()[1], truth=None, webhook_url="", faults=(),
            seed=0, clock=Clock(), words=Console(stderr=True),
        )  # fmt: skip


def test_a_truth_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """In a sentence that names the option."""
    with pytest.raises(SurroundingsError, match="Name another with --truth"), sandbox(tmp_path, truth=tmp_path):
        pass
