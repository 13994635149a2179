"""A server to be measured: the webhook route of a home, or a bare one; it says its port, and what it took."""

import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from starlette.types import Receive, Scope, Send

from pipelines.listening import listen
from pipelines.receive_command import make_server, run_receive
from pipelines.settings import read_settings

fsyncs = 0
_sync = os.fsync


def counting(file: Any) -> None:
    """Sync a file, and count that."""
    global fsyncs  # noqa: PLW0603  the one number of this process
    fsyncs += 1
    _sync(file)


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """Read a body and answer 200, as an application does that stores nothing."""
    if scope["type"] == "lifespan":
        for name in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{name}.complete"})
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def serve(home: str) -> None:
    """Serve until SIGTERM. Without a home: the bare application, by the same server."""
    if home:
        words = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        clock = lambda: datetime.now(UTC).replace(tzinfo=None)  # noqa: E731
        run_receive(read_settings(Path(home), create=True), "127.0.0.1", 0, clock, words)
        return
    with listen("127.0.0.1", 0) as listener:
        print(f"Bare on http://127.0.0.1:{listener.getsockname()[1]}/webhook, storing nothing.\n", flush=True)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            make_server(bare).run(sockets=[listener])
        except KeyboardInterrupt:
            return


def main() -> None:
    """Serve, and print the answer as JSON on the last line."""
    os.fsync = counting  # type: ignore[assignment]
    serve(sys.argv[1])
    took: dict[str, Any] = {"cpu_seconds": time.process_time(), "fsyncs": fsyncs}
    print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main()
