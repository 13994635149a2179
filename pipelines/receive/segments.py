"""The open log segment: one process appends to it, and locks it so that no other takes it for a dead one's."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Self

PATTERN = "webhook-*.jsonl"
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND


class Segment:
    """A segment from its making to its end: nobody ever appends to one that was closed.

    Beside it stands a file of signatures: with it whoever has the app secret can prove each line to be Meta's. It is
    synced now and then, not before the answer: without it nothing is lost but that proof.
    """

    def __init__(self, path: Path, file: int, notes: int) -> None:
        self.path = path
        self.length = 0
        """Bytes that are on the disk for good."""
        self._file, self._notes = file, notes

    @classmethod
    def make(cls, folder: Path, at: datetime) -> Self:
        """Make one. Its name is new whatever the clock says: a part of it is drawn. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            path = folder / f"webhook-{at:%Y-%m-%dT%H-%M-%SZ}-{secrets.token_hex(4)}.jsonl"
            file = os.open(path, _NEW, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            if _stands(file):  # else another process's tidying saw an empty segment that nobody held yet
                break
            os.close(file)
        try:
            notes = os.open(notes_of(path), _NEW, 0o600)
            sync_folder(folder)
        except OSError:
            path.unlink(missing_ok=True)
            os.close(file)
            raise
        return cls(path, file, notes)

    def append(self, lines: bytes, notes: bytes) -> None:
        """Write and sync. Raises OSError: then the segment has to be given up, for a part of it may be written."""
        _write(self._file, lines)
        _write(self._notes, notes)
        os.fsync(self._file)
        if not _stands(self._file):
            raise FileNotFoundError(errno.ENOENT, "the segment was removed while it was written")
        self.length += len(lines)

    def give_up(self) -> None:
        """Cut off what a failed append left, and close.

        It is never appended to again: a reader that saw the part would go on reading in the middle of a line.
        """
        with suppress(OSError):  # a tail that stays is set aside when the segment is tidied
            os.ftruncate(self._file, self.length)
            os.fsync(self._file)
            if not self.length and _stands(self._file):  # a full disk is tried again and again
                notes_of(self.path).unlink(missing_ok=True)
                self.path.unlink()
        self.close()

    def close(self) -> None:
        """Let go of it: whoever tidies next compresses it."""
        with suppress(OSError):
            os.fsync(self._notes)
        os.close(self._notes)
        os.close(self._file)


@contextmanager
def held(path: Path) -> Iterator[int | None]:
    """Hold a segment that nobody holds, as a file descriptor; None if it is being written, or gone."""
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        yield None
        return
    try:
        yield file if _lock(file) and _stands(file) else None
    finally:
        os.close(file)


def notes_of(segment: Path) -> Path:
    """Where the signatures of a segment stand: a time and a signature a line, in the segment's order."""
    return segment.with_suffix(".signatures")


def sync_folder(folder: Path) -> None:
    """Have a folder's names on the disk: a file that was synced is lost with its name."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _lock(file: int) -> bool:
    """Lock an open file, unless another process or another opening of it has."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stands(file: int) -> bool:
    """Whether an open file still has a name."""
    return os.fstat(file).st_nlink > 0


def _write(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
