"""How the follower is doing, for the pages and for whoever asks whether the app is ready."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FollowState:
    """A moment's picture. Times are naive UTC, None for what has not happened yet.

    The errors are sentences, '' while all is well; `last_error` stays when it has passed. `problems` are sentences
    about single files. `newest_event_at` is of what this app has loaded; bytes and events_of_load are of the load that
    runs.
    """

    last_look_at: datetime | None = None
    last_load_at: datetime | None = None
    newest_event_at: datetime | None = None
    error: str = ""
    last_error: str = ""
    last_error_at: datetime | None = None
    ledger_error: str = ""
    judging_error: str = ""
    problems: tuple[str, ...] = ()
    events_loaded: int = 0
    is_loading: bool = False
    bytes_total: int = 0
    bytes_done: int = 0
    events_of_load: int = 0

    @property
    def share(self) -> float:
        """How much of the running load is done, from 0 to 1."""
        return min(1.0, self.bytes_done / self.bytes_total) if self.bytes_total else 0.0
