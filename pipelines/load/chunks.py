"""One chunk of lines into events: all at once in SQL, and line by line for those that the fast way could not read."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np

from pipelines.load.mend import NotADelivery, mend, too_long
from pipelines.load.reader import Chunk
from pipelines.statements import statements

_SQL = statements(Path(__file__).with_name("chunk.sql"))
_PARTS = 4
_SMALL = 4 << 20  # bytes; below it everything stands in the last part
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
    """Fills the temporary table chunk_events from chunks of lines. One a connection."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, scratch: Path) -> None:
        self._cursor = cursor
        self._part_paths = [scratch / f"part-{number}.lines" for number in range(_PARTS)]
        self._mended_path = scratch / "mended.lines"
        cursor.execute(_SQL["macros"])

    def _stage(self, chunk: Chunk) -> None:
        """Write the chunk's lines where DuckDB can read them, in parts that it parses side by side."""
        begin, line = 0, chunk.first_line - 1
        lines_before = []
        for number, path in enumerate(self._part_paths):
            end = _end_of_part(chunk.data, number, begin)
            _overwrite(path, memoryview(chunk.data)[begin:end])
            lines_before.append(line)
            line = chunk.first_line - 1 + int(np.searchsorted(chunk.breaks(), end))
            begin = end
        paths = [str(path) for path in self._part_paths]
        self._cursor.execute(_SQL["point_at_parts"], {"paths": paths, "lines_before": lines_before})
        self._cursor.execute(_SQL["part_views"])

    def read(self, chunk: Chunk) -> tuple[int, Refused]:
        """Fill chunk_events. Returns how many lines the chunk held (blank ones are none), and what was refused."""
        blank: set[int] = set()
        if not self._take(chunk):
            blank = mark_blank_lines(chunk)
            self._take(chunk)
        refused = Refused()
        found = [chunk.first_line + row for row in (*chunk.comma_rows, *chunk.long_rows)]
        odd = [line for (line,) in self._cursor.execute(_SQL["odd_lines"], {"lines": found}).fetchall()]
        if odd:
            self._cursor.execute(_SQL["drop_odd"], {"lines": odd})
            self._mend(chunk, [line for line in odd if line not in blank], refused)
        return chunk.row_count() - len(blank), refused

    def _take(self, chunk: Chunk) -> bool:
        """Parse the chunk. Returns False if it holds lines without text: DuckDB passes over them and numbers slip."""
        self._stage(chunk)
        self._cursor.execute(_SQL["take_small" if len(chunk.data) < _SMALL else "take_parts"])
        (count,) = self._cursor.execute(_SQL["count_lines"]).fetchone() or (0,)
        return bool(count == chunk.row_count())

    def clear(self) -> None:
        """Remove the files that lines were staged in."""
        for path in (*self._part_paths, self._mended_path):
            path.unlink(missing_ok=True)

    def _mend(self, chunk: Chunk, lines: list[int], refused: Refused) -> None:
        mended = 0
        with self._mended_path.open("w", encoding="utf-8") as file:
            for line in lines:
                row = line - chunk.first_line
                try:
                    if row in chunk.long_rows:
                        raise NotADelivery(too_long(chunk.long_rows[row]))
                    delivery = {"source_line": line, **mend(chunk.row(row))}
                except NotADelivery as error:
                    refused.add(line_number(chunk, line), str(error), chunk.long_rows.get(row, chunk.row(row)))
                    continue
                file.write(_SURROGATE.sub("\ufffd", json.dumps(delivery, ensure_ascii=False)) + "\n")
                mended += 1
        if not mended:
            return
        self._cursor.execute(_SQL["point_at_mended"], {"path": str(self._mended_path)})
        self._cursor.execute(_SQL["mended_view"])
        self._cursor.execute(_SQL["take_mended"])
        for line, fault in self._cursor.execute(_SQL["mended_faults"]).fetchall():
            refused.add(line_number(chunk, line), fault, chunk.row(line - chunk.first_line))
        self._cursor.execute(_SQL["keep_mended"])


def _overwrite(path: Path, data: memoryview) -> None:
    """Write over what the file held: emptying it first would give its pages back, only to ask for them again."""
    with path.open("r+b" if path.exists() else "wb", buffering=0) as file:
        written = 0
        while written < len(data):
            written += file.write(data[written:])
        file.truncate(len(data))


def _end_of_part(data: bytes, number: int, begin: int) -> int:
    if number == _PARTS - 1:
        return len(data)
    if len(data) < _SMALL:
        return begin
    aim = max(begin, len(data) * (number + 1) // _PARTS)
    return data.find(b"\n", aim) + 1 or len(data)


def line_number(chunk: Chunk, line: int) -> int:
    """Return the number of a chunk's line in its file. A document's values are numbered by where they begin."""
    return chunk.line_numbers[line - 1] if chunk.line_numbers else line


def mark_blank_lines(chunk: Chunk) -> set[int]:
    """Put `{}` in place of each line without text, so that rows stay lines. Returns their numbers."""
    rows = chunk.data.split(b"\n")[: chunk.row_count()]
    blank = {row for row, text in enumerate(rows) if not text.strip()}
    ends = b"\n" if chunk.data.endswith(b"\n") else b""
    chunk.data = b"\n".join(b"{}" if row in blank else text for row, text in enumerate(rows)) + ends
    return {chunk.first_line + row for row in blank}
