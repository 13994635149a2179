"""The app: pages, webhook route, loader and dispatcher in one process. Only here are clock and environment read."""

import os
import sys
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from rich.console import Console

from pipelines.settings import Settings

_CONFIG = Path(__file__).parent / ".streamlit" / "config.toml"
_SWITCH_SECONDS = 0.0005
_began = time.monotonic()


def clock() -> datetime:
    """Return the present moment, naive UTC. CLEAR_TO_SEND_AS_OF (ISO 8601) stands in for when the app began."""
    given = os.environ.get("CLEAR_TO_SEND_AS_OF")
    if not given:
        return wall_clock()
    return _naive(given) + timedelta(seconds=time.monotonic() - _began)


def wall_clock() -> datetime:
    """Return the machine's own moment, naive UTC: an identity provider knows no other."""
    return datetime.now(UTC).replace(tzinfo=None)


def now() -> datetime:
    """Return the moment that pages show, naive UTC, to the minute, so that answers can be kept for a while."""
    given = os.environ.get("CLEAR_TO_SEND_AS_OF")
    moment = _naive(given) if given else clock()
    return moment.replace(second=0, microsecond=0)


def home() -> Path:
    """Return the home folder: CLEAR_TO_SEND_HOME, else ./home."""
    return Path(os.environ.get("CLEAR_TO_SEND_HOME", "home"))


def main(settings: Settings, host: str, port: int, words: Console, *, browser: bool = False) -> None:
    """Serve the app until stopped; `browser` opens it in the user's own. Blocks.

    Raises UsageError for an address that would be open to anybody, SurroundingsError for one that is taken.
    """
    global _began  # noqa: PLW0603  the one moment at which the app begins
    # Not at the top: a page that is drawn alone, in a test, needs none of these.
    from dashboard.access import server_config
    from dashboard.server.serving import make_app
    from pipelines.access import may_listen
    from pipelines.listening import listen
    from pipelines.process_log import configure_logging

    may_listen(host, settings)
    listen(host, port).close()  # what is taken is told before anything begins
    configure_logging(settings, as_json=not sys.stderr.isatty())
    _began = time.monotonic()
    # Pages are drawn in threads, and the loop that acknowledges webhooks must not wait 5 ms for each of them.
    sys.setswitchinterval(_SWITCH_SECONDS)
    os.environ["FORWARDED_ALLOW_IPS"] = ",".join(settings.trusted_proxies)  # uvicorn would believe all of this machine
    address = f"http://{host}:{port}"
    app = make_app(settings, clock, wall_clock, address)
    words.print(f"Clear to Send is on {address} - stop it with Ctrl+C.")
    serving = {
        "server.address": host,
        "server.port": port,
        "server.headless": not browser,
        "server.fileWatcherType": "none",
        "browser.serverAddress": urlsplit(settings.public_url).hostname or host,
        "browser.gatherUsageStats": False,
    }
    app.run(config=dict(_flat(_settings())) | server_config(settings, host) | serving)


def say_failed(_error: Exception) -> bool:
    """Say in words that a page broke; the traceback stays in the server's log."""
    from dashboard.language import say  # not at the top, as in `main`

    st.error(
        say("This page could not be drawn. The other pages may still work; the log of the server says what happened."),
        icon=":material/error:",
    )
    return True


def _naive(given: str) -> datetime:
    moment = datetime.fromisoformat(given)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _settings() -> dict[str, Any]:
    """Return what .streamlit/config.toml holds: Streamlit itself finds it only for `streamlit run`."""
    return tomllib.loads(_CONFIG.read_text(encoding="utf-8"))


def _flat(settings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
