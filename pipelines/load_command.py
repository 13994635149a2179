"""What `clear-to-send load` does, apart from its options: loads files with a progress bar, and says what came of it."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from pipelines import DATA
from pipelines.load.loader import Loader
from pipelines.load.summary import LoadSummary
from pipelines.policy import load_policy
from pipelines.progress import load_progress
from pipelines.settings import Settings
from pipelines.warehouse import Warehouse


def load_files(settings: Settings, files: list[str], now: datetime, words: Console) -> LoadSummary:
    """Load files with a progress bar, and time it."""
    started = time.perf_counter()
    policy = load_policy(DATA / "policy")
    sizes = {file: Path(file).stat().st_size for file in files if Path(file).exists()}
    with Warehouse.open(settings.warehouse_path) as warehouse, load_progress(sizes, words) as report:
        summary = Loader(warehouse, settings, policy, now, report).load(files)
    summary.seconds = round(time.perf_counter() - started, 3)
    return summary


def load_json(summary: LoadSummary) -> dict[str, Any]:
    """Return what `--json` prints."""
    return {
        "files": summary.files, "unchanged_files": summary.unchanged_files, "lines": summary.lines,
        "event_lines": summary.event_lines,
        "events": summary.events, "duplicates": summary.duplicates, "duplicate_events": summary.duplicate_events,
        "rejects": summary.rejects, "bytes": summary.bytes, "seconds": summary.seconds, "problems": summary.problems,
    }  # fmt: skip


def say_load(summary: LoadSummary, words: Console) -> None:
    """Say how many lines and events there were, and what to do about those that were none."""
    unchanged = f" ({summary.unchanged_files:,} unchanged)" if summary.unchanged_files else ""
    words.print(
        f"{summary.files:,} files{unchanged}: {summary.lines:,} lines = {summary.event_lines:,} with new events"
        f" + {summary.duplicates:,} duplicates + {summary.rejects:,} rejects."
    )
    words.print(f"{summary.events:,} new events in {summary.seconds:.1f} s.")
    if not summary.lines and not summary.unchanged_files and not summary.problems:
        words.print("There is not one line in them: an empty log. Check the path, or wait for the first webhook.")
    if summary.rejects and not summary.event_lines + summary.duplicates:
        words.print(
            "None of these lines is a webhook delivery: it is no webhook log, or one in a shape that is not known."
        )
    elif summary.rejects:
        words.print("The rejected lines stand on the page Data health, each with its reason.")
