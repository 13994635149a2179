"""What a page looks at: a moment, a Page, filters, and the policy's figures for that moment."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a page looks at. as_of is naive UTC; an empty tuple or None means all."""

    as_of: datetime
    page_id: str | None = None
    topics: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()

    def values(self) -> Values:
        """Return the $parameters that every query may use."""
        lists = {"topics": self.topics, "kinds": self.kinds, "states": self.states}
        return {"as_of": self.as_of, "page_id": self.page_id} | {key: list(of) or None for key, of in lists.items()}


@dataclass(frozen=True, slots=True)
class Lanes:
    """The policy's figures that the reach needs: how long a window lasts, and how long a human agent may answer."""

    window_hours: int
    human_agent_days: int

    def values(self) -> Values:
        """Return them as $parameters."""
        return {"window_hours": self.window_hours, "human_agent_days": self.human_agent_days}


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds in days (UTC) on a token's age and on its time left: at least from, less than to; None is no bound."""

    age_from: int | None = None
    age_to: int | None = None
    left_from: int | None = None
    left_to: int | None = None

    def values(self) -> Values:
        """Return them as $parameters."""
        return {name: getattr(self, name) for name in ("age_from", "age_to", "left_from", "left_to")}


def week_before(scope: Scope) -> Scope:
    """Return the scope as it was at the end of the day (UTC) a week before: what every "since" compares with."""
    return replace(scope, as_of=end_of_day(scope.as_of.date() - timedelta(days=7)))


def end_of_day(day: date) -> datetime:
    """Return the last moment of a UTC day, naive."""
    return datetime.combine(day, datetime.max.time())
