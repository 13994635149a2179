"""Which log files a path means."""

import glob
import os
from collections.abc import Iterable
from pathlib import Path

from pipelines.errors import SourceUnreadable, UsageError

STDIN = "-"
LINE_ENDINGS = (".jsonl", ".ndjson", ".log")
DOCUMENT_ENDINGS = (".json",)
COMPRESSIONS = (".gz", ".zst")


def ending(path: str) -> tuple[str, str]:
    """The file's format and compression endings: `a.jsonl.zst` gives (`.jsonl`, `.zst`)."""
    stem, last = os.path.splitext(path.lower())
    if last in COMPRESSIONS:
        return os.path.splitext(stem)[1], last
    return last, ""


def find_sources(paths: Iterable[str]) -> list[str]:
    """
    The log files behind files, folders, globs and `-`, each once: the given order, sorted by name within a folder.

    Raises UsageError for a path that means nothing, SourceUnreadable for a folder that may not be entered.
    """
    found: dict[str, None] = {}
    for path in paths:
        for file in _expand(path):
            found[file] = None
    return list(found)


def source_name(path: str, home: Path) -> str:
    """
    What the warehouse calls a file: relative to the home where it lies inside, so that a home can be moved, and without
    its compression ending, so that a segment that was compressed after loading is still the same source.
    """
    if path == STDIN:
        return STDIN
    absolute = os.path.abspath(path)
    inside = os.path.relpath(absolute, home)
    name = absolute if inside.startswith("..") else inside
    return name[: -len(ending(name)[1])] if ending(name)[1] else name


def _expand(path: str) -> list[str]:
    if path == STDIN:
        return [STDIN]
    if os.path.isdir(path):
        return _folder(path)
    if os.path.exists(path):
        return [os.path.abspath(path)]
    matches = sorted(glob.glob(path, recursive=True))
    if not matches:
        what = "no file matches that pattern" if glob.has_magic(path) else "there is no such file or folder"
        raise UsageError(f"{path}: {what}. Give a log file, a folder of logs, a glob in quotes, or - for standard input.")
    return [file for match in matches for file in _expand(match)]


def _folder(path: str) -> list[str]:
    files = sorted(
        os.path.abspath(os.path.join(folder, name))
        for folder, _, names in os.walk(path, onerror=_forbidden)
        for name in names
        if ending(name)[0] in LINE_ENDINGS + DOCUMENT_ENDINGS
    )
    if not files:
        raise UsageError(
            f"{path}: the folder holds no logs. Clear to Send reads .jsonl, .json, .jsonl.gz and .jsonl.zst; "
            "a file with another name can be given by itself."
        )
    return files


def _forbidden(error: OSError) -> None:
    raise SourceUnreadable(f"{error.filename}: cannot be entered ({error.strerror}). Give this user the right to read it.")
