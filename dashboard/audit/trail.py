"""What the page Audit reads: entries that fit, a campaign's story, a message's lineage, evidence as a file.

Each function asks for the right itself: a page may have been drawn before somebody lost it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from dashboard.audit.check import head
from dashboard.ledger import ledger_at
from pipelines import DATA
from pipelines.audit import entries
from pipelines.audit.entries import Found, Named, Sought
from pipelines.audit.export import export_campaign, export_name
from pipelines.audit.export_report import export_report
from pipelines.audit.lineage import Lineage, find_send, trace
from pipelines.audit.story import Sent, Story, some_sends, story
from pipelines.errors import SurroundingsError
from pipelines.ledger import campaigns
from pipelines.ledger.chain import Head
from pipelines.ledger.store import failing_in_words
from pipelines.policy import load_policy
from pipelines.rights import Person
from pipelines.settings import read_settings
from pipelines.warehouse import Warehouse

PAGE_ROWS = 25
"""So many entries stand on one page."""
MAX_SENDS = 200
DAYS = 28
_READS = "read the trail"


@dataclass(frozen=True, slots=True)
class Lately:
    """What was done in the last DAYS days, a number a day, the oldest first."""

    entries: tuple[int, ...]
    refusals: int
    exports: int


def named(home: Path, by: Person) -> Named:
    """Return who and which acts can be looked for. Raises Refused, LedgerUnreachable."""
    by.must("audit", _READS)
    ledger = ledger_at(home)
    with failing_in_words(ledger), ledger.connect() as connection:
        return entries.named(connection)


def campaign_names(home: Path, by: Person) -> dict[str, str]:
    """Return each campaign's name by its id, the youngest first. Raises Refused, LedgerUnreachable."""
    by.must("audit", _READS)
    with failing_in_words(ledger_at(home)):
        return {each.campaign_id: each.name for each in reversed(campaigns.every(ledger_at(home)))}


def found(home: Path, sought: Sought, below: int | None, by: Person) -> Found:
    """Return one page of the entries that fit, newest first. Raises Refused, LedgerUnreachable."""
    by.must("audit", _READS)
    with _readable(home) as ledger, ledger.connect() as connection:
        return entries.page(connection, sought, PAGE_ROWS, below)


def newer(home: Path, sought: Sought, below: int, by: Person) -> int | None:
    """Return where the page before that one begins; None for the first. Raises Refused, LedgerUnreachable."""
    by.must("audit", _READS)
    ledger = ledger_at(home)
    with failing_in_words(ledger), ledger.connect() as connection:
        return entries.newer(connection, sought, PAGE_ROWS, below)


def count(home: Path, sought: Sought, by: Person) -> int:
    """Return how many entries fit. Raises Refused, LedgerUnreachable."""
    return _count(home, head(home, by), sought)


def lately(home: Path, as_of: datetime, by: Person) -> Lately:
    """Count what was done in the days up to a moment. Raises Refused, LedgerUnreachable."""
    by.must("audit", _READS)
    ledger, first = ledger_at(home), as_of.date() - timedelta(days=DAYS - 1)
    since = datetime.combine(first, datetime.min.time())
    with failing_in_words(ledger), ledger.connect() as connection:
        rows = entries.by_day(connection, since, as_of)
    counts: dict[date, int] = {first + timedelta(days=each): 0 for each in range(DAYS)}
    for day, _, number in rows:
        counts[day] += number
    refusals = sum(number for _, action, number in rows if action.endswith("_refused"))
    exports = sum(number for _, action, number in rows if action.endswith("_exported"))
    return Lately(tuple(counts.values()), refusals, exports)


def story_of(home: Path, campaign_id: str, by: Person) -> Story:
    """Tell a campaign's whole story. Raises Refused, UsageError, LedgerUnreachable."""
    by.must("audit", "read a campaign's story")
    with _readable(home) as ledger:
        return story(ledger, campaign_id)


def sends_of(home: Path, campaign_id: str, states: tuple[str, ...], by: Person) -> list[Sent]:
    """Return the first sends of a campaign, without ids for who may not see them. Raises Refused, LedgerUnreachable."""
    by.must("audit", "read a campaign's sends")
    with failing_in_words(ledger_at(home)):
        rows = some_sends(ledger_at(home), campaign_id, states, MAX_SENDS)
    return rows if by.may("see_ids") else [replace(each, psid="") for each in rows]


def lineage(warehouse: Warehouse, home: Path, named_as: str, by: Person) -> Lineage:
    """Follow a message by its send's number or its mid. Raises Refused, UsageError, LedgerUnreachable."""
    by.must("audit", "follow a send")
    ledger = ledger_at(home)
    with failing_in_words(ledger), warehouse.cursor() as cursor:
        return trace(ledger, cursor, find_send(ledger, named_as), show_ids=by.may("see_ids"))


def file_name(campaign_id: str, moment: datetime, kind: str) -> str:
    """Return under which name a file about a campaign is handed out: the chain then knows it by the same."""
    return export_name(campaign_id, moment, kind)


def evidence(
    warehouse: Warehouse,
    home: Path,
    campaign_id: str,
    name: str,
    who: Callable[[], Person],
    clock: Callable[[], datetime],
    *,
    show_ids: bool,
) -> bytes:
    """Return a campaign's evidence as a zip, and say so in the chain. `who` and `clock` are asked now, at the click.

    Raises Refused, UsageError, SurroundingsError.
    """
    by = who()
    by.must("audit", "export a campaign")
    if show_ids:
        by.must("see_ids", "see people by their ids")
    ledger, kept, policy = ledger_at(home), read_settings(home).heads_path, load_policy(DATA / "policy")
    with failing_in_words(ledger), TemporaryDirectory() as folder, warehouse.cursor() as cursor:
        made = export_campaign(
            ledger, cursor, policy, campaign_id, Path(folder), clock(), by.name, kept, show_ids=show_ids, name=name
        )
        return made.read_bytes()


def report_pdf(
    warehouse: Warehouse,
    home: Path,
    campaign_id: str,
    name: str,
    who: Callable[[], Person],
    clock: Callable[[], datetime],
) -> bytes:
    """Return the report on a campaign as PDF, and say so in the chain. Raises as `evidence` does."""
    by = who()
    by.must("audit", "export a campaign")
    ledger, kept, policy = ledger_at(home), read_settings(home).heads_path, load_policy(DATA / "policy")
    with failing_in_words(ledger), TemporaryDirectory() as folder, warehouse.cursor() as cursor:
        made = export_report(ledger, cursor, policy, campaign_id, Path(folder), clock(), by.name, kept, name=name)
        return made.read_bytes()


@contextmanager
def _readable(home: Path) -> Iterator[Engine]:
    """Give the ledger of a home; where somebody wrote into it what is no entry, that is a sentence."""
    ledger = ledger_at(home)
    try:
        with failing_in_words(ledger):
            yield ledger
    except (ValueError, TypeError) as error:  # SQLite keeps whatever somebody writes into a column
        raise SurroundingsError(f"The trail cannot be read here ({error}): it was changed by hand.") from None


@lru_cache(maxsize=64)
def _count(home: Path, _head: Head, sought: Sought) -> int:
    ledger = ledger_at(home)
    with failing_in_words(ledger), ledger.connect() as connection:
        return entries.count(connection, sought)
