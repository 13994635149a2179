"""Logs into the warehouse, in transactions that hold whole chunks: a kill at any moment loses and doubles nothing."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.checks import broken_checks
from pipelines.errors import DiskFull, SourceUnreadable, WarehouseCorrupt
from pipelines.load.bookmark import Bookmark
from pipelines.load.chunks import ChunkReader, Refused
from pipelines.load.erased import NOTHING_ERASED, Erased, drop_erased, lay_out
from pipelines.load.models import rederive, refresh_states, run_models, use_batches
from pipelines.load.reader import Chunk, read_ahead, read_chunks, read_head, size_of
from pipelines.load.rules import lay_out_rules, rules_hash
from pipelines.load.sources import STDIN, source_name
from pipelines.load.summary import LoadSummary
from pipelines.policy import Policy
from pipelines.settings import Settings
from pipelines.statements import statements
from pipelines.warehouse import SURROUNDINGS, Warehouse, explained

_STORE = statements(Path(__file__).with_name("store.sql"))
_STATE = statements(Path(__file__).parent.parent / "sql" / "05_state.sql")
# Small files share a transaction: a commit costs the same for a few rows as for a row group.
_COMMIT_BYTES = 128 << 20
_NO_BATCH = 1 << 62  # later than any
Progress = Callable[[str, int, LoadSummary], None]


@dataclass
class Loader:
    """
    Loads files one after another. `as_of` (naive UTC) is the moment that counts as now; `erased` never comes back.

    Once `is_stopping` says so, what is in hand is committed and the rest is left for the next load.
    """

    warehouse: Warehouse
    settings: Settings
    policy: Policy
    as_of: datetime
    progress: Progress
    is_stopping: Callable[[], bool] = lambda: False
    erased: Erased = NOTHING_ERASED

    def load(self, files: list[str]) -> LoadSummary:
        """
        Load log files and return what became of their lines. A file that cannot be read is a problem in the summary.

        Raises DiskFull, WarehouseCorrupt. Whatever was committed before stays; the next load goes on from there.
        """
        self.settings.scratch_path.mkdir(parents=True, exist_ok=True)
        self._is_open = False
        try:
            with self.warehouse.cursor() as self._cursor:  # closed with all that is not committed, if it comes to that
                return self._load_files(files)
        except SURROUNDINGS as error:
            raise explained(error, self.warehouse.path) from error
        except duckdb.TransactionException as error:
            if "No space left" not in str(error):  # any other is a fault of ours
                raise
            raise explained(error, self.warehouse.path) from error
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise DiskFull(
                f"The disk that holds {self.settings.home} is full. Make room and run the command again: "
                "what is loaded stays."
            ) from error
        finally:
            if self._is_open:
                self.warehouse.writing.release()

    def _load_files(self, files: list[str]) -> LoadSummary:
        total = LoadSummary()
        self._reader = ChunkReader(self._cursor, self.settings.scratch_path)
        lay_out_rules(self._cursor, self.policy, self.settings.topics)
        lay_out(self._cursor, self.erased)
        self._hash = rules_hash(self.policy, self.settings.topics)
        self._settle_rules()
        first_batch = self.warehouse.version() + 1
        for file in files:
            if self.is_stopping():
                break
            self._load_file(file, total)
        self._commit_last()
        self._check(first_batch)
        self._reader.clear()
        return total

    def _load_file(self, path: str, total: LoadSummary) -> None:
        name = source_name(path, self.settings.home)
        total.files += 1
        try:
            file_bytes = size_of(path)
            mark = Bookmark.find(self._cursor, name)
            if path != STDIN and mark.is_unchanged(path, file_bytes):
                total.unchanged_files += 1
                self.progress(path, file_bytes, total)
                return
            self._load_changed(path, name, mark, file_bytes, total)
        except SourceUnreadable as error:
            total.problems.append(str(error))

    def _load_changed(self, path: str, name: str, mark: Bookmark, file_bytes: int, total: LoadSummary) -> None:
        mark.rewind(path)
        mark.first_loaded_at = mark.first_loaded_at or self.as_of
        if path != STDIN:
            mark.take_head(read_head(path))
        last: Chunk | None = None
        for chunk in read_ahead(read_chunks(path, mark.bytes_loaded, mark.physical_lines + 1)):
            total.add(self._load_chunk(name, mark, chunk))
            self.progress(path, chunk.file_position, total)
            last = chunk
            if self.is_stopping():
                return
        mark.file_bytes, mark.last_loaded_at = file_bytes, self.as_of
        self._begin()
        mark.keep(self._cursor, name)
        if last and last.damage:
            total.problems.append(
                f"{path}: {last.damage}. What came before was loaded; mend the file and load it again."
            )

    def _load_chunk(self, name: str, mark: Bookmark, chunk: Chunk) -> LoadSummary:
        self._begin()
        lines, refused = self._reader.read(chunk)
        if self.erased:
            drop_erased(self._cursor, self.erased, chunk, refused)
        did = self._settle_copies(lines)
        did.bytes = len(chunk.data)
        if self._has_copies:
            self._run("drop_replaced", **self._span)
        self._batches.append(self._take_batch())
        self._run("keep_events", source_file=name, batch=self._batches[-1], line_numbers=chunk.line_numbers)
        if mark.untear():
            self._run("forget_torn", source_file=name, last_line=mark.physical_lines)
        if refused.lines:
            rows = {"lines": refused.lines, "reasons": refused.reasons, "texts": refused.texts}
            self._run("keep_rejects", source_file=name, **rows)
        self._advance(mark, chunk, did, refused)
        mark.keep(self._cursor, name)
        self._pending_bytes += did.bytes
        if self._pending_bytes >= _COMMIT_BYTES:
            self._commit()
        return did

    def _begin(self) -> None:
        if not self._is_open:
            self.warehouse.writing.acquire()
            self._is_open, self._pending_bytes = True, 0
            self._batches: list[int] = []
            self._cursor.begin()
            self._run("none_replaced")

    def _commit(self) -> None:
        if self._is_open:
            self._bring_up_models()
            self._cursor.commit()
            self._is_open = False
            self.warehouse.writing.release()

    def _commit_last(self) -> None:
        """Set the states to the moment together with the last chunks: whoever watches sees one change, not two."""
        self._begin()
        self._bring_up_models()
        self._batches.clear()
        refresh_states(self._cursor, self.as_of, self._was_as_of or self.as_of)
        self._cursor.execute(_STATE["set_as_of"], {"as_of": self.as_of})
        self._commit()

    def _bring_up_models(self) -> None:
        """Bring the models up to the transaction's chunks at once: for small files they cost more than the reading."""
        if len(self._batches) == 1:
            self._run("use_chunk")
        elif self._batches:
            use_batches(self._cursor, self._batches[0], self._batches[-1])
        if self._batches:
            run_models(self._cursor, self.as_of)

    def _take_batch(self) -> int:
        self._cursor.execute(_STATE["commit_chunk"], {"rules_hash": self._hash})
        (batch,) = self._cursor.execute(_STATE["version"]).fetchone() or (0,)
        return int(batch)

    def _settle_copies(self, lines: int) -> LoadSummary:
        """Leave one copy of each fact in the warehouse, and count what the chunk brought."""
        earliest, latest, count_untimed, items, item_lines = self._row("chunk_range")
        did = LoadSummary(lines=lines, rejects=lines - item_lines, first_event_at=earliest, last_event_at=latest)
        self._span = {"earliest": earliest, "latest": latest}
        self._run("find_known", **self._span)
        if count_untimed:
            self._run("find_known_untimed")
        self._has_copies = self._row("count_repeated") != (0,)
        if not self._has_copies:
            did.event_lines, did.events = item_lines, items
            return did
        self._run("find_copies", **self._span)
        self._run("note_replaced", first_batch=self._batches[0] if self._batches else _NO_BATCH)
        did.event_lines, did.events = self._row("count_lines")
        did.duplicates, did.duplicate_events = item_lines - did.event_lines, items - did.events
        self._run("drop_copies")
        return did

    def _advance(self, mark: Bookmark, chunk: Chunk, did: LoadSummary, refused: Refused) -> None:
        mark.add(did)
        if chunk.line_numbers:
            return
        tail_line = chunk.first_line + len(chunk.breaks())
        mark.has_torn_tail = chunk.tail_byte is not None and tail_line in refused.lines
        mark.bytes_loaded = chunk.tail_byte if mark.has_torn_tail and chunk.tail_byte is not None else chunk.end_byte
        mark.physical_lines = chunk.first_line - 1 + len(chunk.breaks())
        mark.last_loaded_at = self.as_of

    def _settle_rules(self) -> None:
        """Where the rules have changed since the models were made, make them anew from the events."""
        state = self._cursor.execute(_STATE["rules"], {"rules_hash": self._hash}).fetchone()
        is_same, self._was_as_of = state or (True, None)
        if not is_same:
            with self.warehouse.writing, transaction(self._cursor):
                rederive(self._cursor, self.as_of)
                self._cursor.execute(_STATE["commit_chunk"], {"rules_hash": self._hash})
            self._was_as_of = self.as_of

    def _check(self, first_batch: int) -> None:
        broken = broken_checks(self._cursor, first_batch)
        if broken:
            raise WarehouseCorrupt(
                f"{self.warehouse.path} does not add up: {'; '.join(broken)}. Move it away and load the logs again, "
                "and report this with the log lines that led to it."
            )

    def _row(self, statement: str) -> tuple[Any, ...]:
        return self._run(statement).fetchone() or ()

    def _run(self, statement: str, **values: Any) -> duckdb.DuckDBPyConnection:
        return self._cursor.execute(_STORE[statement], values)


@contextmanager
def transaction(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of it or nothing."""
    cursor.begin()
    try:
        yield
    except BaseException:
        cursor.rollback()
        raise
    cursor.commit()
