"""Closed segments, a dead process's too: the torn last line is set aside, and the rest compressed.

Every step may be the last before a crash: the plain file goes last, and as long as it stands all is done again.
"""

import json
import logging
import mmap
import os
from pathlib import Path

import zstandard

from pipelines.receive.segments import PATTERN, held, notes_of, sync_folder

_LEVEL = 6
_log = logging.getLogger(__name__)


def tidy(folder: Path) -> None:
    """Compress every segment that no living process holds. What the system refuses is logged, and left as it is."""
    for path in sorted(folder.glob(PATTERN)):
        try:
            with held(path) as file:
                if file is not None:
                    _tidy(path, file)
        except OSError as error:
            _log.warning("The segment %s could not be compressed: %s. It stays as it is.", path.name, error.strerror)


def _tidy(path: Path, file: int) -> None:
    _mend_tail(path, file)
    notes = notes_of(path)
    for each in (notes, path):  # the segment last: as long as it stands, there is work to do
        if not each.exists():
            continue
        if each.stat().st_size:
            _compress(each)
        each.unlink()
    sync_folder(path.parent)


def _mend_tail(path: Path, file: int) -> None:
    """Set a torn last line aside; one that only lacks its end gets it, for a reader may have taken it as whole."""
    size = os.fstat(file).st_size
    if not size:
        return
    with mmap.mmap(file, size, access=mmap.ACCESS_READ) as content:
        good = content.rfind(b"\n") + 1
        tail = content[good:]
    if not tail:
        return
    if _is_whole(tail):
        os.pwrite(file, b"\n", size)
    else:
        aside = path.with_name(f"{path.name}.torn")
        _write(aside, tail)
        sync_folder(path.parent)
        os.ftruncate(file, good)
        _log.warning(
            "The last line of %s was torn by a crash, before it was acknowledged. Its %d bytes stand in %s.",
            path.name, len(tail), aside.name,
        )  # fmt: skip
    os.fsync(file)


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line.decode()), dict)
    except (ValueError, RecursionError):
        return False


def _compress(path: Path) -> None:
    """Put a compressed copy beside a file, whole or not at all."""
    packed = path.with_name(f"{path.name}.zst")
    part = path.with_name(f"{path.name}.zst.part")
    with path.open("rb") as source, part.open("wb") as target:
        zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).copy_stream(source, target)
        target.flush()
        os.fsync(target.fileno())
    part.rename(packed)
    sync_folder(path.parent)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
