"""The webhook route inside the app, while a browser looks at the Overview and the loader loads what comes."""

import json
import os
import subprocess
import sys
import time
from datetime import datetime
from unittest.mock import patch
from urllib.request import urlopen

from tests.benchmarks.measure import ROOT, say
from tests.benchmarks.receive_load import SECRET
from tests.benchmarks.table import Row
from tests.benchmarks.workspace import Workspace

MOMENT = datetime(2026, 11, 22, 12)
DELIVERIES = 30_000
RATE = 2_000


def receiving_in_the_app(space: Workspace) -> list[Row]:
    """Send deliveries at the rate to reach; tell the times to the answers, and when the last event was loaded."""
    from pipelines.after_load import check_history
    from pipelines.load.sources import find_sources
    from pipelines.load_command import load_files
    from pipelines.options import words
    from pipelines.samples import write_logs
    from pipelines.settings import read_settings
    from tests.browser.serving import blank_page, served

    secrets = {"CLEAR_TO_SEND_APP_SECRET": SECRET, "CLEAR_TO_SEND_VERIFY_TOKEN": "any"}
    home = space.new("app-home")
    write_logs(home / "logs", events=100_000, seed=7, ends_at=MOMENT)
    load_files(read_settings(home), find_sources([str(home / "logs")]), MOMENT, words)
    check_history(home, MOMENT, as_json=None)
    with patch.dict(os.environ, secrets), served(home, MOMENT) as address, blank_page(address) as page:
        page.goto("/")
        page.get_by_role("heading", name="How many people may we still message?").wait_for()
        before = _loaded(address)
        say(f"  {DELIVERIES:,} deliveries at {RATE:,} a second into the app, with a browser on its Overview ...")
        given = [address.rpartition(":")[2], "64", str(DELIVERIES), str(RATE)]
        call = [sys.executable, "-m", "tests.benchmarks.receive_load", *given]
        told = json.loads(subprocess.run(call, cwd=ROOT, check=True, capture_output=True).stdout)
        ended = time.monotonic()
        until = ended + 120
        while _loaded(address) - before < DELIVERIES and time.monotonic() < until:
            time.sleep(0.1)
        behind = time.monotonic() - ended
    if told["statuses"] != {"200": DELIVERIES}:
        raise SystemExit(f"Not every delivery was answered 200: {told['statuses']}.")
    return [
        Row(
            "signed deliveries into the app with a browser on the Overview, synced",
            f"{DELIVERIES / told['seconds']:,.0f} requests/s, p50 {1000 * told['p50']:.0f} ms, "
            f"p99 {1000 * told['p99']:.0f} ms; all loaded {behind:.1f} s after the last",
            "",
            "",
            "≥ 2,000/s at p99 ≤ 50 ms",
        )
    ]


def _loaded(address: str) -> int:
    """Return how many events the app says that it has loaded."""
    with urlopen(f"{address}/metrics", timeout=30) as answer:  # noqa: S310  the app that this has started
        for line in answer.read().decode().splitlines():
            if line.startswith("clear_to_send_events_loaded_total "):
                return int(float(line.split()[1]))
    return 0
