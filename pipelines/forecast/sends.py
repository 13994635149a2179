"""Sends to come: on which days a topic's tokens are spent, and how large a share of those held.

Broadcasts come in bursts, so a daily mean says nothing: the time from one send day to the next is fitted by a survival
library, the last, still open stretch as censored; a topic with few sends leans on those of its Page.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from pipelines.forecast.history import Days

MAX_GAP = 400
"""Days without a send after which the chance of one changes no more."""
_PRIOR_GAPS, _PRIOR_SIZES = 2.0, 2.0
"""How many sends of its own a topic needs to weigh as much as its Page."""
_LEAST_SPREAD, _WIDEST_SPREAD = 0.15, 1.5
_WEEK = 7

Row = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sends:
    """The sends of one Page and kind, fitted. Rows are its topics, in their order."""

    gap_location: Row = field(repr=False)
    """Mean logarithm of the days between two send days."""
    gap_spread: float
    elapsed: npt.NDArray[np.int64] = field(repr=False)
    """Days since the last send day, as day 0 begins."""
    size_location: Row = field(repr=False)
    """Mean log-odds of the share of the held tokens that a send day spends."""
    size_spread: float
    weekday: Row = field(repr=False)
    """Factor of the chance of a send by weekday, Monday first."""
    happens: bool
    """False where nothing was ever sent: then nothing is foreseen."""
    fixed: Days = field(repr=False)
    """Tokens that a topic spends on each day of a week from day 0 on, instead of all this; NaN where it does not."""

    def part(self, rows: slice | list[int]) -> "Sends":
        """Return the sends of some of the topics."""
        return replace(
            self,
            gap_location=self.gap_location[rows],
            elapsed=self.elapsed[rows],
            size_location=self.size_location[rows],
            fixed=self.fixed[rows],
        )


def fit_sends(spent: Days, held: Days, weekday: int) -> Sends:
    """Fit the sends of one Page and kind. Rows are topics, columns whole days; `weekday` is that of the first."""
    topics = len(spent)
    on = spent > 0
    gaps = [np.diff(np.flatnonzero(row)) for row in on]
    elapsed = np.array([_elapsed(on[each], held[each]) for each in range(topics)], dtype=np.int64)
    fixed = np.full((topics, _WEEK), np.nan)
    if not on.any():
        nothing = np.zeros(topics)
        return Sends(nothing, 1.0, elapsed, nothing, 1.0, np.ones(_WEEK), happens=False, fixed=fixed)
    location, spread = _fit_gaps(gaps, elapsed, held)
    size_location, size_spread = _fit_sizes(spent, np.maximum(held, spent), on)
    return Sends(
        location, spread, elapsed, size_location, size_spread, _weekdays(on, weekday), happens=True, fixed=fixed
    )


def send_chances(sends: Sends) -> npt.NDArray[np.float64]:
    """Chance of a send on a day by topic and days since the last one (column 0: the day after a send day)."""
    from scipy.special import ndtr

    edges = np.log(np.arange(MAX_GAP + 2, dtype=float) + 0.5)
    survival = ndtr(-(edges[None, :] - sends.gap_location[:, None]) / sends.gap_spread)
    chances: npt.NDArray[np.float64] = 1 - survival[:, 1:] / np.maximum(survival[:, :-1], 1e-12)
    return np.clip(chances, 0, 1) * sends.happens


def _elapsed(on: npt.NDArray[np.bool_], held: Row) -> int:
    """Days since the last send day; where there was none, since tokens were first held."""
    sent = np.flatnonzero(on)
    begun = np.flatnonzero(held > 0)
    last = sent[-1] if len(sent) else (begun[0] if len(begun) else len(on) - 1)
    return int(min(len(on) - 1 - last, MAX_GAP))


def _fit_gaps(gaps: list[npt.NDArray[np.int64]], elapsed: npt.NDArray[np.int64], held: Days) -> tuple[Row, float]:
    """Location by topic and common spread of the logarithm of gaps, each topic drawn towards the Page."""
    count = np.array([len(each) for each in gaps])
    logs = [np.log(each) for each in gaps]
    if count.sum() < 2:
        # One send day, or none twice: nothing is known but that such a stretch has passed.
        usual = float(np.log(max(float(np.median(elapsed[held[:, -1] > 0])) if (held[:, -1] > 0).any() else 30.0, 7.0)))
        return np.full(len(gaps), usual), 0.8
    page = float(np.mean([each.mean() for each in logs if len(each)]))
    own = np.array([each.sum() for each in logs])
    location = (own + _PRIOR_GAPS * page) / (count + _PRIOR_GAPS)
    scaled = np.concatenate([each - location[topic] for topic, each in enumerate(logs)])
    open_ones = np.log(np.maximum(elapsed, 1)) - location
    spread, shift = _lognormal(scaled, open_ones[count > 0])
    return location + shift, spread


def _lognormal(scaled: Row, still_open: Row) -> tuple[float, float]:
    """Spread and shift of logarithms of gaps around their topic's location, the open ones as censored."""
    from lifelines import LogNormalFitter

    durations = np.exp(np.concatenate([scaled, still_open]))
    ended = np.concatenate([np.ones(len(scaled)), np.zeros(len(still_open))])
    if np.ptp(scaled) < 1e-6 or len(scaled) < 4:
        return 0.5, 0.0
    fitted = LogNormalFitter().fit(durations, ended)
    return float(np.clip(fitted.sigma_, _LEAST_SPREAD, _WIDEST_SPREAD)), float(np.clip(fitted.mu_, -1, 1))


def _fit_sizes(spent: Days, held: Days, on: npt.NDArray[np.bool_]) -> tuple[Row, float]:
    """Location by topic and common spread of the log-odds of the share that a send day spends."""
    share = np.clip(spent / np.maximum(held, 1), 0.0005, 0.98)
    odds = np.where(on, np.log(share / (1 - share)), 0)
    count = on.sum(axis=1)
    own = odds.sum(axis=1)
    page = float((own[count > 0] / count[count > 0]).mean())
    location = (own + _PRIOR_SIZES * page) / (count + _PRIOR_SIZES)
    left = np.where(on, odds - location[:, None], 0)
    freedom = max(count.sum() - (count > 0).sum() / 2, 1)
    return location, float(np.clip(np.sqrt((left**2).sum() / freedom), _LEAST_SPREAD, _WIDEST_SPREAD))


def _weekdays(on: npt.NDArray[np.bool_], weekday: int) -> Row:
    """Factor of each weekday among all send days of the Page, drawn towards even."""
    day = (weekday + np.arange(on.shape[1])) % _WEEK
    counts = np.bincount(day, weights=on.sum(axis=0), minlength=_WEEK)
    prior = 4.0
    factor: Row = (counts + prior) / (counts.sum() / _WEEK + prior)
    even: Row = factor / factor.mean()
    return even
