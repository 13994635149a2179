"""How often a piece of work may run that is wanted again and again."""

import time


class Pace:
    """Lets work that is wanted run at most every `rest` seconds, and never for more than a fifth of the time."""

    def __init__(self, rest: float) -> None:
        self._rest = rest
        self._not_before = 0.0
        self._began = 0.0
        self._is_wanted = False

    def want(self) -> None:
        """Say that there is something to do."""
        self._is_wanted = True

    def begin(self) -> bool:
        """Say whether to do it now; if so, it is no longer wanted, and `end` has to be called after it."""
        now = time.monotonic()
        if not self._is_wanted or now < self._not_before:
            return False
        self._is_wanted, self._began = False, now
        return True

    def end(self) -> None:
        """Say that it is done, or failed."""
        now = time.monotonic()
        self._not_before = now + max(self._rest, 4 * (now - self._began))
