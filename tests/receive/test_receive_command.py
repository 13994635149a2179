"""`clear-to-send receive`: what it needs before it listens, and what it says."""

import socket
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pipelines.errors import SurroundingsError, UsageError
from pipelines.receive_command import run_receive
from pipelines.settings import read_settings
from tests.receive.serving import START


def clock() -> datetime:
    """Return the one moment there is."""
    return START


@pytest.mark.parametrize(
    ("host", "given", "wanted"),
    [
        ("127.0.0.1", {}, "APP_SECRET"),
        ("127.0.0.1", {"app_secret": ""}, "APP_SECRET"),
        ("0.0.0.0", {"verify_token": "any"}, "APP_SECRET"),  # noqa: S104
        ("0.0.0.0", {"app_secret": "any"}, "VERIFY_TOKEN"),  # noqa: S104
        ("0.0.0.0", {"app_secret": "any", "verify_token": ""}, "VERIFY_TOKEN"),  # noqa: S104
    ],
)
def test_without_what_checks_deliveries_it_does_not_listen(
    tmp_path: Path, host: str, given: dict[str, Any], wanted: str
) -> None:
    """A sentence names the setting; on this machine alone the challenge may wait."""
    lines = "\n".join(f'{name} = "{value}"' for name, value in given.items())
    (tmp_path / "settings.toml").write_text(lines, encoding="utf-8")

    with pytest.raises(UsageError, match=f"CLEAR_TO_SEND_{wanted}"):
        run_receive(read_settings(tmp_path), host, 0, clock, Console(stderr=True))


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    """And what to do."""
    (tmp_path / "settings.toml").write_text('app_secret = "any"', encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SurroundingsError, match="--port"):
        run_receive(read_settings(tmp_path), "127.0.0.1", taken.getsockname()[1], clock, Console(stderr=True))
