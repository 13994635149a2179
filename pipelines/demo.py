"""A home made of sample logs whose dates end now."""

import shutil
import webbrowser
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
        "# Nothing goes to Meta from here: start clear-to-send sandbox --home THIS, and broadcasts go there.\n"
        f'graph_url = "http://127.0.0.1:{SANDBOX_PORT}"\n',
        encoding="utf-8",
    )
    settings = read_settings(home)
    write_logs(settings.logs_path, events=EVENTS, seed=_SEED, ends_at=ends_at)
    return settings


def has_browser() -> bool:
    """Whether this machine has a browser to open; on a server the demo only says its address."""
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
