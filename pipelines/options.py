"""The options that many commands share."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

words = Console(stderr=True, highlight=False, soft_wrap=True)
"""For all that is said beside the answer."""

SANDBOX_PORT = 8400
"""Where the sandbox listens unless told otherwise, and where a demo's broadcasts go."""

DEFAULT_HOME = Path("home")
Home = Annotated[
    Path, typer.Option("--home", envvar="CLEAR_TO_SEND_HOME", help="Folder of logs, warehouse and settings.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, and nothing else there.")]
AsOf = Annotated[
    str, typer.Option("--as-of", metavar="ISO8601", help="The moment that counts as now; UTC unless it says otherwise.")
]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port on this machine.")]
AsUser = Annotated[
    str, typer.Option("--as-user", metavar="NAME", envvar="CLEAR_TO_SEND_USER", help="Who does it; it is written down.")
]

Clock = Callable[[str], datetime]
"""What every command finds in its context: --as-of, or the clock, as naive UTC."""


def running(clock: Clock, as_of: str) -> Callable[[], datetime]:
    """Return a clock that goes on: the machine's, or one that stood at --as-of when the command began."""
    if not as_of:
        return lambda: clock("")
    began, moment = time.monotonic(), clock(as_of)
    return lambda: moment + timedelta(seconds=time.monotonic() - began)
