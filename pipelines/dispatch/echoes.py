"""Echoes of our own sends, read from the log segments: what says that a message whose answer was lost did arrive."""

import gzip
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import zstandard
from sqlalchemy import Connection

from pipelines.dispatch.payload import read_metadata
from pipelines.ledger import queue

_MARK = b"clear-to-send"
"""Stands in every echo of ours, however the line is escaped or wrapped."""
_AT_ONCE = 500
"""Ids in one question to the ledger: databases bound how many parameters a statement has."""


class EchoReader:
    """Reads what has been appended to a folder of segments since the last time; each byte once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read_to: dict[Path, int] = {}
        self._pending: dict[int, tuple[str, datetime]] = {}

    def read(self, since: datetime) -> None:
        """Take in the echoes of segments that were written to since then (naive UTC)."""
        oldest = since.replace(tzinfo=UTC).timestamp()
        for file in sorted(self._folder.rglob("*.json*")) if self._folder.exists() else ():
            if file.stat().st_mtime >= oldest:
                for line in self._new_lines(file):
                    if _MARK in line:
                        self._take(line)

    def settle(self, connection: Connection) -> int:
        """Accept the unconfirmed sends whose echoes were read; those still on their way are asked about again later."""
        settled = 0
        ids = list(self._pending)
        for begin in range(0, len(ids), _AT_ONCE):
            some = ids[begin : begin + _AT_ONCE]
            states = queue.states(connection, some)
            lost = [send_id for send_id in some if states.get(send_id) in ("unconfirmed", "queued")]
            settled += queue.echoed(connection, {send_id: self._pending[send_id] for send_id in lost})
            for send_id in some:
                if states.get(send_id) != "sending":
                    del self._pending[send_id]
        return settled

    def _new_lines(self, file: Path) -> Iterator[bytes]:
        start = self._read_to.get(file, 0)
        with _opened(file) as segment:
            if segment.seekable():
                segment.seek(start)
            elif start:
                return  # a closed segment does not grow
            for line in segment:
                if not line.endswith(b"\n") and file.suffix == ".jsonl":
                    break  # a line that is still being written
                start += len(line)
                yield line
        self._read_to[file] = max(start, 1)

    def _take(self, line: bytes) -> None:
        try:
            found = list(_messages(json.loads(line)))
        except (ValueError, RecursionError):
            return  # the loader keeps it as a reject
        for message, at in found:
            ours = read_metadata(str(message.get("metadata", "")))
            if ours and ours[0].isdecimal() and message.get("mid"):
                self._pending[int(ours[0])] = (str(message["mid"]), at)


def _messages(value: Any, at: int = 0) -> Iterator[tuple[dict[str, Any], datetime]]:
    """Give every echoed message anywhere in a line, also in one that a log shipper wrapped as text, and when it was."""
    if isinstance(value, str):
        if value.startswith("{") and "metadata" in value:
            yield from _messages(json.loads(value), at)
    elif isinstance(value, list):
        for each in value:
            yield from _messages(each, at)
    elif isinstance(value, dict):
        stamp = str(value.get("timestamp", value.get("time", at)))
        at = int(stamp) if stamp.isdecimal() else at
        if value.get("is_echo"):
            yield value, datetime.fromtimestamp(at / 1000, UTC).replace(tzinfo=None)
        for each in value.values():
            yield from _messages(each, at)


def _opened(file: Path) -> IO[bytes]:
    if file.suffix == ".zst":
        return io.BufferedReader(zstandard.open(file, "rb"))
    return gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb")  # type: ignore[return-value]
