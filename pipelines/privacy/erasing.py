"""A person is erased: step by step, each of which can be done again, so that a killed erasure is finished by the next.

    begin      tombstones, queued sends cancelled, the trail told; from now on no load brings them back
    logs       their items leave the segments
    copies     exports that hold them are deleted, frozen plans written anew
    warehouse  their events go, models and findings are made of the rest
    end        the ledger's sends get a pseudonym, texts lose the id, the trail is told how much went

The id itself stands in the request until the end, and nowhere after it.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from pipelines.errors import Refused
from pipelines.ledger import chain, deletions, people, tidying, tombstones
from pipelines.ledger.chain import kept_head
from pipelines.ledger.deletions import Deletion
from pipelines.load.erased import Erased, person_hash
from pipelines.plan.campaign import Campaign
from pipelines.policy import Policy
from pipelines.privacy import exports, plans
from pipelines.privacy import warehouse as events
from pipelines.privacy.journal import Journal
from pipelines.privacy.segments import erase_logs
from pipelines.privacy.wanted import OnePerson
from pipelines.settings import Settings
from pipelines.warehouse import Warehouse

Counts = dict[str, Any]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class ErasingHome:
    """An open home. `warehouse` is None only where there is none."""

    settings: Settings
    ledger: Engine
    policy: Policy
    warehouse: Warehouse | None

    @property
    def journal(self) -> Journal:
        """What log files lose, until the warehouse knows."""
        return Journal(self.settings.home / "erasing" / "journal.jsonl")


@dataclass(frozen=True, slots=True)
class _Target:
    """One person: on these Pages, or (`is_everywhere`) on any that turns up. `hashes` and `names` are by Page."""

    psid: str
    pages: tuple[str, ...]
    is_everywhere: bool
    hashes: dict[str, str]
    until: datetime

    @property
    def names(self) -> dict[str, str]:
        """Return what stands for them from now on, by Page."""
        return {page: people.pseudonym(each) for page, each in self.hashes.items()}


def run_asked(home: ErasingHome, clock: Clock) -> dict[str, str]:
    """
    Erase whoever is to be erased, what was begun before first.

    Called by whoever holds the warehouse. Returns by code why a request has to wait: a message to the person is still
    on its way. Then it is tried again by the next call.
    """
    waiting = {}
    with home.ledger.connect() as connection:
        if not deletions.in_states(connection, deletions.OPEN):
            return {}
    with alone(home), kept_head(home.ledger, home.settings.heads_path):
        with home.ledger.connect() as connection:
            asked = deletions.in_states(connection, deletions.OPEN)
        for each in asked:
            try:
                _erase(home, each, clock)
            except Refused as refusal:
                waiting[each.code] = str(refusal)
                _tell_waiting(home, each.code, str(refusal), clock())
    return waiting


def _erase(home: ErasingHome, deletion: Deletion, clock: Clock) -> None:
    counts = deletion.told()
    counts.pop("waits", None)
    for target in _begin(home, deletion, counts, clock()):
        _erase_logs(home, target, counts)
        _note(home, deletion, counts, clock())
        _erase_copies(home, deletion, target, counts, clock)
        _erase_events(home, target, clock())
        with home.ledger.begin() as connection:
            _let_go(connection, target, counts)
            deletions.change(connection, deletion.code, clock(), counts=counts)
    if deletion.psid is not None or deletion.app_user_id is not None:
        with home.ledger.begin() as connection:
            chain.append(connection, clock(), deletion.asked_by, "erasure_done", {"request": deletion.code} | counts)
            deletions.change(connection, deletion.code, clock(), psid=None, app_user_id=None)
    tidying.leave_no_traces(home.ledger)
    with home.ledger.begin() as connection:
        deletions.change(connection, deletion.code, clock(), state="erased")


def _begin(home: ErasingHome, deletion: Deletion, counts: Counts, now: datetime) -> list[_Target]:
    """Make sure that nothing more goes out and nothing comes back. Raises Refused while a message is on its way."""
    unsettled = []
    with home.ledger.begin() as connection:
        targets = _targets(home, connection, deletion, now)
        for target in targets:
            tombstones.bury(connection, ((each, page) for page, each in target.hashes.items()), target.until)
            people.cancel(connection, target.psid, target.pages, now)
            unsettled += people.unsettled(connection, target.psid, target.pages)
        if targets and deletion.state == "asked":
            counts.update(_held(home, connection, targets))
            named = sorted({each for target in targets for each in target.hashes.values()})
            told = {"request": deletion.code, "people": named}
            chain.append(connection, now, deletion.asked_by, "erasure_begun", told, page_id=deletion.page_id)
            until = max(target.until for target in targets)
            deletions.change(connection, deletion.code, now, state="erasing", forgotten_at=until, counts=counts)
    if unsettled:
        send_id, campaign, state = unsettled[0]
        hint = (
            f"Say what became of it: clear-to-send campaign settle {campaign}"
            if state == "unconfirmed"
            else "Wait until the dispatcher has its answer"
        )
        raise Refused(
            f"Send {send_id} of {campaign} to this person is {state}, and its proof would be erased. {hint}; "
            "the erasure goes on after that. Nothing more goes out to them."
        )
    return targets


def _targets(home: ErasingHome, connection: Connection, deletion: Deletion, now: datetime) -> list[_Target]:
    if deletion.psid is not None:
        meant: list[tuple[str | None, str]] = [(deletion.page_id, deletion.psid)]
    elif deletion.app_user_id is not None:
        meant = [*deletions.people_of(connection, deletion.app_user_id)]
    else:
        meant = []  # all is done but the last step
    key = tombstones.key_of(connection)
    return [_target(home, connection, page, psid, key, deletion.forgotten_at, now) for page, psid in meant]


def _target(
    home: ErasingHome,
    connection: Connection,
    page: str | None,
    psid: str,
    key: str,
    until: datetime | None,
    now: datetime,
) -> _Target:
    pages = [page] if page else known_pages(home, connection)
    if until is None:
        until = now
        if home.warehouse:
            with home.warehouse.cursor() as cursor:
                until = max(now, events.held_of(cursor, psid, page).last_at or now)
    hashes = {each: person_hash(key, each, psid) for each in pages}
    return _Target(psid, tuple(pages), page is None, hashes, until)


def known_pages(home: ErasingHome, connection: Connection) -> list[str]:
    """Return every Page that the home has heard of."""
    found = {*people.pages(connection), *home.settings.access_tokens}
    if home.warehouse:
        with home.warehouse.cursor() as cursor:
            found |= set(events.pages(cursor))
    return sorted(found)


def _held(home: ErasingHome, connection: Connection, targets: list[_Target]) -> Counts:
    """Count what will go, before anything does: a step that is done again cannot count it any more."""
    sent, kinds = 0, dict[str, int]()
    for target in targets:
        sent += people.count_sends(connection, target.psid, target.pages)
        if home.warehouse:
            with home.warehouse.cursor() as cursor:
                page = None if target.is_everywhere else target.pages[0]
                for kind, count in events.held_of(cursor, target.psid, page).events.items():
                    kinds[kind] = kinds.get(kind, 0) + count
    return {"events": kinds, "sends": sent}


def _erase_logs(home: ErasingHome, target: _Target, counts: Counts) -> None:
    wanted = OnePerson(target.psid, None if target.is_everywhere else frozenset(target.pages), target.until)
    gone = erase_logs(home.settings.home, home.settings.logs_path, wanted, home.journal)
    for name, count in (("log_items", gone.items), ("log_lines", gone.lines), ("log_files", gone.files)):
        counts[name] = counts.get(name, 0) + count
    if gone.damaged:
        counts["damaged_files"] = sorted(gone.damaged)


def _erase_copies(home: ErasingHome, deletion: Deletion, target: _Target, counts: Counts, clock: Clock) -> None:
    folder = home.settings.home
    with home.ledger.connect() as connection:
        campaigns = people.campaigns_of(connection, target.psid, target.pages)
        pages = people.plan_pages(connection)
        counts["by_hand"] = [
            *exports.exports_elsewhere(connection, campaigns, folder),
            *exports.audience_files(connection, target.psid),
        ]
    for file in exports.exports_in(folder, campaigns, target.psid if target.is_everywhere else ""):
        file.unlink()
        counts.setdefault("exports", []).append(file.name)
        _note(home, deletion, counts, clock())
    for plan in plans.plans_of(home.settings.plans_path, target.psid):
        page = pages.get(plan.stem, "")
        if page not in target.names and not target.is_everywhere:
            continue
        name = target.names.get(page) or next(iter(target.names.values()), "forgotten")
        new = plans.rewrite(plan, target.psid, name)
        counts.setdefault("plans", {})[plan.stem] = new
        with home.ledger.begin() as connection:
            people.replace_plan(connection, plan.stem, new)
            deletions.change(connection, deletion.code, clock(), counts=counts)
        plan.unlink()


def _erase_events(home: ErasingHome, target: _Target, now: datetime) -> None:
    if home.warehouse is None:
        home.journal.clear()
        return
    with home.ledger.begin() as connection:
        key = tombstones.key_of(connection)
    rows = tuple((each, page, target.until) for page, each in target.hashes.items())
    erased = Erased(key, rows)
    events.erase_warehouse(home.warehouse, home.settings, home.policy, erased, home.journal, now)
    with home.warehouse.writing:  # no load is under way: what a killed one left holds people's lines
        for left_over in home.settings.scratch_path.glob("*.lines"):
            left_over.unlink()


def _let_go(connection: Connection, target: _Target, counts: Counts) -> None:
    """Take the person out of the ledger; where a campaign's definition named them, it gets another fingerprint."""
    people.let_go(connection, target.psid, target.names)
    changed = people.mask_texts(connection, target.psid, next(iter(target.names.values()), "forgotten"))
    for campaign, definition in people.definitions(connection):
        if campaign in changed.get("campaigns.definition", ()):
            try:
                fingerprint = Campaign.from_json(definition).fingerprint
            except (TypeError, ValueError, KeyError, AttributeError):  # another version's: its hash stays as it was
                continue
            people.set_fingerprint(connection, campaign, fingerprint)
            counts.setdefault("definitions", {})[campaign] = fingerprint
    counts["texts"] = counts.get("texts", 0) + sum(len(rows) for rows in changed.values())
    deletions.unknow(connection, target.psid, target.pages)


def _note(home: ErasingHome, deletion: Deletion, counts: Counts, now: datetime) -> None:
    with home.ledger.begin() as connection:
        deletions.change(connection, deletion.code, now, counts=counts)


def _tell_waiting(home: ErasingHome, code: str, why: str, now: datetime) -> None:
    with home.ledger.begin() as connection:
        found = deletions.find(connection, code)
        if found and found.told().get("waits") != why:
            deletions.change(connection, code, now, counts=found.told() | {"waits": why})


@contextmanager
def alone(home: ErasingHome) -> Iterator[None]:
    """Let one erasure run at a time in a home, whatever the process."""
    folder = home.settings.home / "erasing"
    folder.mkdir(exist_ok=True, mode=0o700)
    with (folder / "lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
