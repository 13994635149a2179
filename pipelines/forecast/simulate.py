"""Tokens held, day by day, on many drawn paths: opt-ins come, sends spend, lives end; nothing appears or vanishes.

Tokens of one topic end in the order in which they came (one lifetime, or the day their lane closes). So what has died
by a day needs no account of single tokens: by day t as many have died as the largest surplus, up to then, of tokens
ending over tokens spent from those that end first. What takes its part of every age alike, as stops do, is kept out of
that sum by counting each token in units that shrink with it (`alive`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipelines.forecast.history import Days
from pipelines.forecast.sends import MAX_GAP, Sends, send_chances

Paths = npt.NDArray[np.float64]
"""Shape (topics, paths, days)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A broadcast that is planned: on `day` ahead it spends `share` of the tokens of topic row `topic` then held."""

    topic: int
    day: int
    share: float


@dataclass(frozen=True, slots=True)
class Stock:
    """Where the paths of some topics begin. Rows are topics."""

    held: npt.NDArray[np.float64] = field(repr=False)
    runoff: Days = field(repr=False)
    lifetime_days: npt.NDArray[np.int64] = field(repr=False)
    closes_on: npt.NDArray[np.int64] = field(repr=False)
    """Day ahead from which the lane is closed and no token lives; beyond the horizon: never."""
    stop_chance: npt.NDArray[np.float64] = field(repr=False)
    """Chance that a held token is stopped on a day."""
    order: float
    """Which tokens a send takes: 1 those that end first, 0 any age alike, -1 the newest; between them a mixture."""

    def part(self, rows: slice | list[int]) -> "Stock":
        """Return the stock of some of the topics."""
        return Stock(
            self.held[rows],
            self.runoff[rows],
            self.lifetime_days[rows],
            self.closes_on[rows],
            self.stop_chance[rows],
            self.order,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happens on every path and day; `held` is at the end of the day."""

    gained: Paths
    spent: Paths
    stopped: Paths
    died: Paths
    held: Paths


def simulate(
    stock: Stock, gained: Paths, sends: Sends, weekday: int, rng: np.random.Generator, plans: Sequence[Plan] = ()
) -> Outcome:
    """Run every path through its days. `weekday` is that of day 0, Monday 0. The same `rng` gives the same paths."""
    topics, paths, days = gained.shape
    chances = send_chances(sends)
    elapsed = np.repeat(sends.elapsed[:, None], paths, axis=1)
    planned = {(plan.topic, plan.day): plan.share for plan in plans}
    keep = _Account(stock, topics, paths, days)
    rows = np.arange(topics)[:, None]
    for day in range(days):
        sent = (
            rng.random((topics, paths))
            < chances[rows, np.minimum(elapsed, MAX_GAP)] * sends.weekday[(weekday + day) % 7]
        )
        odds = sends.size_location[:, None] + sends.size_spread * rng.standard_normal((topics, paths))
        share = np.where(sent, 1 / (1 + np.exp(-odds)), 0)
        fixed = sends.fixed[:, day % 7, None]
        share = np.where(np.isnan(fixed), share, np.minimum(fixed / np.maximum(keep.held, 1), 1))
        for (topic, when), size in planned.items():
            if when == day:
                share[topic] = size
        keep.book(day, gained[:, :, day], share, rng)
        elapsed = np.where(share > 0, 0, elapsed + 1)
    return keep.outcome(gained)


class _Account:
    """The account of every path."""

    def __init__(self, stock: Stock, topics: int, paths: int, days: int) -> None:
        self._stock = stock
        self._alive = np.ones((topics, paths))
        self.held = np.repeat(stock.held[:, None], paths, axis=1)
        self._first_spent = np.zeros((topics, paths))
        self._ending = np.zeros((topics, paths))
        self._dead = np.zeros((topics, paths))
        self._came = np.zeros((topics, paths, days))
        self._spent = np.zeros((topics, paths, days))
        self._stopped = np.zeros((topics, paths, days))
        self._died = np.zeros((topics, paths, days))
        self._after = np.zeros((topics, paths, days))

    def book(self, day: int, gained: Paths, share: Paths, rng: np.random.Generator) -> None:
        """Book one day: opt-ins, then the send, then stops, then ends."""
        stock = self._stock
        self._came[:, :, day] = gained / self._alive
        self.held += gained
        spent = np.minimum(np.round(share * self.held), self.held)
        self._first_spent += max(stock.order, 0) * spent / self._alive
        self._thin((1 - abs(stock.order)) * spent)
        self.held -= abs(stock.order) * spent
        if stock.stop_chance.any():
            stopped = np.minimum(rng.poisson(self.held * stock.stop_chance[:, None]), self.held)
            self._thin(stopped)
            self._stopped[:, :, day] = stopped
        self._ending += stock.runoff[:, day, None] + self._ending_of_new(day)
        due = np.maximum(self._ending - self._first_spent - self._dead, 0)
        died = np.minimum(due * self._alive, self.held)
        closing = (stock.closes_on <= day)[:, None]
        died = np.where(closing, self.held, died)
        self._dead += np.where(closing, self.held / self._alive, due)
        self.held -= died
        self._spent[:, :, day], self._died[:, :, day], self._after[:, :, day] = spent, died, self.held

    def _thin(self, gone: Paths) -> None:
        """Take tokens of every age alike."""
        kept = np.where(self.held > 0, 1 - gone / np.maximum(self.held, 1e-9), 1)
        self._alive = np.maximum(self._alive * kept, 1e-6)
        self.held -= gone

    def _ending_of_new(self, day: int) -> Paths:
        """Tokens that came within the horizon and end today."""
        born = day - self._stock.lifetime_days
        ends = np.zeros_like(self.held)
        for topic in np.flatnonzero(born >= 0):
            ends[topic] = self._came[topic, :, born[topic]]
        return ends

    def outcome(self, gained: Paths) -> Outcome:
        return Outcome(gained, self._spent, self._stopped, self._died, self._after)
