"""How the Page is told what happened: webhooks in order of time, into a log segment or to an address."""

import asyncio
import heapq
import json
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from pipelines.sandbox.faults import Faults
from pipelines.sandbox.moments import in_ms
from pipelines.sandbox.people import Planned
from pipelines.sandbox.posting import Poster
from pipelines.sandbox.state import Page, State
from pipelines.sandbox.subscriptions import is_told, note_delivery

_STEP = 0.02  # seconds between two looks at what is due
_LATE = 0.5  # seconds by which a webhook out of order comes late
_as_json = json.JSONEncoder(separators=(",", ":")).encode
_LEARNT = ("reaction", "optin", "message")


class Segment:
    """A log segment of this run: made when the first line comes, named after the start."""

    def __init__(self, folder: Path, started_at: datetime) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"sandbox-{started_at:%Y-%m-%dT%H-%M-%SZ}"
        names = (f"{stem}{'' if number == 1 else f'-{number}'}.jsonl" for number in count(1))
        self.path = next(folder / name for name in names if not (folder / name).exists())

    def write(self, lines: list[bytes]) -> None:
        """Append lines, and hand them to the system."""
        with self.path.open("ab") as file:
            file.write(b"".join(line + b"\n" for line in lines))


class Webhooks:
    """Webhooks to come, in a heap by the time at which they are due."""

    def __init__(self, state: State, to: Segment | Poster, faults: Faults) -> None:
        self._state = state
        self._to = to
        self._faults = faults
        self._heap: list[tuple[float, int, Page, Planned, bool]] = []
        self._numbers = count()
        self.sent = self.lost = self.withheld = 0

    def plan(self, page: Page, planned: Iterable[Planned], now: int) -> None:
        """Put webhooks in line; `now` is the moment, in milliseconds, that their times count from."""
        present = time.monotonic()
        for each in planned:
            self._push(present + (each.at - now) / 1000, page, each, first=True)

    def as_json(self) -> dict[str, int]:
        """Return the numbers for /sandbox/stats; with nothing pending, all are told."""
        in_line = self._to.waiting() if isinstance(self._to, Poster) else 0
        failed = self._to.failed if isinstance(self._to, Poster) else 0
        pending = len(self._heap) + in_line
        told = {"sent": self.sent, "lost": self.lost, "withheld": self.withheld}
        return {**told, "failed": failed, "pending": pending}

    async def run(self, clock: Callable[[], datetime]) -> None:
        """Send what is due, and look how it arrived, until cancelled."""
        while True:
            await asyncio.sleep(_STEP)
            self._look(in_ms(clock()))
            self.send(until=time.monotonic())

    def close(self) -> None:
        """Send all that is in line, due or not."""
        while self._heap:
            self.send(until=float("inf"))
        if isinstance(self._to, Poster):
            self._to.close()

    def send(self, *, until: float) -> None:
        """Send what is due by then."""
        lines: list[bytes] = []
        while self._heap and self._heap[0][0] <= until:
            due, _, page, planned, is_first = heapq.heappop(self._heap)
            delivery = _delivery(page, planned)
            if is_first and _is_learnt(planned.item):
                self._state.learn(delivery, planned.at)
            if is_first and self._faults.strikes("lose_webhooks"):
                self.lost += 1
            elif isinstance(self._to, Poster) and not is_told(page, planned.channel, planned.item):
                self.withheld += 1
            elif is_first and self._faults.strikes("reorder_webhooks"):
                self._push(due + _LATE, page, planned, first=False)
            else:
                lines.append(self._tell(page, planned, delivery))
                if is_first and self._faults.strikes("duplicate_webhooks"):
                    self._push(due + _LATE, page, planned, first=False)
        if lines and isinstance(self._to, Segment):
            self._to.write(lines)

    def _look(self, at: int) -> None:
        """Learn how the attempts since the last look ended."""
        while isinstance(self._to, Poster) and not self._to.outcomes.empty():
            page_id, has_arrived = self._to.outcomes.get()
            note_delivery(self._state.pages[page_id], has_arrived=has_arrived, at=at, book=self._state.book)

    def _tell(self, page: Page, planned: Planned, delivery: dict[str, Any]) -> bytes:
        # Escaped, as the platform signs it: the receiver checks the signature over these very bytes.
        line = _as_json(delivery).encode()
        if isinstance(self._to, Poster):
            sides = (planned.item.get(side) or {} for side in ("sender", "recipient"))
            self._to.put(line, page.page_id, "".join(sorted(str(side.get("id", "")) for side in sides)))
        self.sent += 1
        return line

    def _push(self, due: float, page: Page, planned: Planned, *, first: bool) -> None:
        heapq.heappush(self._heap, (due, next(self._numbers), page, planned, first))


def _delivery(page: Page, planned: Planned) -> dict[str, Any]:
    entry = {"id": page.page_id, "time": planned.at + 20, planned.channel: [planned.item]}
    return {"object": page.object, "entry": [entry]}


def _is_learnt(item: dict[str, Any]) -> bool:
    """Whether the platform learns from its own webhook: what it sent itself it knows already."""
    return any(name in item for name in _LEARNT) and not (item.get("message") or {}).get("is_echo")
