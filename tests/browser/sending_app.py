"""The app beside a sandbox in Meta's place: broadcasts go out, and what people do comes back by the webhook route."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.browser.serving import served, wait_for
from tests.deliveries import delivery, message, otn, write_lines

TOPIC = "restock:trail-shoes"
SECRET = "of-the-app"  # noqa: S105


@dataclass(frozen=True, slots=True)
class SendingApp:
    """Where the app and the sandbox answer, and the home and the truth file they work on."""

    address: str
    graph_url: str
    home: Path
    truth: Path


def write_home(home: Path, now: datetime, *, writers: int, token_holders: int, settings: str = "") -> str:
    """
    Write logs of people who wrote within the last hour and of people with a token, and settings for a sandbox.

    Returns the sandbox's address.
    """
    port = _free_port()
    home.mkdir(parents=True, exist_ok=True)
    graph_url = f"http://127.0.0.1:{port}"
    (home / "settings.toml").write_text(
        f'graph_url = "{graph_url}"\napp_secret = "{SECRET}"\nverify_token = "v"\ndemo = true\n{settings}',
        encoding="utf-8",
    )
    wrote = [
        message(psid(number), now - timedelta(minutes=number % 50 + 1), f"m_in_{number}") for number in range(writers)
    ]
    asked = [
        otn(psid(1000 + number), now - timedelta(days=30 + number % 5), f"token-{number}", TOPIC)
        for number in range(token_holders)
    ]
    write_lines(home / "logs" / "before.jsonl", *map(delivery, [*wrote, *asked]))
    return graph_url


def psid(number: int) -> str:
    """Return a person's id."""
    return f"2400000000{number:07}"


@contextmanager
def sending_app(home: Path, graph_url: str, now: datetime, *faults: str) -> Iterator[SendingApp]:
    """Serve a home that `write_home` made, with its sandbox, from `now` on. `faults` are the sandbox's."""
    truth = home / "truth.jsonl"
    with served(home, now) as address:
        words = [
            "sandbox", "--home", str(home), "--port", graph_url.rpartition(":")[2], "--truth", str(truth),
            "--webhook-url", f"{address}/webhook", "--as-of", f"{now.isoformat()}Z", "--seed", "7",
            *(word for fault in faults for word in ("--fault", fault)),
        ]  # fmt: skip
        with subprocess.Popen([sys.executable, "-m", "pipelines", *words]) as sandbox:
            try:
                wait_for(f"{graph_url}/sandbox/stats")
                yield SendingApp(address, graph_url, home, truth)
            finally:
                sandbox.terminate()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
