"""Forgetting people, as the page does it: what is held, asked for and erased. The erasing itself is the app's."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd

from dashboard.language import listed, noted, say
from dashboard.ledger import ledger_at
from dashboard.words import grouped
from pipelines.forget_command import erased_words
from pipelines.ledger import chain, deletions, people
from pipelines.privacy import requests
from pipelines.privacy.warehouse import held_of, pages_of
from pipelines.rights import Person
from pipelines.settings import read_settings

_STATES = {
    "asked": noted("waits for its turn"),
    "erasing": noted("is being erased"),
    "erased": noted("erased"),
    "unknown": noted("nobody knows yet who that is"),
}
_ACTIONS = {"erasure_begun": noted("begun"), "erasure_done": noted("done"), "retention_applied": noted("too old")}
_DOES = "erase a person"


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held of one person. `pages` are those that know them."""

    psid: str
    pages: tuple[str, ...]
    events: dict[str, int]
    sends: int

    def words(self) -> str:
        """Say it in one sentence."""
        if not self.events and not self.sends:
            return say("Nothing is held of {psid}. Logs that come later are loaded without them.", psid=self.psid)
        kinds = listed(
            say("{count} {kind}", count=grouped(count), kind=say(kind)) for kind, count in self.events.items()
        )
        return say(
            "On {pages}: {events} events ({kinds}) leave the logs and the warehouse, and {sends} sends lose their "
            "name. That cannot be taken back.",
            pages=listed(self.pages) or say("a Page that is not loaded"),
            events=grouped(sum(self.events.values())),
            kinds=kinds,
            sends=grouped(self.sends),
        )


def holding(cursor: duckdb.DuckDBPyConnection, home: Path, psid: str, page_id: str | None, by: Person) -> Holding:
    """Return what would be erased. Raises Refused, UsageError, LedgerUnreachable."""
    by.must("forget", _DOES)
    known = [page_id] if page_id else pages_of(cursor, psid)
    with ledger_at(home).connect() as connection:
        pages = known or people.pages_of(connection, psid)
        sends = people.count_sends(connection, psid, pages)
    return Holding(psid, tuple(pages), held_of(cursor, psid, page_id).events, sends)


def forget(home: Path, psid: str, page_id: str | None, by: Person, now: datetime, pages: list[str]) -> str:
    """Ask the app to erase a person; return the code of the request. Raises Refused, UsageError, LedgerUnreachable."""
    by.must("forget", _DOES)
    return requests.ask(ledger_at(home), psid.strip(), page_id, by.name, now, pages)


def say_who(home: Path, code: str, found: dict[str, str], by: Person, now: datetime) -> None:
    """Say whom a request of Meta means, as {Page: psid}; nobody, if it is empty. Raises Refused, UsageError."""
    by.must("forget", _DOES)
    requests.say_who(ledger_at(home), code, found.items(), list(found), now)


def unknown(home: Path, by: Person) -> list[deletions.Deletion]:
    """Return Meta's requests of which nobody knows yet whom they mean. Raises Refused."""
    by.must("forget", _DOES)
    with ledger_at(home).connect() as connection:
        return deletions.in_states(connection, ["unknown"])


def asked(home: Path, by: Person) -> pd.DataFrame:
    """Return all requests, the last one first: code, asked_by, asked_at, state, waits. No id is among them."""
    by.must("forget", _DOES)
    with ledger_at(home).connect() as connection:
        found = deletions.in_states(connection, tuple(_STATES))  # type: ignore[arg-type]
    rows = [
        (each.code, each.asked_by, each.asked_at, say(_STATES[each.state]), each.told().get("waits", ""))
        for each in found
    ]
    frame = pd.DataFrame(rows, columns=["code", "asked_by", "asked_at", "state", "waits"])
    return frame.sort_values("asked_at", ascending=False, ignore_index=True)


def history(home: Path, by: Person) -> pd.DataFrame:
    """Return what was erased, from the audit trail: occurred_at, by, what, erased."""
    by.must("forget", _DOES)
    with ledger_at(home).connect() as connection:
        found = [entry for entry in chain.entries(connection) if entry.action in _ACTIONS]
    rows = [(entry.at, entry.actor, say(_ACTIONS[entry.action]), _erased(entry)) for entry in reversed(found)]
    return pd.DataFrame(rows, columns=["occurred_at", "by", "what", "erased"])


def retention(home: Path) -> pd.DataFrame:
    """Return how long which kinds are kept: kind, days. Kinds that are not named are kept."""
    days = read_settings(home).retention_days
    return pd.DataFrame(sorted(days.items()), columns=["kind", "days"])


def _erased(entry: chain.Entry) -> str:
    return "" if entry.action == "erasure_begun" else erased_words(json.loads(entry.detail))
