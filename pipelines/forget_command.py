"""What `clear-to-send forget` does, apart from its options: erases a person, or hands that to the app that runs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from sqlalchemy import Engine

from pipelines import DATA
from pipelines.errors import Refused, WarehouseLocked
from pipelines.ledger import deletions
from pipelines.ledger.store import ledger_of
from pipelines.policy import load_policy
from pipelines.privacy.erasing import Clock, Counts, ErasingHome, known_pages, run_asked
from pipelines.privacy.requests import ask, know_app_users, read_app_users
from pipelines.privacy.retention import apply_retention
from pipelines.settings import Settings
from pipelines.warehouse import Warehouse

_WAIT_S = 600
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What came of it. `erased` counts by kind; `by_hand` names what lies outside the home and holds the person."""

    request: str
    psid: str
    erased: Counts
    by_hand: list[str]

    @property
    def held_nothing(self) -> bool:
        """Whether there was nothing of that person."""
        return not any(self.erased.values())

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "request": self.request, "psid": self.psid, "held_nothing": self.held_nothing, "erased": self.erased,
            "by_hand": self.by_hand,
        }  # fmt: skip


def forget_person(
    settings: Settings, psid: str, page_id: str, by: str, clock: Clock, words: Console, *, wait_s: float = _WAIT_S
) -> Forgotten:
    """
    Erase a person, on one Page or ('') on all. A running app that holds the warehouse is asked to do it.

    Called again after it was killed, it goes on. Raises UsageError, and Refused while a message is on its way to them.
    """
    with ledger_of(settings.home, settings.ledger_url) as ledger:
        try:
            with _home(settings, ledger) as home:
                code = _ask(home, psid, page_id, by, clock())
                run_asked(home, clock)
        except WarehouseLocked:
            home = ErasingHome(settings, ledger, load_policy(DATA / "policy"), None)
            code = _ask(home, psid, page_id, by, clock())
            words.print("The app that holds the warehouse is asked to do it. Waiting for it ...")
            _await(settings, ledger, code, clock, wait_s)
        done = _found(ledger, code)
        if done.told().get("waits"):
            raise Refused(done.told()["waits"])
        told = done.told()
        by_hand = [*told.pop("by_hand", []), *told.pop("damaged_files", [])]
        return Forgotten(code, psid, told, by_hand)


def _await(settings: Settings, ledger: Engine, code: str, clock: Clock, wait_s: float) -> None:
    """Wait until whoever holds the warehouse has done it; once nobody holds it any more, do it here."""
    until = time.monotonic() + wait_s
    while _found(ledger, code).state != "erased" and not _found(ledger, code).told().get("waits"):
        if time.monotonic() > until:
            raise Refused(
                f"It is asked for as request {code} and not done yet: whoever holds the warehouse does not do it. "
                "Stop that process, and run the command again; or start the app, which does it by itself."
            )
        time.sleep(_LOOK_S)
        with suppress(WarehouseLocked), _home(settings, ledger) as home:
            run_asked(home, clock)


def forget_expired(settings: Settings, clock: Clock) -> Counts:
    """Erase what is older than it may be kept. Raises WarehouseLocked beside a running app, which does it by itself."""
    with ledger_of(settings.home, settings.ledger_url) as ledger, _home(settings, ledger) as home:
        return apply_retention(home, clock)


def keep_app_users(settings: Settings, file: Path, now: datetime) -> int:
    """Keep whom Meta's app-scoped ids mean, from a CSV of app_user_id, page_id, psid. Returns how many."""
    rows = read_app_users(file)
    with ledger_of(settings.home, settings.ledger_url) as ledger:
        return know_app_users(ledger, rows, now)


def say_forgotten(done: Forgotten, words: Console) -> None:
    """Say what was erased, and what somebody has to delete by hand."""
    if done.held_nothing:
        words.print(
            f"Nothing was held of {done.psid}. Logs that name them and are loaded later lose them.", markup=False
        )
    else:
        words.print(f"{done.psid} is forgotten: {erased_words(done.erased)}.", markup=False)
        words.print("No load brings them back; who writes again later is a new acquaintance.")
    for each in done.by_hand:
        words.print(f"Delete by hand, or take the person out of it: {each}", markup=False)


def erased_words(erased: Counts) -> str:
    """Say in words what was erased."""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(erased.get("events", {}).items()))
    parts = [
        f"{sum(erased.get('events', {}).values()):,} events" + (f" ({kinds})" if kinds else ""),
        f"{erased.get('log_items', 0):,} items in {erased.get('log_files', 0):,} log files",
        f"{erased.get('sends', 0):,} sends made anonymous" if "sends" in erased else "",
        f"{len(erased.get('plans', {})):,} frozen plans written anew" if erased.get("plans") else "",
        f"{len(erased.get('exports', [])):,} exports deleted" if erased.get("exports") else "",
    ]
    return ", ".join(part for part in parts if part)


def _ask(home: ErasingHome, psid: str, page_id: str, by: str, now: datetime) -> str:
    with home.ledger.connect() as connection:
        pages = known_pages(home, connection)
    return ask(home.ledger, psid, page_id or None, by, now, pages)


def _found(ledger: Engine, code: str) -> deletions.Deletion:
    with ledger.connect() as connection:
        found = deletions.find(connection, code)
    if found is None:  # only somebody's hand in the database takes it away
        raise Refused(f"The request {code} is gone from the ledger. Run the command again.")
    return found


@contextmanager
def _home(settings: Settings, ledger: Engine) -> Iterator[ErasingHome]:
    policy = load_policy(DATA / "policy")
    if not settings.warehouse_path.exists():
        yield ErasingHome(settings, ledger, policy, None)
        return
    with Warehouse.open(settings.warehouse_path) as warehouse:
        yield ErasingHome(settings, ledger, policy, warehouse)
