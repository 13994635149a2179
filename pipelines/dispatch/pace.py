"""How fast one Page may send: never more than its rate in any second, counted where the requests arrive.

Nobody sees an arrival. It lies somewhere between departure and answer, so a request holds one of `rate` slots from its
departure until a second after its answer. If one request too many could arrive within a second, the first of them would
have been answered less than a second before the last one left, and would still hold its slot.

Times are seconds of a monotonic clock, handed in.
"""

import math
from collections import deque
from datetime import datetime

from pipelines.errors import UsageError
from pipelines.policy import Policy

HOLD_S = 1.01
"""How long a slot is held after its answer: a second, and a little for clocks that do not run alike."""

FIRST_WAIT_S = 60.0
"""How long a Page rests where Meta does not tell: Meta tells whole minutes, and this is the shortest."""

LONGEST_WAIT_S = 3600.0
"""Doubling ends here: Meta counts most allowances by the hour."""

SLOWEST = 0.1
"""The part of the rate that is left just below the percentage at which sending pauses."""


def rate_of(policy: Policy, as_of: datetime, wanted: int = 0) -> int:
    """Return the messages a second that a Page may send; 0 wanted is the default.

    Raises UsageError above the ceiling.
    """
    ceiling = int(policy.rule("rate.send.ceiling", as_of).value)
    if not 0 <= wanted <= ceiling:
        raise UsageError(f"A Page may send 1 to {ceiling} messages a second, not {wanted}. Set its rate within that.")
    return wanted or min(ceiling, int(policy.rule("rate.send.default", as_of).value))


class Pace:
    """The pace of one Page.

    Ask `next_in` before each request; 0 means go, and then call `leave` at once. After each answer, or once none will
    come, call `answered`; after a real answer also `slow`, with what it said of usage (nothing said is 0 and 0), and
    `throttled` where it refused for a limit.
    """

    def __init__(self, rate: int, pause_percent: float) -> None:
        """`rate` is messages a second, from `rate_of`; `pause_percent` is the rule `rate.pause.percent`."""
        self._rate = rate
        self._pause_percent = pause_percent
        self._allowed = rate
        self._in_flight = 0
        self._held_until: deque[float] = deque()  # by those answered within the last second
        self._closed_until = -math.inf
        self._is_probing = False
        self._last_wait_s = 0.0

    @classmethod
    def by(cls, policy: Policy, as_of: datetime, wanted: int = 0) -> "Pace":
        """Make a pace as the rule book wants it at that moment."""
        return cls(rate_of(policy, as_of, wanted), float(policy.rule("rate.pause.percent", as_of).value))

    def next_in(self, now: float) -> float:
        """Return the seconds until a request may leave; inf means not before the next answer."""
        if now < self._closed_until:
            return self._closed_until - now
        while self._held_until and self._held_until[0] <= now:
            self._held_until.popleft()
        if self._is_probing and self._in_flight:
            return math.inf
        if self._in_flight >= self._allowed:
            return math.inf
        too_many = self._in_flight + len(self._held_until) - self._allowed
        return 0.0 if too_many < 0 else self._held_until[too_many] - now

    def leave(self, now: float) -> None:
        """A request leaves. Only right after `next_in` said 0 for the same moment."""
        if self.next_in(now) > 0:
            msg = "a request left before its time"
            raise RuntimeError(msg)
        self._in_flight += 1

    def answered(self, now: float) -> None:
        """One of the requests was answered, or never will be."""
        self._in_flight -= 1
        self._held_until.append(now + HOLD_S)

    def slow(self, percent: float, regain_s: float, now: float) -> None:
        """Heed what an answer said of usage.

        Full speed up to half of the percentage at which sending pauses; from there down to a tenth, in a straight line
        (never below one a second). At that percentage, or while access is to be regained, nothing leaves; then one
        request at a time until an answer says better.
        """
        if percent >= self._pause_percent or regain_s > 0:
            self._close(now + (regain_s or FIRST_WAIT_S))
        elif now >= self._closed_until:  # an older answer than the one that closed says nothing new
            self._is_probing = False
            half = self._pause_percent / 2
            part = 1 - (1 - SLOWEST) * max(0.0, percent - half) / half
            self._allowed = max(1, math.floor(self._rate * part))

    def throttled(self, now: float, wait_s: float | None = None) -> None:
        """Heed a refusal for a limit: nothing leaves for `wait_s`, twice as long each time it happens again.

        Refusals of requests that were on their way already are one and the same time. It is again if it comes before
        the Page has been open for as long as it was closed.
        """
        if now >= self._closed_until:
            is_again = now < self._closed_until + self._last_wait_s
            self._last_wait_s = min(LONGEST_WAIT_S, 2 * self._last_wait_s) if is_again else FIRST_WAIT_S
        self._close(now + max(self._last_wait_s, wait_s or 0.0))

    def _close(self, until: float) -> None:
        self._closed_until = max(self._closed_until, until)
        self._is_probing = True
