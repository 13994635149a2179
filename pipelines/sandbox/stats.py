"""What was asked and answered, Page by Page, and how near to the limits that is."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from pipelines.sandbox.moments import DAY, MINUTE


@dataclass(slots=True)
class PageStats:
    """The calls of one Page."""

    requests: int = 0
    accepted: int = 0
    lanes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    highest_in_a_second: int = 0
    _recent: deque[float] = field(default_factory=deque)
    _minutes: deque[list[int]] = field(default_factory=deque)
    calls_today: int = 0
    """Calls of any kind within 24 hours."""

    def arrived(self, monotonic: float) -> int:
        """Count a message request as it arrives; return how many arrived within the last second, this one included."""
        self.requests += 1
        recent = self._recent
        recent.append(monotonic)
        while recent[0] <= monotonic - 1:
            recent.popleft()
        self.highest_in_a_second = max(self.highest_in_a_second, len(recent))
        return len(recent)

    def called(self, at: int) -> int:
        """Count a call of any kind; return how many there were in the 24 hours before."""
        minute = at // MINUTE
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append([minute, 0])
        self._minutes[-1][1] += 1
        self.calls_today += 1
        while self._minutes[0][0] <= minute - DAY // MINUTE:
            self.calls_today -= self._minutes.popleft()[1]
        return self.calls_today

    def minutes_to_wait(self, limit: float, at: int) -> int:
        """Return after how many minutes the calls of 24 hours are below a limit again."""
        calls, now = self.calls_today, at // MINUTE
        for minute, count in self._minutes:
            if calls < limit:
                break
            calls -= count
            now = max(now, minute + DAY // MINUTE + 1)
        return now - at // MINUTE

    def as_json(self) -> dict[str, Any]:
        """Return the numbers for /sandbox/stats."""
        return {
            "requests": self.requests,
            "accepted": self.accepted,
            "lanes": dict(self.lanes),
            "refused": dict(self.refused),
            "highest_in_a_second": self.highest_in_a_second,
        }


class Stats:
    """The numbers of all Pages."""

    def __init__(self) -> None:
        self.pages: dict[str, PageStats] = {}
        self.faults: Counter[str] = Counter()

    def page(self, page_id: str) -> PageStats:
        """Return the numbers of a Page, none yet if it was not called before."""
        found = self.pages.get(page_id)
        if found is None:
            found = self.pages[page_id] = PageStats()
        return found

    def as_json(self) -> dict[str, Any]:
        """Return all numbers for /sandbox/stats."""
        refused: Counter[str] = Counter()
        for page in self.pages.values():
            refused.update(page.refused)
        return {
            "requests": sum(page.requests for page in self.pages.values()),
            "accepted": sum(page.accepted for page in self.pages.values()),
            "refused": dict(refused),
            "faults": dict(self.faults),
            "pages": {page_id: page.as_json() for page_id, page in self.pages.items()},
        }
