"""A home made of sample logs whose dates end now, and a sandbox in Meta's place."""

import secrets
import shutil
import signal
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pipelines.errors import UsageError
from pipelines.options import SANDBOX_PORT
from pipelines.samples import write_logs
from pipelines.settings import Settings, read_settings

EVENTS = 250_000
_SEED = 7


def make_demo_home(home: Path, ends_at: datetime) -> Settings:
    """
    Write sample logs into `home`, in place of those of an earlier demo. `ends_at` is naive UTC.

    Raises UsageError if the home holds anything that no demo made: real logs are never deleted.
    """
    home = home.expanduser().absolute()
    if home.exists() and any(home.iterdir()):
        if not read_settings(home).demo:
            raise UsageError(
                f"{home} holds a real home, which the demo will not touch. "
                "Name another folder: clear-to-send demo --home demo-home"
            )
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / "settings.toml").write_text(
        "# Made by clear-to-send demo: sample data, made anew at each start.\ndemo = true\n\n"
        "# Nothing goes to Meta from here: broadcasts go to a sandbox that the demo starts, and that signs webhooks.\n"
        f'graph_url = "http://127.0.0.1:{_free_port(SANDBOX_PORT)}"\n'
        f'app_secret = "{secrets.token_hex(16)}"\nverify_token = "{secrets.token_hex(16)}"\n',
        encoding="utf-8",
    )
    settings = read_settings(home)
    write_logs(settings.logs_path, events=EVENTS, seed=_SEED, ends_at=ends_at)
    return settings


@contextmanager
def playing_meta(settings: Settings, app_port: int, as_of: str) -> Iterator[None]:
    """Run a sandbox beside the demo's app: broadcasts reach it, and its people answer through the webhook route."""
    words = [
        "sandbox", "--home", str(settings.home), "--port", settings.graph_url.rpartition(":")[2],
        "--webhook-url", f"http://127.0.0.1:{app_port}/webhook",
    ]  # fmt: skip
    command = [sys.executable, "-m", "pipelines", *words, *(["--as-of", as_of] if as_of else [])]
    # A demo that is ended by a signal ends its sandbox too: as by Ctrl+C, not at once.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with subprocess.Popen(command) as process:
        try:
            yield
        finally:
            process.terminate()


def _free_port(wanted: int) -> int:
    """Return a port of this machine that nothing listens on: the wanted one where that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return wanted


def has_browser() -> bool:
    """Whether this machine has a browser to open; on a server the demo only says its address."""
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
