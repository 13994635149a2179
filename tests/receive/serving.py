"""Serves the webhook route for a test, in a thread or as a process of its own, and reads back what it stored."""

import base64
import hmac
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import zstandard
from pydantic import SecretStr
from rich.console import Console

from pipelines.listening import listen
from pipelines.receive.log import Limits
from pipelines.receive.receiver import Receiver
from pipelines.receive_command import make_app, make_server, run_receive
from pipelines.settings import read_settings

ROOT = Path(__file__).parents[2]
SECRET, OLD_SECRET, TOKEN = "new secret", "old secret", "the word that Meta names"
START = datetime(2026, 11, 22, 12)


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Return the header by which Meta signs a body."""
    return {"X-Hub-Signature-256": f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}"}


@dataclass(frozen=True)
class Served:
    """A receiver that serves."""

    home: Path
    port: int
    receiver: Receiver
    client: httpx.Client = field(repr=False)
    woken: list[bool] = field(default_factory=list)

    def post(self, body: bytes, secret: str = SECRET) -> int:
        """Post a signed delivery; return the status of the answer."""
        return self.client.post("/webhook", content=body, headers=signed(body, secret)).status_code

    def counted(self, kind: str) -> int:
        """Return one of the receiver's totals."""
        return self.receiver.counts.totals[kind]


@contextmanager
def served(
    home: Path,
    *,
    secrets: Sequence[str] = (SECRET, OLD_SECRET),
    token: str | None = TOKEN,
    clock: Callable[[], datetime] = lambda: START,
    limits: Limits | None = None,
) -> Iterator[Served]:
    """Serve a home in a thread, and stop gracefully at the end of the block."""
    woken: list[bool] = []
    receiver = Receiver(
        home / "logs", home / "receive", [SecretStr(each) for each in secrets], SecretStr(token) if token else None,
        clock, lambda: woken.append(True), limits or Limits(),
    )  # fmt: skip
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    server = make_server(make_app(receiver))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    wait_for(lambda: server.started)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            yield Served(home, port, receiver, client, woken)
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()


@contextmanager
def process(home: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Serve a home as `clear-to-send receive` does, in a process that is killed at the end of the block."""
    environment = {**os.environ, "CLEAR_TO_SEND_APP_SECRET": SECRET, "CLEAR_TO_SEND_VERIFY_TOKEN": TOKEN}
    call = [sys.executable, "-m", "tests.receive.serving", str(home)]
    with subprocess.Popen(call, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as running:
        assert running.stdout
        try:
            yield running, int(running.stdout.readline().split("/webhook")[0].rpartition(":")[2])
        finally:
            running.kill()


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait until something holds; fail if it never does."""
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until, "waited for a minute"
        time.sleep(0.005)


def segments(home: Path) -> list[Path]:
    """Return the log segments, compressed or not."""
    return [path for path in sorted((home / "logs").glob("*")) if path.name.endswith((".jsonl", ".jsonl.zst"))]


def read(path: Path) -> bytes:
    """Return what a segment holds, compressed or not."""
    if path.suffix != ".zst":
        return path.read_bytes()
    with path.open("rb") as file:
        return zstandard.ZstdDecompressor().stream_reader(file).read()


def lines(home: Path) -> list[bytes]:
    """Return the lines of all segments; each is whole."""
    contents = [read(path) for path in segments(home)]
    assert [content for content in contents if content and not content.endswith(b"\n")] == []
    return [line for content in contents for line in content.split(b"\n")[:-1]]


def bodies(home: Path, secret: str = SECRET) -> list[bytes]:
    """Return the deliveries as they were posted, each proved by the signature that is kept beside its segment."""
    found = []
    for path in segments(home):
        beside = path.with_name(path.name.replace(".jsonl", ".signatures"))
        for line, note in zip(read(path).splitlines(), read(beside).decode().splitlines(), strict=True):
            stamp, _, signature = note.partition(" ")
            body = next(each for each in _meant(line) if signed(each, secret)["X-Hub-Signature-256"] == signature)
            assert datetime.fromisoformat(stamp)
            found.append(body)
    return found


def _meant(line: bytes) -> Iterator[bytes]:
    yield line
    wrapper: dict[str, Any] = json.loads(line)
    yield wrapper["body"].encode() if "body" in wrapper else base64.b64decode(wrapper["body_base64"])


def main() -> None:
    """Serve a home until a signal comes."""
    began = time.monotonic()
    run_receive(
        read_settings(Path(sys.argv[1]), create=True), "127.0.0.1", 0,
        lambda: START + timedelta(seconds=time.monotonic() - began),
        Console(file=sys.stdout, highlight=False, soft_wrap=True),
    )  # fmt: skip


if __name__ == "__main__":
    main()
