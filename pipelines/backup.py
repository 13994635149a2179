"""Writes one archive of all in a home that cannot be rebuilt, while the app runs.

The order makes it consistent: the kept heads first, then the ledger (whose chain is then at least as long), then the
plans that it names, then the logs. Each part is what it was at the moment of its copy. No person is erased meanwhile:
half of an erasure would come back with a restore.
"""

import fcntl
import hashlib
import io
import json
import os
import secrets
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, cast

import zstandard

from pipelines.backup_ledger import copied_ledger
from pipelines.errors import Refused
from pipelines.load.sources import COMPRESSIONS, LINE_ENDINGS, ending
from pipelines.settings import Settings

MANIFEST = "manifest.json"
FORMAT = 1
_TAIL_BYTES = 16 << 20
_UNFINISHED = (".tmp", ".part", ".new")


@dataclass(slots=True)
class Backup:
    """What an archive holds: each member's sha256 and size, and what was left out of it, in words."""

    file: Path
    as_of: datetime
    ledger: str
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    torn: list[str] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)

    @property
    def manifest(self) -> dict[str, Any]:
        """What the archive says of itself."""
        return {
            "format": FORMAT,
            "version": version("clear-to-send"),
            "as_of": f"{self.as_of.isoformat()}Z",
            "ledger": self.ledger,
            "lacks": self.lacks,
            "members": self.members,
        }


def back_up(settings: Settings, file: Path, as_of: datetime) -> Backup:
    """
    Write an archive of a home, readable for this user alone; under its name only once all of it is on disk.

    Raises Refused if there is such a file already, and what `copied_ledger` raises.
    """
    file = file.absolute()
    if file.exists():
        raise Refused(f"{file} is there already, and a backup never writes over another. Choose another name.")
    if file.is_relative_to(settings.logs_path):
        raise Refused(f"{file} would become part of the logs that it holds. Write it to another folder.")
    home = settings.home
    settings.scratch_path.mkdir(parents=True, exist_ok=True)
    made = Backup(file, as_of, "none")
    with _no_erasure(home), _finished(file) as raw, _archive(raw) as archive:
        _add(archive, made, "audit-heads.jsonl", settings.heads_path)
        with copied_ledger(settings) as copy:
            made.ledger = copy.kind
            made.lacks += [copy.lacks] if copy.lacks else []
            if copy.file is not None:
                _add(archive, made, copy.name, copy.file)
        for plan in sorted(settings.plans_path.glob("*.parquet")):
            _add(archive, made, plan.relative_to(home).as_posix(), plan)
        _add_logs(archive, made, settings)
        # It is there only where an erasure was killed: the next one goes on by it.
        _add(archive, made, "erasing/journal.jsonl", home / "erasing" / "journal.jsonl")
        for own in (home / "settings.toml", *sorted(home.glob("*.key"))):
            _add(archive, made, own.name, own)
        _put(archive, MANIFEST, io.BytesIO(told := json.dumps(made.manifest, indent=1).encode()), len(told), as_of)
    return made


@contextmanager
def _no_erasure(home: Path) -> Iterator[None]:
    """Wait until no erasure runs in a home, and let none begin; `pipelines.privacy` takes the same lock."""
    folder = home / "erasing"
    folder.mkdir(exist_ok=True, mode=0o700)
    with (folder / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _finished(file: Path) -> Iterator[IO[bytes]]:
    """Give a file to write that bears another name until all of it is on disk."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            yield raw
            raw.flush()
            os.fsync(raw.fileno())
        os.link(draft, file)  # unlike a rename, a link never replaces what somebody wrote there meanwhile
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _archive(raw: IO[bytes]) -> Iterator[tarfile.TarFile]:
    compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
    with (
        compressor.stream_writer(raw, closefd=False) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        yield archive


def _add_logs(archive: tarfile.TarFile, made: Backup, settings: Settings) -> None:
    """Add every segment once, plain or compressed, whichever of the two is there when it comes to it."""
    done: set[str] = set()
    # Twice: a folder that is read while a segment in it gives way to its compressed self may show neither.
    for _ in range(2):
        for name in sorted(_segments(settings.logs_path) - done):
            done.add(name)
            plain = settings.logs_path / name
            for path in (plain, *(plain.with_name(plain.name + each) for each in COMPRESSIONS)):
                if _add(archive, made, path.relative_to(settings.home).as_posix(), path):
                    break


def _segments(folder: Path) -> set[str]:
    """Return the names of all segments, without the ending of their compression."""
    found = set()
    for place, _, names in os.walk(folder):
        for name in names:
            if not name.startswith(".") and not name.endswith(_UNFINISHED):
                path = Path(place, name).relative_to(folder)
                found.add(str(path.with_suffix("")) if path.suffix in COMPRESSIONS else str(path))
    return found


def _add(archive: tarfile.TarFile, made: Backup, name: str, path: Path) -> bool:
    """Add a file as it is now, if it is there; of a log that is being written, the lines that are whole."""
    try:
        source = path.open("rb")
    except FileNotFoundError:
        return False
    with source:
        size = os.fstat(source.fileno()).st_size
        kind, compression = ending(name)
        if kind in LINE_ENDINGS and not compression:
            whole = _whole_lines(source, size)
            if whole < size:
                made.torn.append(name)
            size = whole
        digest = _put(archive, name, source, size, made.as_of)
    made.members[name] = {"sha256": digest, "bytes": size}
    return True


def _whole_lines(source: IO[bytes], size: int) -> int:
    """Return where the last whole line ends: at a line feed, or at the end of JSON that only lacks one."""
    start = max(0, size - _TAIL_BYTES)
    source.seek(start)
    tail = source.read(size - start)
    source.seek(0)
    last = tail.rfind(b"\n") + 1
    rest = tail[last:]
    if not rest:
        return size
    try:
        json.loads(rest)
    except ValueError:
        return start + last
    return size


class _Hashed:
    """Reads a file and hashes what was read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read, as a file does."""
        data = self._source.read(size)
        self.digest.update(data)
        return data


def _put(archive: tarfile.TarFile, name: str, source: IO[bytes], size: int, at: datetime) -> str:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    member.mtime = int(at.replace(tzinfo=UTC).timestamp())
    reader = _Hashed(source)
    archive.addfile(member, cast(IO[bytes], reader))  # it only reads
    return reader.digest.hexdigest()
