"""The webhook route: signed deliveries a second, on the disk before each answer, against a server without storage."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import ROOT, say
from tests.benchmarks.receive_load import SECRET
from tests.benchmarks.table import Row, ratio
from tests.benchmarks.workspace import Workspace

DELIVERIES = 30_000
RATE = 2_000
WAYS = {f"{RATE:,} a second over 64 connections": (64, RATE), "over 32 connections, as fast as answers come": (32, 0)}


def receiving(space: Workspace) -> list[Row]:
    """Send the same deliveries to a server that answers 200 and to the receiver: at the rate to reach, and faster."""
    rows = []
    for how, (connections, rate) in WAYS.items():
        say(f"  {DELIVERIES:,} deliveries, {how} ...")
        theirs, their_end = _run("", connections, rate)
        ours, our_end = _run(str(space.new("receive-home")), connections, rate)
        fast, bare = DELIVERIES / ours["seconds"], DELIVERIES / theirs["seconds"]
        rows.append(
            Row(
                f"signed deliveries, {how}, synced, against a server that stores nothing",
                f"{fast:,.0f} requests/s, {_times(ours)}, {our_end['fsyncs']:,} fsyncs",
                f"{bare:,.0f} requests/s, {_times(theirs)}",
                ratio(fast / bare, their_end["cpu_seconds"] / our_end["cpu_seconds"]),
                "≥ 2,000/s at p99 ≤ 50 ms",
            )
        )
    return rows


def _run(home: str, connections: int, rate: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the client measured, and what the server says at its end."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("CLEAR_TO_SEND_")}
    surroundings |= {"CLEAR_TO_SEND_APP_SECRET": SECRET, "CLEAR_TO_SEND_VERIFY_TOKEN": "any"}
    call = [sys.executable, "-m", "tests.benchmarks.receive_server", home]
    with subprocess.Popen(call, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=surroundings) as server:
        assert server.stdout is not None
        port = server.stdout.readline().split("/webhook")[0].rpartition(":")[2]
        words = [port, *map(str, (connections, DELIVERIES, rate))]
        load = [sys.executable, "-m", "tests.benchmarks.receive_load", *words]
        measured = json.loads(subprocess.run(load, cwd=ROOT, check=True, capture_output=True).stdout)
        server.terminate()
        said = json.loads(server.stdout.read().splitlines()[-1])
    if measured["statuses"] != {"200": DELIVERIES}:
        raise SystemExit(f"Not every delivery was answered 200: {measured['statuses']}.")
    if home:
        _check(Path(home))
    return measured, said


def _check(home: Path) -> None:
    (numbers,) = (home / "receive").glob("*.json")
    accepted = json.loads(numbers.read_text(encoding="utf-8"))["totals"]["accepted"]
    if accepted != DELIVERIES:
        raise SystemExit(f"The receiver counted {accepted:,} of {DELIVERIES:,} deliveries.")


def _times(measured: dict[str, Any]) -> str:
    return f"p50 {1000 * measured['p50']:.0f} ms, p99 {1000 * measured['p99']:.0f} ms"
