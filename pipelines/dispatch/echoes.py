"""Echoes of our own sends, read from the log segments: what says that a message whose answer was lost did arrive."""

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import zstandard
from sqlalchemy import Connection

from pipelines.dispatch.payload import read_metadata
from pipelines.ledger import queue

_MARK = b"clear-to-send"
"""Stands in every echo of ours, however the line is escaped or wrapped."""
_SEND_ID = re.compile(r"[0-9]{1,18}")
_AT_ONCE = 500
"""Ids in one question to the ledger: databases bound how many parameters a statement has."""
_UNREADABLE = (OSError, EOFError, zlib.error, zstandard.ZstdError)
"""A file that was moved away meanwhile, may not be read, or is not all there yet. `load` complains of those that stay
so."""


class EchoReader:
    """Reads what has been appended to a folder of segments since the last time; each byte once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read_to: dict[Path, int] = {}
        self._pending: dict[int, tuple[str, datetime]] = {}

    def read(self, since: datetime) -> None:
        """Take in the echoes of segments that were written to since then (naive UTC)."""
        oldest = since.replace(tzinfo=UTC).timestamp()
        found = list(self._files())
        # Where not one was written to since then, `since` is by another clock than the file system's: --as-of.
        for path, size, _ in [each for each in found if each[2] >= oldest] or found:
            if size != self._read_to.get(path, 0):
                with suppress(*_UNREADABLE):
                    self._read(path, size, since)

    def settle(self, connection: Connection) -> int:
        """Accept the unconfirmed sends whose echoes were read; those still on their way are asked about again later."""
        settled = 0
        ids = list(self._pending)
        for begin in range(0, len(ids), _AT_ONCE):
            some = ids[begin : begin + _AT_ONCE]
            states = queue.states(connection, some)
            lost = [send_id for send_id in some if states.get(send_id) in ("unconfirmed", "queued")]
            settled += queue.echoed(connection, {send_id: self._pending[send_id] for send_id in lost})
            for send_id in some:  # what is accepted now is forgotten the next time: this may have to be done again
                if states.get(send_id) not in ("sending", "unconfirmed", "queued"):
                    del self._pending[send_id]
        return settled

    def _files(self) -> Iterator[tuple[Path, int, float]]:
        """Give each segment, its size, and when it was last written to."""
        for path in sorted(self._folder.rglob("*.json*")):
            with suppress(OSError):
                state = path.stat()
                if path.is_file():
                    yield path, state.st_size, state.st_mtime

    def _read(self, path: Path, size: int, since: datetime) -> None:
        is_packed = path.suffix in (".gz", ".zst")
        read_to = self._read_to.get(path, 0)
        read_to = read_to if read_to <= size else 0  # a shorter file is another one
        with _opened(path) as segment:
            if is_packed:
                self._read_to[path] = size  # as a whole: it is read again only if it was not all there
            else:
                segment.seek(read_to)
            for line in segment:
                if _MARK in line:
                    self._take(line, since)
                # A line that is still being written is looked at again when there is more of it.
                read_to += len(line) if line.endswith(b"\n") else 0
        if not is_packed:
            self._read_to[path] = read_to

    def _take(self, line: bytes, since: datetime) -> None:
        with suppress(ValueError, RecursionError):  # the loader keeps it as a reject
            for message, at in _messages(json.loads(line), since):
                ours = read_metadata(str(message.get("metadata", "")))
                if ours and _SEND_ID.fullmatch(ours[0]) and message.get("mid"):
                    self._pending[int(ours[0])] = (str(message["mid"]), at)


def _messages(value: Any, at: datetime) -> Iterator[tuple[dict[str, Any], datetime]]:
    """Give every echoed message anywhere in a line, also in one that a log shipper wrapped as text, and when it was."""
    if isinstance(value, str):
        if value.startswith(("{", "[")) and "metadata" in value:
            with suppress(ValueError, RecursionError):  # somebody's words, and not JSON
                yield from _messages(json.loads(value), at)
    elif isinstance(value, list):
        for each in value:
            yield from _messages(each, at)
    elif isinstance(value, dict):
        at = _moment(value.get("timestamp", value.get("time"))) or at
        if value.get("is_echo"):
            yield value, at
        for each in value.values():
            yield from _messages(each, at)


def _moment(stamp: object) -> datetime | None:
    """Return the moment that a number of milliseconds means, if it means one."""
    try:
        return datetime.fromtimestamp(int(str(stamp)) / 1000, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".zst":
        reader = zstandard.ZstdDecompressor().stream_reader(path.open("rb"), read_across_frames=True)
        return io.BufferedReader(reader)
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]
