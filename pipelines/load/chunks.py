"""One chunk of lines into items: all at once in SQL, and line by line for those that the fast way could not read."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pipelines.load.mend import NotADelivery, mend, too_long
from pipelines.load.reader import Chunk
from pipelines.statements import statements

_SQL = statements(Path(__file__).with_name("chunk.sql"))
_LONGEST_KEPT = 1 << 20
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass
class Refused:
    """Lines, or items of lines, that are no events: three lists of equal length, for the rejects table."""

    lines: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def add(self, line: int, reason: str, text: bytes) -> None:
        """Note one refusal. `text` is the line as it stands in the file."""
        self.lines.append(line)
        self.reasons.append(reason)
        self.texts.append(text[:_LONGEST_KEPT].decode("utf-8", "replace"))


class ChunkReader:
    """Fills the temporary table chunk_items from chunks of lines. One a connection."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, scratch: Path) -> None:
        self._cursor = cursor
        self._lines_path = scratch / "chunk.jsonl"
        self._mended_path = scratch / "mended.jsonl"
        cursor.execute(_SQL["macros"])

    def read(self, chunk: Chunk) -> tuple[int, Refused]:
        """Put the chunk's items into chunk_items. Returns how many lines it held (blank ones are none) and what was refused."""
        rows = chunk.data.split(b"\n") if chunk.line_numbers else None
        blank = self._stage(chunk)
        odd = sorted(self._fast(chunk) - blank)
        refused = Refused()
        if odd:
            rows = rows or chunk.data.split(b"\n")
            self._mend(chunk, rows, odd, refused)
            self._refuse_faults(chunk, rows, refused)
        return chunk.row_count() - len(blank), refused

    def _stage(self, chunk: Chunk) -> set[int]:
        """Write the lines where DuckDB can read them. Blank lines, which it would pass over, are marked: rows stay lines."""
        self._lines_path.write_bytes(chunk.data)
        if self._count_lines() == chunk.row_count():
            return set()
        rows = chunk.data.split(b"\n")[: chunk.row_count()]
        blank = {row for row, text in enumerate(rows) if not text.strip()}
        self._lines_path.write_bytes(b"\n".join(text if row not in blank else b"{}" for row, text in enumerate(rows)))
        self._count_lines()
        return blank

    def _count_lines(self) -> int:
        self._cursor.execute(_SQL["read_lines"], {"path": str(self._lines_path)})
        return _number(self._cursor.execute(_SQL["count_rows"]))

    def _fast(self, chunk: Chunk) -> set[int]:
        for name in ("begin_items", "use_lines", "take_items"):
            self._cursor.execute(_SQL[name])
        self._cursor.execute(_SQL["find_odd"], {"rows": [*chunk.comma_rows, *chunk.long_rows]})
        odd = {row for (row,) in self._cursor.execute(_SQL["odd_rows"]).fetchall()}
        if odd:
            self._cursor.execute(_SQL["drop_odd"])
        return odd

    def _mend(self, chunk: Chunk, rows: list[bytes], odd: list[int], refused: Refused) -> None:
        mended = 0
        with self._mended_path.open("w", encoding="utf-8") as file:
            for row in odd:
                if row in chunk.long_rows:
                    refused.add(line_number(chunk, row), too_long(chunk.long_rows[row]), chunk.long_rows[row])
                    continue
                try:
                    delivery = {"line_row": row, **mend(rows[row])}
                except NotADelivery as error:
                    refused.add(line_number(chunk, row), str(error), rows[row])
                    continue
                file.write(_SURROGATE.sub("\ufffd", json.dumps(delivery, ensure_ascii=False)) + "\n")
                mended += 1
        if mended:
            self._cursor.execute(_SQL["point_at_mended"], {"path": str(self._mended_path)})
            self._cursor.execute(_SQL["use_mended"])
            self._cursor.execute(_SQL["take_items"])

    def _refuse_faults(self, chunk: Chunk, rows: list[bytes], refused: Refused) -> None:
        faults: Iterable[tuple[int, str]] = self._cursor.execute(_SQL["faults"]).fetchall()
        for row, fault in faults:
            refused.add(line_number(chunk, row), f"holds an item that {fault}", rows[row])


def line_number(chunk: Chunk, row: int) -> int:
    """The number, in its file, of a chunk's row."""
    return chunk.line_numbers[row] if chunk.line_numbers else chunk.first_line + row


def _number(result: duckdb.DuckDBPyConnection) -> int:
    row = result.fetchone()
    return int(row[0]) if row else 0
