"""The home folder as the pages see it: one open warehouse for the whole process, and the key of the pseudonyms."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from pipelines.warehouse import Warehouse

_KEY_FILE = "pseudonym.key"
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
    """Return the home's secret behind the pseudonyms, made at the first call: the same person keeps the same name."""
    file = home / _KEY_FILE
    try:
        with file.open("x", encoding="ascii", opener=_private) as made:
            made.write(secrets.token_hex(16))
    except FileExistsError:
        pass
    except OSError:
        return _key_of_process
    return file.read_text(encoding="ascii") or _key_of_process


_key_of_process = secrets.token_hex(16)  # for a home that cannot be written: names hold until the restart


def _private(path: str, flags: int) -> int:
    import os

    return os.open(path, flags, mode=0o600)


def _close(path: Path) -> None:
    kept = _opened.pop(path, None)
    if kept:
        kept.warehouse.close()
