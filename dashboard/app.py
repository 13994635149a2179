"""The app: pages in one process that owns the warehouse. Only here are the clock and the environment read."""

import os
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import streamlit as st

_CONFIG = Path(__file__).parent / ".streamlit" / "config.toml"


def say_failed(_error: Exception) -> bool:
    """Say in words that a page broke; the traceback stays in the server's log."""
    st.error(
        "This page could not be drawn. The other pages may still work; the log of the server says what happened.",
        icon=":material/error:",
    )
    return True


app = st.App(Path(__file__).with_name("navigation.py"), on_script_error=say_failed)


def now() -> datetime:
    """Return the present moment, naive UTC, to the minute; CLEAR_TO_SEND_AS_OF (ISO 8601) stands in for it."""
    given = os.environ.get("CLEAR_TO_SEND_AS_OF")
    moment = datetime.fromisoformat(given) if given else datetime.now(UTC)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.replace(second=0, microsecond=0)


def home() -> Path:
    """Return the home folder: CLEAR_TO_SEND_HOME, else ./home."""
    return Path(os.environ.get("CLEAR_TO_SEND_HOME", "home"))


def is_demo() -> bool:
    """Say whether the pages show sample data (CLEAR_TO_SEND_DEMO=1) and must say so."""
    return os.environ.get("CLEAR_TO_SEND_DEMO") == "1"


def main(host: str = "127.0.0.1", port: int = 8501, *, browser: bool = False) -> None:
    """Serve the pages until stopped; `browser` opens them in the user's own. Blocks."""
    serving = {
        "server.address": host,
        "server.port": port,
        "server.headless": not browser,
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": False,
    }
    app.run(config=dict(_flat(_settings())) | serving)


def _settings() -> dict[str, Any]:
    """Return what .streamlit/config.toml holds: Streamlit itself finds it only for `streamlit run`."""
    return tomllib.loads(_CONFIG.read_text(encoding="utf-8"))


def _flat(settings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
