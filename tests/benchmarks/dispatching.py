"""Dispatch: messages a second over fifty Pages, against a bare httpx loop at the same sandbox in the same run."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.benchmarks.measure import ROOT, Cost, say, work
from tests.benchmarks.table import Row, ratio
from tests.benchmarks.workspace import Workspace

MOMENT = datetime.fromisoformat("2026-11-22T10:30")
PAGES, PEOPLE = 50, 300
"""People of each Page. Their windows are open."""
RATE = 40
"""Messages a second for each Page: the ceiling, so that the machine and not the pace is what is measured."""


def dispatching(space: Workspace) -> list[Row]:
    """Send to the same people by a bare loop, then by the dispatcher."""
    home = space.new("dispatch-home")
    write_people(home)
    with sandbox(home) as url:
        say(f"  {PAGES * PEOPLE:,} messages by a bare httpx loop ...")
        bare = work("bare_sends", url=url)
    with sandbox(home) as url:
        say(f"  {PAGES * PEOPLE:,} messages by the dispatcher ...")
        ours = work("run_dispatch", home=home, url=url)
    fast, their = PAGES * PEOPLE / ours.seconds, PAGES * PEOPLE / bare.seconds
    return [
        Row(
            f"dispatch of {PAGES * PEOPLE:,} messages over {PAGES} Pages, against a bare `httpx` loop",
            f"{fast:,.0f} messages/s, {_memory(ours)}",
            f"{their:,.0f} messages/s, {_memory(bare)}",
            ratio(fast / their, bare.cpu_seconds / ours.cpu_seconds),
            "≥ 0.6 x",
        ),
        Row(
            "the same: most messages to a Page that the sandbox counted within any second",
            f"{ours.answer['highest_in_a_second']}",
            f"{RATE} allowed",
            "",
            f"≤ {RATE}",
        ),
    ]


def people() -> Iterator[tuple[str, str]]:
    """Give (page_id, psid) for everyone, Page by Page."""
    for page in range(PAGES):
        for person in range(PEOPLE):
            yield f"1080000{page:06}", f"24{page:04}{person:08}"


def write_people(home: Path) -> None:
    """Write a log in which everyone has just written to their Page."""
    logs = home / "logs"
    logs.mkdir(parents=True)
    at = int((MOMENT - timedelta(hours=1)).replace(tzinfo=UTC).timestamp() * 1000)
    with (logs / "people.jsonl").open("w", encoding="utf-8") as segment:
        for page_id, psid in people():
            item = {"sender": {"id": psid}, "recipient": {"id": page_id}, "timestamp": at,
                    "message": {"mid": f"m_{psid}", "text": "hello"}}  # fmt: skip
            entry = {"id": page_id, "time": at, "messaging": [item]}
            segment.write(json.dumps({"object": "page", "entry": [entry]}) + "\n")


@contextmanager
def sandbox(home: Path) -> Iterator[str]:
    """Run a sandbox of the home on a free port, and give its address."""
    truth = home / "truth.jsonl"
    truth.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pipelines", "sandbox", "--port", "0", "--home", str(home), "--truth", str(truth)]
    quiet = ["--people", "delivers=0", "--people", "blocks=0", "--as-of", MOMENT.isoformat()]
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("CLEAR_TO_SEND_")}
    with subprocess.Popen([*command, *quiet], cwd=ROOT, stderr=subprocess.PIPE, text=True, env=surroundings) as process:
        assert process.stderr is not None
        address = process.stderr.readline().split()[-1]
        process.stderr.readline()
        try:
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            for segment in (home / "logs").glob("sandbox-*"):
                segment.unlink()


def _memory(cost: Cost) -> str:
    return f"{cost.peak_bytes / 2**20:,.0f} MiB, {1e6 * cost.cpu_seconds / (PAGES * PEOPLE):,.0f} µs of CPU each"
