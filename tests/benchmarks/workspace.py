"""The folder that a run works in: logs, written once for each size, and homes to load them into."""

import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tests.benchmarks.measure import Cost, say, work

ENDS_AT = datetime.fromisoformat("2026-11-22")
"""When the logs end, and the moment that counts as now. Naive UTC."""


@dataclass
class Workspace:
    """A temporary folder. `events` and `big` are the sizes that the command line asks for."""

    folder: Path
    events: int
    big: int
    _written: dict[int, Cost] = field(default_factory=dict)

    def logs(self, events: int) -> list[str]:
        """Return sample logs of about that many events."""
        return [str(file) for file in self.written(events).answer["files"]]

    def written(self, events: int) -> Cost:
        """Write sample logs, at the first call, and return what that took."""
        if events not in self._written:
            say(f"  writing a log of {events:,} events ...")
            folder = self.folder / f"logs-{events}"
            self._written[events] = work("sample", folder=folder, events=events, seed=7, ends_at=ENDS_AT.isoformat())
        return self._written[events]

    def drop_logs(self, events: int) -> None:
        """Make room, if that log was written."""
        if self._written.pop(events, None):
            shutil.rmtree(self.folder / f"logs-{events}")

    def new(self, name: str) -> Path:
        """Return a path at which nothing stands any more."""
        path = self.folder / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        return path
