"""Whether an app runs on a home: a locked file, which the operating system gives back when its holder dies."""

import fcntl
from pathlib import Path
from typing import IO

_NAME = "follow.lock"


class RunningMark:
    """Says to other processes that this one owns the home's warehouse and takes what they hand over."""

    def __init__(self, home: Path) -> None:
        self._path = home / _NAME
        self._file: IO[bytes] | None = None

    def set(self) -> None:
        """Set the mark, unless it stands; where another process looks at it just now, the next call sets it."""
        if self._file is not None:
            return
        file = self._path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
        else:
            self._file = file

    def take_off(self) -> None:
        """Say that nothing is taken any more."""
        if self._file is not None:
            self._file.close()
            self._file = None


def is_running(home: Path) -> bool:
    """Say whether an app runs on this home, on this machine."""
    try:
        with (home / _NAME).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
