"""The home folder as the app sees it: one open warehouse for the whole process, and its follower."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

from pipelines.errors import ClearToSendError, SurroundingsError
from pipelines.follow.follower import Follower
from pipelines.policy import Policy
from pipelines.settings import Settings
from pipelines.warehouse import Warehouse
from pipelines.warehouse_layout import make_way

_lock = Lock()
_opened: dict[Path, "_Opened"] = {}


_following: dict[Path, Follower] = {}


@dataclass(frozen=True, slots=True)
class _Opened:
    warehouse: Warehouse
    inode: int


def begin_following(
    settings: Settings,
    policy: Policy,
    clock: Callable[[], datetime],
    chores: Callable[[Warehouse], None] = lambda _: None,
) -> Follower:
    """Own the home's warehouse from now on, load into it what arrives, and do the chores between loads.

    `clock` is to the second, naive UTC.
    """
    path = settings.warehouse_path
    with suppress(ClearToSendError):  # what stands in the way is told by the follower, which tries again
        make_way(path)
    follower = Follower(settings, policy, clock, lambda: _owned(path), chores)
    with _lock:
        _following[path] = follower
    follower.start()
    return follower


def end_following(follower: Follower) -> None:
    """Stop it once what it has in hand is committed, and let go of the warehouse."""
    follower.stop()
    with _lock:
        for path in [path for path, each in _following.items() if each is follower]:
            del _following[path]
            _close(path)


def follower_of(path: Path) -> Follower | None:
    """Return what follows the logs of the warehouse at `path` in this process; None where nothing does."""
    with _lock:
        return _following.get(path)


def open_warehouse(path: Path) -> Warehouse | None:
    """Return the warehouse of this process, opened at the first call; None if nothing was loaded yet.

    A file that was deleted and loaded again is opened again. Raises ClearToSendError.
    """
    with _lock:
        if not path.exists():
            _close(path)
            return None
        return _current(path)


def close_warehouses() -> None:
    """Let go of every file that no follower owns, so that another process may load into it."""
    with _lock:
        for path in [path for path in _opened if path not in _following]:
            _close(path)


def _owned(path: Path) -> Warehouse:
    """Return the warehouse, made if it is not there, or if its file was deleted. Raises ClearToSendError."""
    with _lock:
        if not path.exists():
            _close(path)
            path.with_name(f"{path.name}.wal").unlink(missing_ok=True)  # it belongs to the file that is gone
        return _current(path)


def _current(path: Path) -> Warehouse:
    kept = _opened.get(path)
    if kept and kept.inode == path.stat().st_ino:
        return kept.warehouse
    _close(path)
    warehouse = Warehouse.open(path)
    if not path.exists():  # DuckDB gives the old file again as long as somebody reads it
        warehouse.close()
        raise SurroundingsError(f"{path} was deleted while it is being read. It is made anew in a moment.")
    _opened[path] = _Opened(warehouse, path.stat().st_ino)
    return warehouse


def _close(path: Path) -> None:
    kept = _opened.pop(path, None)
    if kept:
        kept.warehouse.close()
