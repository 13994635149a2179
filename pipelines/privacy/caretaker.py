"""What the running app has to do for privacy, again and again: one call."""

from datetime import date

from pipelines.privacy.erasing import Clock, ErasingHome, run_asked
from pipelines.privacy.retention import apply_retention


class Caretaker:
    """Erases whoever asked for it; and once a day, and at the start, what is too old."""

    def __init__(self, home: ErasingHome, clock: Clock) -> None:
        self.home, self._clock = home, clock
        self._done_on: date | None = None

    def tend(self) -> None:
        """Do what there is to do, in the thread that loads; next to nothing where there is nothing.

        Raises what the two raise; a day's retention that failed is tried again the next day, or at the next start.
        """
        run_asked(self.home, self._clock)
        today = self._clock().date()
        if self._done_on != today:
            self._done_on = today
            apply_retention(self.home, self._clock)
