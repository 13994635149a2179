"""Which log files were looked through and hold nothing that is too old yet: they rest until something in them is."""

import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pipelines.load.erased import Erased

_State = tuple[int, int, int]


class Looked:
    """One JSON object: for each file how it was, and when the oldest event was of each kind that is not kept for ever.

    Whoever was forgotten meanwhile left these files then; only what came later can still hold them.
    """

    def __init__(self, path: Path, erased: Erased) -> None:
        self._path, self._before = path, dict(erased.before)
        self._files: dict[str, tuple[_State, dict[str, str]]] = {}
        with suppress(OSError, ValueError):
            told = json.loads(path.read_text(encoding="utf-8"))
            if told["kinds"] == sorted(self._before):  # of a kind that is new here nobody knows what is where
                self._files = {name: ((*state,), oldest) for name, (state, oldest) in told["files"].items()}
        self._still: dict[str, tuple[_State, dict[str, str]]] = {}

    def rests(self, path: Path) -> bool:
        """Say whether a file is as it was, and nothing in it has become too old."""
        state, oldest = self._files.get(str(path), ((0, 0, 0), {}))
        if state != state_of(path) or any(
            datetime.fromisoformat(at) < self._before[kind] for kind, at in oldest.items()
        ):
            return False
        self._still[str(path)] = state, oldest
        return True

    def note(self, path: Path, state: _State, oldest: dict[str, datetime]) -> None:
        """Remember a file that lost nothing, as it was before it was looked through."""
        self._still[str(path)] = state, {kind: at.isoformat() for kind, at in oldest.items()}

    def keep(self) -> None:
        """Write it down. A file that is lost, or torn, costs one more look through everything."""
        self._path.parent.mkdir(exist_ok=True, mode=0o700)
        self._path.write_text(json.dumps({"kinds": sorted(self._before), "files": self._still}), encoding="utf-8")


def state_of(path: Path) -> _State:
    """Return what changes when a file does; zeros for one that is gone."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0, 0
    return found.st_ino, found.st_size, found.st_mtime_ns
