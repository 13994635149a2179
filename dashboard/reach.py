"""Whom a Page may reach, now and, as long as nothing new is loaded, at any later moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import pandas as pd

from dashboard.scope import Lanes


@dataclass(frozen=True, slots=True)
class Reach:
    """People by the best lane open to them; a person counts once per Page."""

    contacts: int
    window: int
    token: int
    human_agent: int

    @property
    def reachable(self) -> int:
        """People whom a broadcast may reach: by window or by token."""
        return self.window + self.token

    @property
    def none(self) -> int:
        """People whom no lane reaches."""
        return self.contacts - self.reachable - self.human_agent


@dataclass(frozen=True, slots=True)
class ReachAhead:
    """What tells the reach at any minute of the HOURS after `from_at`, without asking for it again.

    Between two loads windows only close and tokens only expire. `held`: minute (None: later) and count_people who lose
    their last token in it. `lately`: for each person who wrote lately closes_at of the window and ends_at of
    the last token.
    """

    HOURS: ClassVar[int] = 48

    from_at: datetime
    lanes: Lanes
    contacts: int
    held: pd.DataFrame
    lately: pd.DataFrame

    def covers(self, moment: datetime) -> bool:
        """Whether `at` may be asked for a moment."""
        return self.from_at <= moment <= self.from_at + timedelta(hours=self.HOURS) and not moment.second

    def at(self, moment: datetime) -> Reach:
        """Return the reach at a whole minute."""
        minutes, counts = self.held["minute"], self.held["count_people"]
        holders = int(counts[minutes.isna() | (minutes >= moment)].sum())
        is_open, has_token = self.lately["closes_at"] > moment, self.lately["ends_at"] > moment
        answerable = moment - timedelta(days=self.lanes.human_agent_days) + timedelta(hours=self.lanes.window_hours)
        by_hand = ~is_open & ~has_token & (self.lately["closes_at"] > answerable)
        count_open = int(is_open.sum())
        return Reach(self.contacts, count_open, holders - int((is_open & has_token).sum()), int(by_hand.sum()))
