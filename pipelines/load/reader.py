"""Files in, chunks of whole lines out: from where the last reading stopped, in constant memory."""

import gzip
import hashlib
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

import numpy as np
import zstandard

from pipelines.errors import SourceUnreadable
from pipelines.load.documents import cut_values, is_document
from pipelines.load.sources import LINE_ENDINGS, STDIN, ending

CHUNK_BYTES = 160 << 20
LONGEST_LINE = 16 << 20
HEAD_BYTES = 64 << 10
_PLACEHOLDER = b"{}"
_SLICE = 1 << 18  # bytes that numpy looks at in one go: what fits the cache


@dataclass
class Chunk:
    """Whole lines of one source. Row r of `data` (0-based) is line first_line + r, or line_numbers[r] in a document."""

    data: bytes
    first_line: int
    end_byte: int  # offset in the decompressed stream just after this chunk
    tail_byte: int | None = None  # where the last line begins, if no line break ends it
    line_numbers: list[int] = field(default_factory=list)
    long_rows: dict[int, bytes] = field(default_factory=dict)  # lines over LONGEST_LINE: row -> how it begins
    comma_rows: list[int] = field(default_factory=list)  # rows with a comma before a closing bracket, which is not JSON
    damage: str = ""  # why the stream ends here although the file goes on
    file_position: int = 0  # bytes of the file on disk read so far

    def breaks(self) -> np.ndarray:
        """Return where the lines end: offsets of the line breaks in `data`."""
        if self._breaks is None or self._breaks[0] is not self.data:
            self._breaks = (self.data, _breaks_in(self.data))
        return self._breaks[1]

    _breaks: tuple[bytes, np.ndarray] | None = None

    def row_count(self) -> int:
        """Return how many lines there are, a last one without a line break included."""
        return len(self.breaks()) + (not self.data.endswith(b"\n") and bool(self.data))

    def row(self, number: int) -> bytes:
        """Return the text of one row, without its line break."""
        breaks = self.breaks()
        begin = int(breaks[number - 1]) + 1 if number else 0
        return self.data[begin : int(breaks[number])] if number < len(breaks) else self.data[begin:]


@dataclass(frozen=True)
class Head:
    """The first bytes of a source, by which a file that grew is told from another file of the same name."""

    count_bytes: int
    digest: str


@dataclass
class Source:
    """An open log: the decompressed stream, and the file beneath it."""

    stream: IO[bytes]
    file: IO[bytes]
    is_seekable: bool

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None:
        if self.file is not sys.stdin.buffer:
            self.file.close()

    def position(self) -> int:
        """Bytes of the file on disk read so far; 0 where that cannot be told."""
        try:
            return self.file.tell()
        except OSError:
            return 0


def size_of(path: str) -> int:
    """Bytes of a file on disk; 0 for standard input. Raises SourceUnreadable."""
    if path == STDIN:
        return 0
    try:
        return Path(path).stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str, error: OSError) -> SourceUnreadable:
    return SourceUnreadable(f"{path}: cannot be read ({error.strerror}). The other files were loaded.")


def open_source(path: str) -> Source:
    """Open a log for reading. Raises SourceUnreadable."""
    if path == STDIN:
        return Source(sys.stdin.buffer, sys.stdin.buffer, is_seekable=False)
    try:
        file = Path(path).open("rb")  # noqa: SIM115  the Source closes it
    except OSError as error:
        raise _unreadable(path, error) from error
    match ending(path)[1]:
        case ".gz":
            return Source(cast(IO[bytes], gzip.GzipFile(fileobj=file)), file, is_seekable=False)
        case ".zst":
            stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
            return Source(cast(IO[bytes], stream), file, is_seekable=False)
    return Source(file, file, is_seekable=True)


def read_head(path: str, count_bytes: int = HEAD_BYTES) -> Head:
    """Digest of the first bytes (fewer if the file is shorter)."""
    with open_source(path) as source:
        head, _ = _read(source.stream, count_bytes)
    return Head(len(head), hashlib.md5(head, usedforsecurity=False).hexdigest())


def read_chunks(path: str, start_byte: int = 0, start_line: int = 1) -> Iterator[Chunk]:
    """Yield lines from `start_byte` of the decompressed stream on, numbered from `start_line`."""
    with open_source(path) as source:
        for chunk in _chunks(source, path, start_byte, start_line):
            chunk.file_position = source.position()
            yield chunk


def read_ahead(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The same chunks, each read while the one before is being loaded."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, chunks, None)
        while chunk := coming.result():
            coming = pool.submit(next, chunks, None)
            yield chunk


def _chunks(source: Source, path: str, start_byte: int, start_line: int) -> Iterator[Chunk]:
    if start_byte:
        _skip(source, start_byte)
        yield from _line_chunks(source, b"", start_byte, start_line)
        return
    if ending(path)[0] in LINE_ENDINGS:
        yield from _line_chunks(source, b"", 0, start_line)
        return
    head, damage = _read(source.stream, HEAD_BYTES)
    if is_document(head):
        yield from _document_chunks(source.stream, head)
    else:
        yield from _line_chunks(source, head, 0, start_line, damage)


def _line_chunks(source: Source, carry: bytes, offset: int, line: int, damage: str = "") -> Iterator[Chunk]:
    first, skipping = not offset, b""
    while True:
        block = b""
        if not damage:
            block, damage = _read(source.stream, _whole_lines(source, CHUNK_BYTES - len(carry)))
        data = carry + block if carry else block
        if first and data.startswith(b"\xef\xbb\xbf"):
            data, offset = data[3:], offset + 3
        first = False
        cut = data.rfind(b"\n") + 1 if block else len(data)
        if not cut and len(data) >= LONGEST_LINE:
            # A line without end: remember how it begins and let the rest of it go by.
            skipping, offset, carry = skipping or data[: 1 << 16], offset + len(data), b""
            continue
        lines, carry = (data[:cut], data[cut:]) if cut < len(data) else (data, b"")
        if skipping:
            lines = _PLACEHOLDER + (lines[lines.index(b"\n") :] if b"\n" in lines else b"")
        if lines or damage:
            chunk = _checked(lines, line, offset + cut)
            if skipping:
                chunk.long_rows[0] = skipping
            if not lines.endswith(b"\n") and lines and not block:
                chunk.tail_byte = offset + lines.rfind(b"\n") + 1
            chunk.damage = damage if not block else ""
            yield chunk
            line += len(chunk.breaks())
            skipping = b""
        offset += cut
        if not block:
            return


def _whole_lines(source: Source, count: int) -> int:
    """Look ahead for the last line break within `count` bytes: a block that ends with one is never copied to cut it."""
    if not source.is_seekable:
        return count
    here = source.stream.tell()
    source.stream.seek(here + count - HEAD_BYTES)
    tail = source.stream.read(HEAD_BYTES)
    source.stream.seek(here)
    return count - len(tail) + tail.rfind(b"\n") + 1 if len(tail) == HEAD_BYTES and b"\n" in tail else count


def _document_chunks(stream: IO[bytes], head: bytes) -> Iterator[Chunk]:
    damage = ""

    def blocks() -> Iterator[bytes]:
        nonlocal damage
        yield head
        while not damage:
            block, damage = _read(stream, 4 << 20)
            yield block
            if not block:
                return

    values: list[bytes] = []
    numbers: list[int] = []
    size = 0
    for number, value in cut_values(blocks()):
        values.append(value)
        numbers.append(number)
        size += len(value)
        if size >= CHUNK_BYTES:
            yield _document_chunk(values, numbers)
            values, numbers, size = [], [], 0
    last = _document_chunk(values, numbers)
    last.damage = damage
    yield last


def _document_chunk(values: list[bytes], numbers: list[int]) -> Chunk:
    # A document is read whole or not at all: its end_byte stays at the start.
    chunk = _checked(b"".join(value + b"\n" for value in values), 1, 0)
    chunk.line_numbers = numbers
    return chunk


def _checked(data: bytes, first_line: int, end_byte: int) -> Chunk:
    chunk = Chunk(data, first_line, end_byte)
    if _has_long_line(data):
        rows = data.split(b"\n")
        chunk.long_rows = {row: text[: 1 << 16] for row, text in enumerate(rows) if len(text) > LONGEST_LINE}
        chunk.data = b"\n".join(_PLACEHOLDER if row in chunk.long_rows else text for row, text in enumerate(rows))
    chunk.comma_rows = _rows_with_trailing_commas(chunk.data)
    return chunk


def _breaks_in(data: bytes) -> np.ndarray:
    codes = np.frombuffer(data, dtype=np.uint8)
    found = [np.flatnonzero(codes[at : at + _SLICE] == ord("\n")) + at for at in range(0, len(codes), _SLICE)]
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


def _has_long_line(data: bytes) -> bool:
    half = LONGEST_LINE // 2
    return any(
        (data.find(b"\n", at) % (len(data) + 1)) - data.rfind(b"\n", 0, at) > LONGEST_LINE
        for at in range(half, len(data), half)
    )


def _rows_with_trailing_commas(data: bytes) -> list[int]:
    """Find commas before brackets: in a text they are fine, and elsewhere DuckDB lets pass what is no JSON."""
    codes = np.frombuffer(data, dtype=np.uint8)
    rows: set[int] = set()
    for begin in range(0, len(codes), _SLICE):
        part = codes[begin : begin + _SLICE + 1]
        # "]" and "}" differ in one bit only.
        closing = (part[1:] | 0x20) == ord("}")
        suspicious = closing & ((part[:-1] == ord(",")) | (part[:-1] <= ord(" ")))
        if suspicious.any():
            places = (begin + int(place) + 1 for place in np.flatnonzero(suspicious))
            rows.update(data.count(b"\n", 0, place) for place in places if _follows_comma(data, place))
    return sorted(rows)


def _follows_comma(data: bytes, place: int) -> bool:
    return data[max(0, place - 1024) : place].rstrip(b" \t\r").endswith(b",")


def _read(stream: IO[bytes], count: int) -> tuple[bytes, str]:
    """Read up to `count` bytes, and say why if the compression is broken before its end."""
    parts: list[bytes] = []
    try:
        while count > 0 and (part := stream.read(count)):
            parts.append(part)
            count -= len(part)
    except (EOFError, OSError, zstandard.ZstdError) as error:
        return b"".join(parts), f"the file's compressed data is broken from here on ({error})"
    return parts[0] if len(parts) == 1 else b"".join(parts), ""


def _skip(source: Source, count: int) -> None:
    if source.is_seekable:
        source.stream.seek(count)
        return
    while count > 0 and (part := source.stream.read(min(count, 4 << 20))):
        count -= len(part)
