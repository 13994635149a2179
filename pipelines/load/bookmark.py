"""How far a source was read, and what became of its lines: one row of `sources`."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import duckdb

from pipelines.load.reader import Head, read_head
from pipelines.load.sources import STDIN
from pipelines.load.summary import LoadSummary
from pipelines.statements import statements

_STORE = statements(Path(__file__).with_name("store.sql"))


@dataclass
class Bookmark:
    """
    Counts since the first reading: lines = event_lines + duplicate_lines + reject_lines.

    physical_lines counts the line breaks up to bytes_loaded, blank lines too: by it lines are numbered.
    """

    bytes_loaded: int = 0
    lines: int = 0
    event_lines: int = 0
    duplicate_lines: int = 0
    reject_lines: int = 0
    events: int = 0
    duplicates: int = 0
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None
    first_loaded_at: datetime | None = None
    last_loaded_at: datetime | None = None
    physical_lines: int = 0
    head_bytes: int = 0
    head_hash: str = ""
    file_bytes: int = -1
    has_torn_tail: bool = False

    @classmethod
    def find(cls, cursor: duckdb.DuckDBPyConnection, source_file: str) -> Self:
        """The source's bookmark, or a new one."""
        row = cursor.execute(_STORE["find_source"], {"source_file": source_file}).fetchone()
        return cls(*row) if row else cls()

    def keep(self, cursor: duckdb.DuckDBPyConnection, source_file: str) -> None:
        """Write the bookmark, inside the caller's transaction."""
        values: dict[str, Any] = {"source_file": source_file, **asdict(self)}
        cursor.execute(_STORE["keep_source"], values)

    def is_unchanged(self, path: str, file_bytes: int) -> bool:
        """Whether the file is as it was when its last reading ended."""
        return file_bytes == self.file_bytes and self._has_same_head(path)

    def rewind(self, path: str) -> None:
        """Go back to the start if the file is no continuation of what was read. Counts go on: those lines were read."""
        if path == STDIN or not self._has_same_head(path):
            self.bytes_loaded, self.physical_lines, self.has_torn_tail = 0, 0, False

    def take_head(self, head: Head) -> None:
        """Remember how the file begins."""
        self.head_bytes, self.head_hash = head.count_bytes, head.digest

    def untear(self) -> bool:
        """Take a torn last line back: it will be read again, whole. Returns whether there was one."""
        if not self.has_torn_tail:
            return False
        self.lines -= 1
        self.reject_lines -= 1
        self.has_torn_tail = False
        return True

    def add(self, did: LoadSummary) -> None:
        """Add what became of one chunk's lines."""
        self.lines += did.lines
        self.event_lines += did.event_lines
        self.duplicate_lines += did.duplicates
        self.reject_lines += did.rejects
        self.events += did.events
        self.duplicates += did.duplicate_events
        self.first_event_at = min(filter(None, (self.first_event_at, did.first_event_at)), default=None)
        self.last_event_at = max(filter(None, (self.last_event_at, did.last_event_at)), default=None)

    def _has_same_head(self, path: str) -> bool:
        return self.head_bytes > 0 and read_head(path, self.head_bytes) == Head(self.head_bytes, self.head_hash)
