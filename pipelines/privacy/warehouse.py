"""Takes out of the warehouse what is gone, so that it is what a load of the erased logs would make."""

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines import DATA
from pipelines.checks import broken_checks
from pipelines.errors import SourceUnreadable, WarehouseCorrupt
from pipelines.forecast import store as forecast_store
from pipelines.lint.history import audit_history
from pipelines.lint.linter import Linter
from pipelines.load.chunks import ChunkReader
from pipelines.load.erased import REASON, TEXT, Erased, lay_out, point_at
from pipelines.load.loader import transaction
from pipelines.load.models import rederive
from pipelines.load.reader import Chunk, read_head
from pipelines.load.rules import lay_out_rules, rules_hash
from pipelines.policy import Policy
from pipelines.privacy.journal import FileChange, Journal
from pipelines.settings import Settings
from pipelines.statements import statements
from pipelines.warehouse import SURROUNDINGS, Warehouse, explained, lent

_SQL = statements(Path(__file__).with_suffix(".sql"))
_STATE = statements(Path(__file__).parent.parent / "sql" / "05_state.sql")
_FORECAST = statements(Path(forecast_store.__file__).with_suffix(".sql"))
_COLUMNS = ("source_file", "source_line", "ends_at", "is_blank", "items", "line")
_LONGEST_KEPT = 1 << 20
_LINES_AT_ONCE = 20_000
_WAITS_S = (0.2, 0.5, 1.0, 2.0, 4.0, 0)
_ON_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")


@dataclass(frozen=True, slots=True)
class Held:
    """What the warehouse holds of one person: events by kind, and when the last of them was."""

    events: dict[str, int]
    last_at: datetime | None


def held_of(cursor: duckdb.DuckDBPyConnection, psid: str, page_id: str | None) -> Held:
    """Count what is held of a person, on one Page or on all."""
    rows = cursor.execute(_SQL["held"], {"psid": psid, "page_id": page_id}).fetchall()
    return Held({kind: count for kind, count, _ in rows}, max((at for *_, at in rows if at), default=None))


def pages_of(cursor: duckdb.DuckDBPyConnection, psid: str) -> list[str]:
    """Return the Pages on which a person is known."""
    return [page for (page,) in cursor.execute(_SQL["pages_of"], {"psid": psid}).fetchall()]


def pages(cursor: duckdb.DuckDBPyConnection) -> list[str]:
    """Return all Pages seen."""
    return [page for (page,) in cursor.execute(_SQL["pages"]).fetchall()]


def erase_warehouse(
    warehouse: Warehouse, settings: Settings, policy: Policy, erased: Erased, journal: Journal, now: datetime
) -> dict[str, int]:
    """
    Take out what is gone, and what the journal says of lines; make models, findings and forecast anew from the rest.

    In one transaction, after which the journal is empty. Returns how many events went, by kind.
    """
    for wait_s in _WAITS_S:
        try:
            return _erase_once(warehouse, settings, policy, erased, journal, now)
        except duckdb.TransactionException:  # what went out is being judged by another thread meanwhile
            if not wait_s:
                raise
            time.sleep(wait_s)
        except SURROUNDINGS as error:
            raise explained(error, warehouse.path) from error
    return {}


def _erase_once(
    warehouse: Warehouse, settings: Settings, policy: Policy, erased: Erased, journal: Journal, now: datetime
) -> dict[str, int]:
    with warehouse.cursor() as cursor:
        lay_out_rules(cursor, policy, settings.topics)
        lay_out(cursor, erased)
        with warehouse.writing, transaction(cursor):
            changes = _untold(cursor, journal)
            gone = _erase(cursor, settings, erased, changes)
            if gone or changes:
                _make_anew(cursor, policy, settings, now)
        journal.clear()
        _judge(warehouse, cursor, policy, now)
        if gone or changes:
            warehouse.checkpoint()
    return gone


def _untold(cursor: duckdb.DuckDBPyConnection, journal: Journal) -> list[FileChange]:
    """Return what the journal says, unless the warehouse knows it: a kill may come between commit and clearing."""
    cursor.execute(_SQL["state"])
    name = journal.name()
    if not name or cursor.execute(_SQL["told"], {"journal": name}).fetchone():
        return []
    cursor.execute(_SQL["forget_told"])
    cursor.execute(_SQL["tell"], {"journal": name})
    return list(journal.read())


def _erase(
    cursor: duckdb.DuckDBPyConnection, settings: Settings, erased: Erased, changes: list[FileChange]
) -> dict[str, int]:
    settings.scratch_path.mkdir(exist_ok=True)
    point_at(cursor, "events", erased.key)
    cursor.execute(_SQL["doomed"])
    gone = dict(cursor.execute(_SQL["kinds"]).fetchall())
    cursor.execute(_SQL["drop_events"])
    # What a killed erasure had decided for a compressed file, the next one decided again.
    told = {(change.name, each.line, each.at): each for change in changes for each in change.changes}
    rows = [
        (name, line, at + each.length, not each.data().strip(), each.items, _as_kept(each.data()))
        for (name, line, at), each in told.items()
    ]
    with lent(cursor, "erased_lines", _COLUMNS, rows or [("", 0, 0, True, 0, "")]):
        for name in ("lines", "recount", "balance"):
            cursor.execute(_SQL[name])
        cursor.execute(_SQL["drop_rejects"])
        cursor.execute(_SQL["change_rejects"])
        cursor.execute(_SQL["beside"])
    _read_again(cursor, settings, changes)
    (owed,) = cursor.execute(_SQL["owed"]).fetchone() or (0,)
    if owed:
        cursor.execute(_SQL["settle_owed"], {"owed": owed})
    cursor.execute(_SQL["spans"])
    cursor.execute(_SQL["add_rejects"], {"reason": REASON, "text": TEXT})
    _mask_rejects(cursor, erased)
    _keep_heads(cursor, settings, changes)
    return gone


def _read_again(cursor: duckdb.DuckDBPyConnection, settings: Settings, changes: list[FileChange]) -> None:
    """Take what changed lines say now: beside the events that stay there may have been copies of those that went."""
    lines = [
        (change.name, each.line, each.data().translate(_ON_ONE_LINE))
        for change in changes
        for each in change.changes
        if each.rest is not None and each.rest.strip()
    ]
    reader = ChunkReader(cursor, settings.scratch_path)
    for begin in range(0, len(lines), _LINES_AT_ONCE):
        some = lines[begin : begin + _LINES_AT_ONCE]
        reader.read(Chunk(b"".join(text + b"\n" for *_, text in some), 1, 0))
        rows = [(number, name, line) for number, (name, line, _) in enumerate(some, 1)]
        with lent(cursor, "changed_lines", ("row_number", "source_file", "source_line"), rows):
            cursor.execute(_SQL["read_again"])
        cursor.execute(_SQL["keep_read"])
    reader.clear()


def _as_kept(line: bytes) -> str:
    return line[:_LONGEST_KEPT].decode("utf-8", "replace")


def _mask_rejects(cursor: duckdb.DuckDBPyConnection, erased: Erased) -> None:
    if erased.people:
        rows = cursor.execute(_SQL["quoting_rejects"], {"text": TEXT}).fetchall()
        masked = erased.masked([line for _, line in rows])
        naming = [row for (row, _), text in zip(rows, masked, strict=True) if text == TEXT]
        cursor.execute(_SQL["mask_rejects"], {"text": TEXT, "rows": naming})


def _keep_heads(cursor: duckdb.DuckDBPyConnection, settings: Settings, changes: list[FileChange]) -> None:
    """A bookmark knows its file by how it begins: it has to know the file as it is now."""
    files = {change.name: change for change in changes}
    for name, head_bytes, file_bytes in cursor.execute(_SQL["bookmarks"], {"files": list(files)}).fetchall():
        path = settings.home / files[name].path
        try:
            digest = read_head(str(path), head_bytes).digest
        except SourceUnreadable:  # gone, or compressed meanwhile: what it holds is the same
            path = path.with_name(f"{path.name}.zst")
            if not path.exists():
                continue
            digest = read_head(str(path), head_bytes).digest
        size = path.stat().st_size if file_bytes == files[name].file_bytes else file_bytes
        cursor.execute(_SQL["keep_head"], {"source_file": name, "head_hash": digest, "file_bytes": size})


def _make_anew(cursor: duckdb.DuckDBPyConnection, policy: Policy, settings: Settings, now: datetime) -> None:
    """Make the models of what is left, and empty what holds texts, and forecasts: those are made again after it."""
    (as_of,) = cursor.execute(_SQL["moment"], {"now": now}).fetchone() or (now,)
    rederive(cursor, as_of)
    cursor.execute(_STATE["commit_chunk"], {"rules_hash": rules_hash(policy, settings.topics)})
    if forecast_store.read_state(cursor):
        cursor.execute(_FORECAST["empty"])
    broken = broken_checks(cursor)
    if broken:
        raise WarehouseCorrupt(
            f"The warehouse does not add up without what is gone: {'; '.join(broken)}. Nothing was taken out of it. "
            "Delete it and load the logs again: they are erased already."
        )
    if _has_audit(cursor):
        for name in ("forget_sent", "forget_texts", "judge_anew"):
            cursor.execute(_SQL[name])


def _judge(warehouse: Warehouse, cursor: duckdb.DuckDBPyConnection, policy: Policy, now: datetime) -> None:
    """Judge what went out to the others, if that is still to be done: a killed erasure may have left it."""
    if _has_audit(cursor) and cursor.execute(_SQL["to_judge"]).fetchone():
        audit_history(warehouse, policy, Linter.load(DATA, policy), now)
        with warehouse.writing, transaction(cursor):
            cursor.execute(_SQL["forget_texts"])  # of texts in which an id was masked


def _has_audit(cursor: duckdb.DuckDBPyConnection) -> bool:
    return cursor.execute(_SQL["audited"]).fetchone() != (0,)
