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
    """Split off the format and compression endings: `a.jsonl.zst` gives (`.jsonl`, `.zst`)."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    compression = suffixes.pop() if suffixes and suffixes[-1] in COMPRESSIONS else ""
    return suffixes[-1] if suffixes else "", compression


def find_sources(paths: Iterable[str]) -> list[str]:
    """
    Find the log files behind files, folders, globs and `-`, each once: the given order, sorted by name within a folder.

    Raises UsageError for a path that means nothing, SourceUnreadable for a folder that may not be entered.
    """
    return list(dict.fromkeys(file for path in paths for file in _expand(path)))


def source_name(path: str, home: Path) -> str:
    """
    Return what the warehouse calls a file.

    Relative to the home where it lies inside, so that a home can be moved; without its compression ending, so that a
    segment that was compressed after loading is still the same source.
    """
    if path == STDIN:
        return STDIN
    file = Path(path)
    name = str(file.relative_to(home)) if file.is_relative_to(home) else path
    return name.removesuffix(file.suffix) if ending(path)[1] else name


def _expand(path: str) -> list[str]:
    if path == STDIN:
        return [STDIN]
    if Path(path).is_dir():
        return _folder(path)
    if Path(path).exists():
        return [str(Path(path).absolute())]
    matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207  an absolute pattern is no pattern to Path.glob
    if not matches:
        what = "no file matches that pattern" if glob.has_magic(path) else "there is no such file or folder"
        raise UsageError(f"{path}: {what}. Give a log file, a folder of logs, a glob in quotes, or - for stdin.")
    return [file for match in matches for file in _expand(match)]


def _folder(path: str) -> list[str]:
    files = sorted(
        str(Path(folder, name).absolute())
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
    raise SourceUnreadable(
        f"{error.filename}: cannot be entered ({error.strerror}). Give this user the right to read it."
    )
