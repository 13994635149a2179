"""Echoes of our own sends, read from the log segments: what says that a message whose answer was lost did arrive."""

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import zstandard
from sqlalchemy import Connection

from pipelines.dispatch.payload import read_metadata
from pipelines.dispatch.run import ACTOR
from pipelines.ledger import chain, queue
from pipelines.ledger.queue import Known

_MARK = b"clear-to-send"
"""Stands in every echo of ours, however the line is escaped or wrapped."""
_SEND_ID = re.compile(r"[0-9]{1,18}")
_AT_ONCE = 500
"""Ids in one question to the ledger: databases bound how many parameters a statement has."""
_CLOCKS_DIFFER = timedelta(minutes=5)
"""So much earlier than its campaign's launch an echo may seem: Meta's clock is another."""
_UNREADABLE = (OSError, EOFError, zlib.error, zstandard.ZstdError)
"""A file that was moved away meanwhile, may not be read, or is not all there yet. `load` complains of those that stay
so."""


@dataclass(frozen=True, slots=True)
class Echo:
    """What an echo says: which message reached whom, from which Page, and when (naive UTC)."""

    mid: str
    at: datetime
    page_id: str
    psid: str

    def is_of(self, send: Known) -> bool:
        """Say whether it is this send's. Its number alone proves nothing: another ledger counts from 1 too."""
        is_its = (self.page_id, self.psid) == (send.page_id, send.psid)
        return is_its and self.at >= send.launched_at - _CLOCKS_DIFFER


class EchoReader:
    """Reads what has been appended to a folder of segments since the last time; each byte once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read_to: dict[Path, int] = {}
        self._pending: dict[int, Echo] = {}

    def read(self, since: datetime) -> None:
        """Take in the echoes of segments that were written to since then (naive UTC)."""
        oldest = since.replace(tzinfo=UTC).timestamp()
        found = list(self._files())
        # Where not one was written to since then, `since` is by another clock than the file system's: --as-of.
        for path, size, _ in [each for each in found if each[2] >= oldest] or found:
            if size != self._read_to.get(path, 0):
                with suppress(*_UNREADABLE):
                    self._read(path, size, since)

    def settle(self, connection: Connection, now: datetime) -> int:
        """Accept the unconfirmed sends whose echoes were read; those still on their way are asked about again later."""
        settled = 0
        ids = list(self._pending)
        for begin in range(0, len(ids), _AT_ONCE):
            some = ids[begin : begin + _AT_ONCE]
            known = queue.known(connection, some)
            own = {each for each in some if each in known and self._pending[each].is_of(known[each])}
            lost = [each for each in own if known[each].state in ("unconfirmed", "queued")]
            settled += queue.echoed(
                connection, {each: (self._pending[each].mid, self._pending[each].at) for each in lost}
            )
            for each in some:  # what is accepted now is forgotten the next time: this may have to be done again
                if each not in own or known[each].state not in ("sending", "unconfirmed", "queued"):
                    del self._pending[each]
        if settled:
            chain.append(connection, now, ACTOR, "sends_settled", {"by": "echo", "sends": settled})
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
            for item, at in _echoes(json.loads(line), since):
                message = item["message"]
                ours = read_metadata(str(message.get("metadata", "")))
                if ours and _SEND_ID.fullmatch(ours[0]) and message.get("mid"):
                    page_id, psid = (_id_of(item, end) for end in ("sender", "recipient"))
                    self._pending[int(ours[0])] = Echo(str(message["mid"]), at, page_id, psid)


def _echoes(value: Any, at: datetime) -> Iterator[tuple[dict[str, Any], datetime]]:
    """Give every echo anywhere in a line, also in one that a log shipper wrapped as text, and when it was."""
    if isinstance(value, str):
        if value.startswith(("{", "[")) and "metadata" in value:
            with suppress(ValueError, RecursionError):  # somebody's words, and not JSON
                yield from _echoes(json.loads(value), at)
    elif isinstance(value, list):
        for each in value:
            yield from _echoes(each, at)
    elif isinstance(value, dict):
        at = _moment(value.get("timestamp", value.get("time"))) or at
        message = value.get("message")
        if isinstance(message, dict) and message.get("is_echo"):
            yield value, at
        for each in value.values():
            yield from _echoes(each, at)


def _id_of(item: dict[str, Any], end: str) -> str:
    """Return the id at one end of an item, or ''."""
    whom = item.get(end)
    return str(whom.get("id", "")) if isinstance(whom, dict) else ""


def _moment(stamp: object) -> datetime | None:
    """Return the moment that a number means, if it means one: seconds below 10^11, else milliseconds (S32)."""
    try:
        number = int(str(stamp))
        seconds = number if number < 10**11 else number / 1000
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None) if number > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".zst":
        reader = zstandard.ZstdDecompressor().stream_reader(path.open("rb"), read_across_frames=True)
        return io.BufferedReader(reader)
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]
