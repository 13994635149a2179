"""Erases from log files. Lines keep their numbers and their places, and files that others append to stay the same file.

A plain file is overwritten in place, line by line: whoever has it open, to append or to read on, is not cut off. What
will be written is in the journal first, so that a kill in the middle is made good. A compressed one is written anew
beside it and takes its place at once.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pipelines.errors import SurroundingsError
from pipelines.load.documents import is_document
from pipelines.load.sources import LINE_ENDINGS, ending, source_name
from pipelines.privacy.deliveries import Rest, erased_document, erased_line, erased_truth
from pipelines.privacy.files import Lines, packed
from pipelines.privacy.journal import Change, FileChange, Journal
from pipelines.privacy.looked import Looked, state_of
from pipelines.privacy.wanted import Wanted
from pipelines.receive.segments import held, sync_folder

TRUTH = "sandbox-truth.jsonl"
_HALF_DONE = ".erasing"
_NO_LOGS = (".part", ".signatures", _HALF_DONE)
"""Half-written copies, and the receiver's signatures: they hold no words of anybody."""
_WAIT_S = 120
Eraser = Callable[[bytes, Wanted], Rest | None]


@dataclass(slots=True)
class Gone:
    """What was taken out of files: items, lines, files; and files that are damaged, of which a part cannot be read."""

    items: int = 0
    lines: int = 0
    files: int = 0
    damaged: set[str] = field(default_factory=set)


def erase_logs(home: Path, logs: Path, wanted: Wanted, journal: Journal, looked: Looked | None = None) -> Gone:
    """
    Erase from every file of a home's logs, and from the sandbox's truth.

    A segment that the receiver compresses meanwhile is looked at again, until a pass finds nothing. What `looked` says
    holds nothing is passed over. Raises OSError.
    """
    gone = Gone()
    redo(home, journal)
    for left_over in logs.rglob(f"*{_HALF_DONE}"):
        left_over.unlink()
    seen: dict[Path, int] = {}  # by inode: what is appended later is younger than the wish to be forgotten
    while True:
        _await_compression(logs)
        news = [path for path in _files(home, logs) if seen.get(path) != state_of(path)[0]]
        for path in news:
            seen[path] = state_of(path)[0]
            if looked is None:
                _erase_file(home, path, wanted, journal, gone)
            elif not looked.rests(path):
                _look_through(home, path, wanted, journal, gone, looked)
        if not news and not any(logs.rglob("*.part")):
            return gone


def redo(home: Path, journal: Journal) -> None:
    """Write again what the journal holds for plain files: the one before may have been killed in the middle of it."""
    for change in journal.read():
        path = home / change.path
        if not change.is_plain or not path.exists():
            continue
        with path.open("r+b", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            _overwrite(file, [each for each in change.changes if each.at + each.length <= size])


def _files(home: Path, logs: Path) -> Iterator[Path]:
    found = sorted(path for path in logs.rglob("*") if path.is_file() and path.suffix not in _NO_LOGS)
    yield from found
    if (home / TRUTH).exists():
        yield home / TRUTH


def _await_compression(logs: Path) -> None:
    """Wait for the receiver to finish the segment in hand; what a dead one left half done is removed."""
    until = time.monotonic() + _WAIT_S
    for part in logs.rglob("*.part"):
        plain = part.with_name(part.name.removesuffix(".part")).with_suffix("")
        segment = plain.with_suffix(".jsonl")  # the lock of the segment holds for its signatures too
        while part.exists():
            with held(segment) as ours:
                if ours is not None or not segment.exists():
                    part.unlink(missing_ok=True)
                    break
            if time.monotonic() > until:
                raise SurroundingsError(f"{part} is being written for too long. Stop the receiver, and do it again.")
            time.sleep(0.05)


def _look_through(home: Path, path: Path, wanted: Wanted, journal: Journal, gone: Gone, looked: Looked) -> None:
    """Erase from a file, and remember it if it lost nothing."""
    before, files = state_of(path), gone.files
    wanted.oldest.clear()
    _erase_file(home, path, wanted, journal, gone)
    if gone.files == files:
        looked.note(path, before, wanted.oldest)


def _erase_file(home: Path, path: Path, wanted: Wanted, journal: Journal, gone: Gone) -> None:
    try:
        if ending(path.name)[1]:
            changed = _erase_packed(home, path, wanted, journal, gone)
        else:
            changed = _erase_plain(home, path, wanted, journal)
    except FileNotFoundError:  # compressed meanwhile: the next pass finds it under its other name
        return
    if changed:
        gone.files += 1
        gone.lines += len(changed)
        gone.items += sum(each.items for each in changed)


def _erase_plain(home: Path, path: Path, wanted: Wanted, journal: Journal) -> list[Change]:
    with held(path) as ours, path.open("r+b", buffering=0) as file:
        with Lines(path) as lines:
            changed = list(_changes(path, lines, wanted, with_tail=ours is not None))
        if changed:
            size = os.fstat(file.fileno()).st_size
            journal.add(FileChange(_within(home, path), source_name(str(path), home), size, True, tuple(changed)))
            _overwrite(file, changed)
    return changed


def _overwrite(file: IO[bytes], changes: Iterable[Change]) -> None:
    for each in changes:
        data, at = each.data(), each.at
        while data:
            written = os.pwrite(file.fileno(), data, at)
            data, at = data[written:], at + written
    os.fsync(file.fileno())


def _erase_packed(home: Path, path: Path, wanted: Wanted, journal: Journal, gone: Gone) -> list[Change]:
    """Read it once to see whether there is anything, and only then write it anew: most files hold nothing."""
    with Lines(path) as lines:
        changed = list(_changes(path, lines, wanted, with_tail=True))
    if lines.is_broken:
        gone.damaged.add(_within(home, path))
    if not changed:
        return []
    before = path.stat()
    journal.add(FileChange(_within(home, path), source_name(str(path), home), before.st_size, False, tuple(changed)))
    draft = path.with_name(path.name + _HALF_DONE)
    with draft.open("wb") as target:
        with Lines(path) as lines, packed(path, target) as stream:
            for data in _copied(path, lines, {each.line: each for each in changed}, wanted):
                stream.write(data)
        target.flush()
        os.fsync(target.fileno())
    draft.chmod(before.st_mode & 0o777)
    draft.replace(path)
    sync_folder(path.parent)
    return changed


def _copied(path: Path, lines: Lines, changed: dict[int, Change], wanted: Wanted) -> Iterator[bytes]:
    if _is_document(path, lines.head()):
        data = b"".join(lines)
        for _, (start, end), rest in erased_document(data, wanted):
            data = data[:start] + rest.line + data[end:]
        yield data
        return
    for number, line in enumerate(lines, 1):
        change = changed.get(number)
        yield line if change is None else change.data() + line[change.length :]


def _changes(path: Path, lines: Lines, wanted: Wanted, *, with_tail: bool) -> Iterator[Change]:
    """Give what changes in a file; a last line without an end only if nobody else is writing it."""
    if _is_document(path, lines.head()):
        data = b"".join(lines)
        for line, (start, end), left in erased_document(data, wanted):
            yield _change(line, start, data[start:end], left)
        return
    eraser: Eraser = erased_truth if path.name == TRUTH else erased_line
    offset = 0
    for number, text in enumerate(lines, 1):
        bare = text.rstrip(b"\n")
        rest = eraser(bare, wanted) if with_tail or bare != text else None
        if rest is not None:
            yield _change(number, offset, bare, rest)
        offset += len(text)


def _change(line: int, at: int, before: bytes, rest: Rest) -> Change:
    keeps = not rest.is_blank or rest.line != b" " * len(before)  # a mark of the byte order, or line breaks, stay
    return Change(line, at, len(before), rest.items, rest.line.decode("latin-1") if keeps else None)


def _is_document(path: Path, head: bytes) -> bool:
    return ending(path.name)[0] not in (*LINE_ENDINGS, ".torn") and is_document(head)


def _within(home: Path, path: Path) -> str:
    return str(path.relative_to(home)) if path.is_relative_to(home) else str(path)
