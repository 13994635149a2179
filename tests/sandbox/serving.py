"""Runs the sandbox for a test: in a thread of this process on a free port, or as a process of its own."""

import json
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
from rich.console import Console

from pipelines.listening import listen
from pipelines.sandbox.server import HOST, make_app, make_server
from pipelines.sandbox_command import lay_out, run_sandbox
from pipelines.settings import read_settings

START = datetime(2026, 11, 22, 12)


class Clock:
    """A clock that goes on from a moment, and can be put forward."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._from = time.monotonic()
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """Return the moment."""
        return self._start + self._ahead + timedelta(seconds=time.monotonic() - self._from)

    def advance(self, **by: float) -> None:
        """Put it forward, by hours=1 for example."""
        self._ahead += timedelta(**by)

    def rewind(self) -> None:
        """Put it back to where it would be by itself."""
        self._ahead = timedelta()


@dataclass(frozen=True)
class Sandbox:
    """A sandbox that serves."""

    url: str
    home: Path
    truth_path: Path
    client: httpx.Client = field(repr=False)

    def post(self, path: str, body: Any, token: str = "any", **headers: str) -> httpx.Response:  # noqa: S107
        """Call the Graph API with JSON."""
        return self.client.post(path, json=body, headers={"Authorization": f"Bearer {token}", **headers})

    def send(self, page_id: str, recipient: dict[str, str], text: str = "Hello", **fields: Any) -> httpx.Response:
        """Send a text, or the message among the fields."""
        message = fields.pop("message", {"text": text})
        return self.post(f"/v25.0/{page_id}/messages", {"recipient": recipient, "message": message, **fields})

    def add(self, page_id: str, psid: str, **more: Any) -> None:
        """Add a person."""
        added = self.client.post("/sandbox/people", json={"page_id": page_id, "psid": psid, **more})
        assert added.status_code == 200, added.text

    def set(self, what: str, **rates: float) -> None:
        """Set faults or habits."""
        assert self.client.post(f"/sandbox/{what}", json=rates).status_code == 200

    def stats(self) -> dict[str, Any]:
        """Return the sandbox's numbers."""
        numbers: dict[str, Any] = self.client.get("/sandbox/stats").json()
        return numbers

    def truth(self) -> list[dict[str, Any]]:
        """Return each message that a person really received."""
        return [json.loads(line) for line in self.truth_path.read_text(encoding="utf-8").splitlines()]

    def settle(self) -> None:
        """Wait until no webhook is to come."""
        while self.stats()["webhooks"]["pending"]:
            time.sleep(0.02)

    def webhooks(self) -> list[dict[str, Any]]:
        """Return the events in the sandbox's own log segments, once all have come."""
        self.settle()
        lines = [
            line
            for path in sorted((self.home / "logs").glob("sandbox-*.jsonl"))
            for line in path.read_text("ascii").splitlines()
        ]
        entries = [entry for line in lines for entry in json.loads(line)["entry"]]
        return [item for entry in entries for channel in ("messaging", "changes") for item in entry.get(channel, ())]


@contextmanager
def sandbox(
    home: Path,
    *,
    clock: Callable[[], datetime] | None = None,
    faults: Sequence[str] = (),
    people: Sequence[str] = (),
    truth: Path | None = None,
    webhook_url: str = "",
    seed: int = 0,
    secret: str = "",
) -> Iterator[Sandbox]:
    """Serve a home in a thread, and end with the block. `secret` stands in for the application's."""
    now = clock or Clock()
    settings = read_settings(home, create=True)
    graph = lay_out(
        settings, truth=truth, webhook_url=webhook_url, faults=faults, people=people, seed=seed, started_at=now(),
        secret=secret,
    )  # fmt: skip
    listener = listen(HOST, 0)
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    server = make_server(make_app(graph, now, secret))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
            yield Sandbox(url, home, truth or home / "sandbox-truth.jsonl", client)
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()


def main() -> None:
    """Serve as a process of its own: the arguments of run_sandbox as one JSON object, and a moment to begin at."""
    given = json.loads(sys.argv[1])
    run_sandbox(
        read_settings(Path(given["home"]), create=True),
        port=given.get("port", 0),
        truth=None,
        webhook_url="",
        faults=given.get("faults", ()),
        people=given.get("people", ()),
        seed=0,
        clock=Clock(datetime.fromisoformat(given.get("start", START.isoformat()))),
        words=Console(stderr=True, highlight=False, soft_wrap=True),
    )


if __name__ == "__main__":
    main()
