"""What `clear-to-send load` does, apart from its options: loads files with a progress bar, and says what came of it."""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from pipelines import DATA
from pipelines.errors import UsageError, WarehouseLocked
from pipelines.load.erased import NOTHING_ERASED, Erased
from pipelines.load.loader import Loader
from pipelines.load.sources import STDIN, find_sources
from pipelines.load.summary import LoadSummary
from pipelines.policy import load_policy
from pipelines.progress import load_progress
from pipelines.settings import Settings
from pipelines.warehouse import Warehouse
from pipelines.warehouse_layout import make_way


@dataclass
class LoadedByApp(LoadSummary):
    """What a running app has loaded for the command. It brings up to date whatever follows a load, too."""


def load_files(settings: Settings, files: list[str], now: datetime, words: Console) -> LoadSummary:
    """
    Load files with a progress bar, and time it. A running app that holds the warehouse is asked to do it.

    Raises WarehouseLocked if another process than an app holds it, and what the load raises.
    """
    started = time.perf_counter()
    sizes = {file: Path(file).stat().st_size for file in files if Path(file).exists()}
    try:
        summary = _load_here(settings, files, sizes, now, words)
    except WarehouseLocked as error:
        handed_over = _hand_over(settings, files, sizes, now, words, error)
        # Nobody took it: the app has ended meanwhile, or what holds the file is none, which the second try says.
        summary = handed_over or _load_here(settings, files, sizes, now, words)
    summary.seconds = round(time.perf_counter() - started, 3)
    return summary


def _load_here(
    settings: Settings, files: list[str], sizes: dict[str, int], now: datetime, words: Console
) -> LoadSummary:
    policy = load_policy(DATA / "policy")
    if (aside := make_way(settings.warehouse_path)) is not None:
        words.print(f"The warehouse is of an older layout. It lies in {aside}, and a new one is made of all logs.")
        with suppress(UsageError):  # a home without logs: what is loaded now is all there is
            files = list(dict.fromkeys([*find_sources([str(settings.logs_path)]), *files]))
    with Warehouse.open(settings.warehouse_path) as warehouse, load_progress(sizes, words) as report:
        summary = Loader(warehouse, settings, policy, now, report, erased=_erased(settings, now)).load(files)
        warehouse.checkpoint()
    return summary


def _erased(settings: Settings, now: datetime) -> Erased:
    """Return what no load may bring back. A home that has forgotten nobody does not pay for the ledger."""
    if not (settings.retention_days or settings.ledger_url or (settings.home / "ledger.sqlite").exists()):
        return NOTHING_ERASED
    from pipelines.privacy.retention import erased_of

    return erased_of(settings, now)


def _hand_over(
    settings: Settings, files: list[str], sizes: dict[str, int], now: datetime, words: Console, locked: WarehouseLocked
) -> LoadedByApp | None:
    """Ask the app that holds the warehouse; None if none took it. Raises WarehouseLocked for what cannot be asked."""
    from pipelines.follow.handover import hand_over  # the ledger: a load by itself does without it

    if STDIN in files:
        raise WarehouseLocked(
            f"{locked} Standard input cannot be handed over: write it to a file, and load that."
        ) from None
    summary = hand_over(settings, files, sizes, now, words)
    return LoadedByApp(**vars(summary)) if summary else None


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
