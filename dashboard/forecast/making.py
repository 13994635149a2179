"""Makes the forecast in the background, one at a time, while pages go on showing the one that stands."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Lock

from pipelines.errors import ClearToSendError
from pipelines.forecast.store import ForecastState, refresh_forecast
from pipelines.policy import Policy
from pipelines.warehouse import Warehouse

_maker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forecast")
_lock = Lock()
_made: dict[Path, "Future[ForecastState | None]"] = {}


def make_in_background(warehouse: Warehouse, policy: Policy, now: datetime) -> None:
    """Begin to bring the forecast up to date, unless that is being done already. Returns at once."""
    with _lock:
        before = _made.get(warehouse.path)
        if before is None or before.done():
            _made[warehouse.path] = _maker.submit(refresh_forecast, warehouse, policy, now)


def is_being_made(path: Path) -> bool:
    """Say whether a forecast is being made for the warehouse at `path`."""
    with _lock:
        return path in _made and not _made[path].done()


def failure(path: Path) -> str:
    """Say in words why the last attempt failed; '' where it did not, or none was made."""
    with _lock:
        last = _made.get(path)
    error = last.exception() if last is not None and last.done() else None
    if error is None:
        return ""
    return str(error) if isinstance(error, ClearToSendError) else f"It stopped with {type(error).__name__}: {error}"
