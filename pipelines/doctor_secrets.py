"""Who can read what must stay with this user: the home's files with secrets, tokens and people's messages."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pipelines.doctor_check import Check
from pipelines.settings import Settings

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SHOWN = 3


def examine_secrets(settings: Settings) -> list[Check]:
    """Look at the home's files; secrets that come by the environment are fine, and not looked for."""
    if os.name != "posix":
        return []
    home = settings.home
    # What lies in a folder that nobody else may enter is out of their reach, whatever its own mode says.
    if not _open_to_others(home):
        return [Check("secrets", f"only this user can enter {home}")]
    files = [file for file in _sensitive(settings) if _open_to_others(file)]
    folders = [folder for folder in (settings.logs_path, settings.plans_path) if _open_to_others(folder)]
    loose = [*files, *(file for folder in folders for file in _loose_within(folder))]
    if not loose:
        return [Check("secrets", "no file with secrets, tokens or messages can be read by other users")]
    names = ", ".join(str(file.relative_to(home)) for file in loose[:_SHOWN])
    more = f" and {len(loose) - _SHOWN:,} more" if len(loose) > _SHOWN else ""
    verb = "are" if len(loose) > 1 else "is"
    return [
        Check(
            "secrets",
            f"{names}{more} in {home} {verb} open to other users of this machine: they may hold secrets, tokens and "
            f"messages. Run: chmod -R go= {home}",
            1,
        )
    ]


def _sensitive(settings: Settings) -> Iterator[Path]:
    home = settings.home
    yield home / "settings.toml"
    yield from sorted(home.glob("*.key"))
    yield from sorted(home.glob("ledger.sqlite*"))
    yield from (settings.warehouse_path, settings.heads_path)


def _loose_within(folder: Path) -> Iterator[Path]:
    yield from (file for file in sorted(folder.rglob("*")) if file.is_file() and _open_to_others(file))


def _open_to_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except FileNotFoundError:
        return False
