"""What a receiver has answered, for the pages and the metrics: in memory, and now and then in a file of the home."""

import json
import logging
import os
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.receive.log import Stored

KINDS = (
    "accepted", "bad_signature", "too_large", "not_stored", "malformed", "challenged", "bad_challenge", "rate_limited",
)  # fmt: skip
_QUIET_SECONDS = 10.0
"""Who sends rubbish must not fill the log too: each kind is told once in that time."""
_log = logging.getLogger(__name__)


class Counts:
    """Since the receiver's start. Malformed deliveries are among the accepted. Used by the loop's thread alone."""

    def __init__(self, folder: Path, name: str, clock: Callable[[], datetime]) -> None:
        self._path, self._name, self._clock = folder / f"{name}.json", name, clock
        self._started_at = clock()
        self._told: dict[str, float] = {}
        self._untold: Counter[str] = Counter()
        self.totals: dict[str, int] = dict.fromkeys(KINDS, 0)
        self.pages: dict[str, dict[str, Any]] = {}
        self.failing_since: datetime | None = None
        """The first of an unbroken run of answers that say the failure is ours: after an hour Meta stops sending."""
        self.last_failure: dict[str, str] | None = None

    def stored(self, stored: Stored) -> None:
        """Count a group that was acknowledged."""
        self.failing_since = None
        self.totals["accepted"] += stored.count
        if stored.malformed:
            self.totals["malformed"] += stored.malformed
            self._tell("malformed", "A delivery was signed and is no JSON object. It is stored; loading rejects it.")
        for page_id, count in stored.pages.items():
            page = self.pages.setdefault(page_id, {"accepted": 0})
            page["accepted"] += count
            page["last_at"] = _iso(stored.at)

    def challenged(self) -> None:
        """Count a challenge that was answered."""
        self.totals["challenged"] += 1

    def refused(self, kind: str, why: str) -> None:
        """Count a request that was not as it must be."""
        self.totals[kind] += 1
        self._tell(kind, why)

    def failed(self, count: int, why: str) -> None:
        """Count deliveries that could not be stored, and since when that is so."""
        at = self._clock()
        self.totals["not_stored"] += count
        self.failing_since = self.failing_since or at
        self.last_failure = {"at": _iso(at), "says": why}
        self._tell("not_stored", why)

    def as_json(self, segment: str | None) -> dict[str, Any]:
        """Return what the file holds."""
        return {
            "name": self._name, "pid": os.getpid(), "started_at": _iso(self._started_at),
            "written_at": _iso(self._clock()), "segment": segment, "totals": dict(self.totals),
            "pages": {page_id: dict(page) for page_id, page in self.pages.items()},
            "failing_since": self.failing_since and _iso(self.failing_since), "last_failure": self.last_failure,
        }  # fmt: skip

    def write(self, numbers: dict[str, Any]) -> None:
        """Put the numbers of `as_json` into the file, in any thread. A disk that has no room keeps the old ones."""
        part = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(numbers), encoding="utf-8")
            part.replace(self._path)
        except OSError as error:
            _log.warning("The receiver's counts could not be written: %s.", error.strerror)

    def _tell(self, kind: str, why: str) -> None:
        now = time.monotonic()
        self._untold[kind] += 1
        if now - self._told.get(kind, -_QUIET_SECONDS) >= _QUIET_SECONDS:
            _log.warning("%s (%s: %d since this was last told)", why, kind, self._untold.pop(kind))
            self._told[kind] = now


def _iso(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='milliseconds')}Z"
