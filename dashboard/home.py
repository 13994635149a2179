"""The home folder as the pages see it: one open warehouse for the whole process, and the key of the pseudonyms."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from pipelines.warehouse import Warehouse

_KEY_FILE = "pseudonym.key"
_fallback_key = secrets.token_hex(16)
_lock = Lock()
_opened: dict[Path, "_Opened"] = {}


@dataclass(frozen=True, slots=True)
class _Opened:
    warehouse: Warehouse
    inode: int


def open_warehouse(path: Path) -> Warehouse | None:
    """Return the warehouse of this process, opened at the first call; None if nothing was loaded yet.

    A file that was deleted and loaded again is opened again. Raises ClearToSendError.
    """
    with _lock:
        kept = _opened.get(path)
        if not path.exists():
            _close(path)
            return None
        if kept and kept.inode == path.stat().st_ino:
            return kept.warehouse
        _close(path)
        warehouse = Warehouse.open(path)
        _opened[path] = _Opened(warehouse, path.stat().st_ino)
        return warehouse


def close_warehouses() -> None:
    """Let go of every file, so that another process may load into it."""
    with _lock:
        for path in list(_opened):
            _close(path)


def pseudonym_key(home: Path) -> str:
    """Return the home's secret behind the pseudonyms, made at the first call: the same person keeps the same name.

    A home that cannot be written has a key for as long as the process runs.
    """
    file = home / _KEY_FILE
    with _lock:
        try:
            with open(file, "x", encoding="ascii", opener=_private) as made:  # Path.open takes no opener
                made.write(secrets.token_hex(16))
        except OSError:
            pass  # it is there already, or cannot be made
        return file.read_text(encoding="ascii") if file.exists() else _fallback_key


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _close(path: Path) -> None:
    kept = _opened.pop(path, None)
    if kept:
        kept.warehouse.close()
