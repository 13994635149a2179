"""Makes a home anew from an archive that `back_up` wrote. Nothing is put in its place before all of it is proven."""

import hashlib
import json
import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import zstandard

from pipelines.audit.verify import Verdict, verify
from pipelines.backup import FORMAT, MANIFEST
from pipelines.backup_ledger import POSTGRES_NAME, SQLITE_NAME
from pipelines.errors import Refused, SourceUnreadable, UsageError
from pipelines.ledger.store import ledger_url, open_ledger

_STAGE = ".restoring"
_PIECE = 1 << 20
_LONGEST_MANIFEST = 64 << 20
_TOP_LEVEL = ("audit-heads.jsonl", SQLITE_NAME, POSTGRES_NAME, "settings.toml")
_FOLDERS = ("logs", "plans", "erasing")


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, and what the proof of the trail says; None where its database was not in the archive."""

    home: Path
    manifest: dict[str, Any]
    verdict: Verdict | None


def restore(file: Path, home: Path) -> Restored:
    """
    Lay out an archive in an empty or missing folder, and prove its audit trail.

    Raises UsageError for a file or folder that will not do, SourceUnreadable for a damaged archive, Refused for one
    that holds what no backup holds. After any of them the folder is as it was.
    """
    home = home.expanduser().absolute()
    if not file.is_file():
        raise UsageError(f"{file}: there is no such file. Give an archive that `clear-to-send backup` wrote.")
    was_there = home.exists()
    if was_there and (not home.is_dir() or any(home.iterdir())):
        raise UsageError(f"{home} is not empty, and nothing in it is written over. Give an empty or a new folder.")
    stage = home / _STAGE
    stage.mkdir(parents=True, mode=0o700)
    try:
        manifest = _unpack(file, stage)
    except BaseException:
        shutil.rmtree(stage)
        if not was_there:
            home.rmdir()
        raise
    for entry in sorted(stage.iterdir()):
        entry.rename(home / entry.name)
    stage.rmdir()
    return Restored(home, manifest, _proven(home))


def _unpack(file: Path, stage: Path) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}
    manifest: bytes | None = None
    try:
        with (
            file.open("rb") as raw,
            zstandard.ZstdDecompressor().stream_reader(raw) as packed,
            tarfile.open(fileobj=packed, mode="r|") as archive,
        ):
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is None:
                    raise Refused(f"{file}: {member.name} is no plain file, which no backup holds. Nothing was done.")
                if member.name == MANIFEST and member.size <= _LONGEST_MANIFEST:
                    manifest = content.read()
                else:
                    found[member.name] = _lay(content, _place(file, member.name, stage))
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
        raise SourceUnreadable(f"{file} is damaged or no archive of a home ({error}). Nothing was restored.") from None
    return _checked(file, manifest, found)


def _place(file: Path, name: str, stage: Path) -> Path:
    """Return where a member goes. Only what a backup holds goes anywhere: no path leads out of the home."""
    path = PurePosixPath(name)
    is_known = name in _TOP_LEVEL or (len(path.parts) == 1 and path.suffix == ".key")
    is_inside = len(path.parts) > 1 and path.parts[0] in _FOLDERS
    if str(path) != name or ".." in path.parts or "\\" in name or not (is_known or is_inside):
        raise Refused(f"{file}: holds {name!r}, which no backup holds. Nothing was restored.")
    return stage / path


def _lay(content: IO[bytes], place: Path) -> dict[str, Any]:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        while piece := content.read(_PIECE):
            digest.update(piece)
            size += target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    return {"sha256": digest.hexdigest(), "bytes": size}


def _checked(file: Path, text: bytes | None, found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the manifest, if every member is what it says."""
    try:
        manifest: dict[str, Any] = json.loads(text or b"")
        layout, members = manifest["format"], manifest["members"]
    except (ValueError, KeyError, TypeError):
        raise SourceUnreadable(
            f"{file} ends without a manifest: it was cut off, or is no backup. Nothing was restored."
        ) from None
    if layout != FORMAT:
        raise SourceUnreadable(f"{file} was written by another Clear to Send (format {layout}). Restore it with that.")
    wrong = sorted(name for name in found.keys() | members.keys() if found.get(name) != members.get(name))
    if wrong:
        raise SourceUnreadable(
            f"{file}: {', '.join(wrong[:5])} {'is' if len(wrong) == 1 else 'are'} not what the manifest says: the "
            "archive was changed or damaged. Nothing was restored."
        )
    return manifest


def _proven(home: Path) -> Verdict | None:
    """Walk the trail of the ledger that was just laid out, whatever ledger the settings name."""
    if not (home / SQLITE_NAME).exists():
        return None
    ledger = open_ledger(ledger_url(home, ""))
    try:
        return verify(ledger, home / "audit-heads.jsonl")
    finally:
        ledger.dispose()
