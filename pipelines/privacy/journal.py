"""What an erasure has decided to change in the log files: on disk before it is done, and until the warehouse knows.

A process that is killed between two writes leaves a file half changed; with this the next one finishes it. It holds
nothing of the person: only what stays of a line, and how many items went.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a file. `at` is where it begins once the file is unpacked; `rest` is None where all of it went."""

    line: int
    at: int
    length: int
    items: int
    rest: str | None

    def data(self) -> bytes:
        """Return what the line is from now on."""
        return b" " * self.length if self.rest is None else self.rest.encode("latin-1")


@dataclass(frozen=True, slots=True)
class FileChange:
    """All that changes in one file. `name` is what the warehouse calls it, `file_bytes` its size on disk before.

    One that `is_plain` is overwritten in place.
    """

    path: str
    name: str
    file_bytes: int
    is_plain: bool
    changes: tuple[Change, ...]


class Journal:
    """One JSON line a file, below one with a name of its own; a line that a crash tore is none: nothing came of it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, change: FileChange) -> None:
        """Write down what will be done to a file; on disk when it returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = b"" if self.name() else json.dumps({"journal": secrets.token_hex(16)}).encode() + b"\n"
        with self._path.open("ab") as file:
            file.write(b"\n" + name + json.dumps(asdict(change)).encode() + b"\n")  # after a torn line too
            file.flush()
            os.fsync(file.fileno())

    def name(self) -> str:
        """Return what tells this journal from every other; '' for an empty one."""
        return next((str(told["journal"]) for told in self._told() if "journal" in told), "")

    def read(self) -> Iterator[FileChange]:
        """Give what was written down."""
        for told in self._told():
            if "changes" in told:
                yield FileChange(**told | {"changes": tuple(Change(**each) for each in told["changes"])})

    def clear(self) -> None:
        """Forget it: the warehouse knows."""
        self._path.unlink(missing_ok=True)

    def _told(self) -> Iterator[dict[str, Any]]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            for line in file:
                with suppress(ValueError):
                    yield json.loads(line)
