"""A `load` that finds the warehouse held by a running app: asks it through the ledger, and watches how far it is."""

import json
import time
from datetime import datetime
from typing import Any

from rich.console import Console
from sqlalchemy import Engine

from pipelines.errors import SurroundingsError
from pipelines.follow.running import is_running
from pipelines.ledger import load_requests
from pipelines.ledger.load_requests import LoadRequest
from pipelines.ledger.store import ledger_of
from pipelines.load.summary import LoadSummary
from pipelines.progress import Report, load_progress
from pipelines.settings import Settings

PATIENCE_SECONDS = 5.0
_LOOK_SECONDS = 0.25


def hand_over(
    settings: Settings, files: list[str], sizes: dict[str, int], now: datetime, words: Console
) -> LoadSummary | None:
    """
    Let the running app load files (absolute names), with a progress bar; None if no app runs that would take them.

    Raises SurroundingsError with the app's own sentence if its load failed. Interrupted, it takes back what has not
    been begun.
    """
    with ledger_of(settings.home, settings.ledger_url) as ledger:
        request_id = load_requests.ask(ledger, files, sum(sizes.values()), now)
        try:
            with load_progress(sizes, words) as report:
                return _watch(settings, ledger, request_id, now, report)
        except KeyboardInterrupt:
            if not load_requests.withdraw(ledger, request_id, now):
                words.print("The running app goes on loading them; its pages show how far it is.")
            raise


def _watch(settings: Settings, ledger: Engine, request_id: int, now: datetime, report: Report) -> LoadSummary | None:
    """Look at the request until it is answered. An app that is busy is waited for, one that has died is not."""
    given_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        request = load_requests.find(ledger, request_id)
        if request.state == "done":
            return _summary(json.loads(request.answer))
        if request.state == "failed":
            raise SurroundingsError(request.answer)
        _show(request, report)
        if is_running(settings.home):
            given_up_at = time.monotonic() + PATIENCE_SECONDS
        elif time.monotonic() > given_up_at:
            if load_requests.withdraw(ledger, request_id, now):
                return None
            raise SurroundingsError(
                "The app that was loading has ended. What it has loaded stays; run the command again, or start the "
                "app: it goes on from there."
            )
        time.sleep(_LOOK_SECONDS)


def _show(request: LoadRequest, report: Report) -> None:
    name = "the running app loads" if request.state == "loading" else "waiting for the running app"
    report(name, request.bytes_done, LoadSummary(events=request.events))


def _summary(answer: dict[str, Any]) -> LoadSummary:
    for name in ("first_event_at", "last_event_at"):
        answer[name] = datetime.fromisoformat(answer[name]) if answer[name] else None
    return LoadSummary(**answer)
