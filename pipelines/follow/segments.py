"""Which log files are new or have grown, told by looking at the folder alone: no file is opened."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.load.sources import DOCUMENT_ENDINGS, LINE_ENDINGS, ending

_TURNS = 30  # looks until each compressed file was asked again how long it is: a home may hold ten thousand


@dataclass(frozen=True, slots=True)
class Sight:
    """A log file as it was seen. `changed_ns` moves with every write, and with a change of rights too."""

    source: str
    path: str
    size: int
    changed_ns: int
    inode: int


class Segments:
    """The log files of one folder, and how they were when they were last loaded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: dict[str, Sight] = {}
        self._found: dict[str, Sight] = {}
        self._sources: dict[str, str] = {}
        self._turn = 0

    def look(self) -> list[Sight]:
        """
        Return the files that are not as they were: first those that grew, then those never seen, each by name.

        A segment that is being compressed is looked at in its plain form as long as that is there.
        """
        self._turn = (self._turn + 1) % _TURNS
        found: dict[str, Sight] = {}
        for entry in _files(str(self._folder)):
            path = entry.path
            source = self._source(path)
            if not source or (source in found and path != source):
                continue
            known = self._loaded.get(source)
            if known is not None and self._is_at_rest(known, entry):
                found[source] = known
                continue
            try:
                stat = entry.stat()
            except FileNotFoundError:  # compressed or moved away since it was listed
                continue
            found[source] = Sight(source, path, stat.st_size, stat.st_ctime_ns, stat.st_ino)
        self._found = found
        for source in self._loaded.keys() - found.keys():
            del self._loaded[source]
        changed = [sight for source, sight in found.items() if self._loaded.get(source) != sight]
        return sorted(changed, key=lambda sight: (sight.source not in self._loaded, sight.path))

    def is_there(self, source: str) -> bool:
        """Say whether the last look has found it."""
        return source in self._found

    def growth(self, sight: Sight) -> int:
        """Return by how many bytes a file has grown since it was loaded: all of them, if it was not."""
        before = self._loaded.get(sight.source)
        has_grown = before is not None and before.path == sight.path and before.size <= sight.size
        return sight.size - before.size if before is not None and has_grown else sight.size

    def keep(self, sight: Sight) -> None:
        """Note a file as loaded as far as it went when it was seen."""
        self._loaded[sight.source] = sight

    def forget(self) -> None:
        """Take every file for new: the warehouse is another one."""
        self._loaded.clear()

    def _is_at_rest(self, known: Sight, entry: os.DirEntry[str]) -> bool:
        """Say whether a loaded file need not be asked how long it is: a compressed one is closed and waits its turn."""
        is_closed = known.path != known.source and known.path == entry.path and known.inode == entry.inode()
        return is_closed and known.inode % _TURNS != self._turn

    def _source(self, path: str) -> str:
        """Return a log's path without the ending of its compression; '' for what is no log."""
        known = self._sources.get(path)
        if known is None:
            form, compression = ending(path)
            is_log = form in LINE_ENDINGS + DOCUMENT_ENDINGS
            known = path[: -len(compression)] if is_log and compression else path if is_log else ""
            self._sources[path] = known
        return known


def _files(folder: str) -> Iterator[os.DirEntry[str]]:
    """Give all files under a folder; none if it is not there."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _files(entry.path)
                elif entry.is_file():
                    yield entry
    except FileNotFoundError:
        return
