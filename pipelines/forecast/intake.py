"""Opt-ins to come: a Page's total by library (weekly rhythm, holidays, damped trend), shared out among its topics.

Topics of one Page and kind add up to its total on every path: each takes a share that wanders, so a thin topic borrows
level, rhythm and trend from the whole, and its own counts say only how large its part is.
"""

import warnings
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipelines.forecast.history import Days

Flags = npt.NDArray[np.float64]
WEEK = 7
MIN_WEEKS_OF_RHYTHM = 6
MIN_WEEKS_OF_TREND = 12
LEAST_OF_TREND = 10
"""Opt-ins a week, on average: of fewer no trend is told, only a level."""
_MEMORIES = np.array([0.5, 0.65, 0.8, 0.88, 0.94, 0.97, 0.985])
"""What a topic's share remembers of itself after a week: tried on its past, the best kept."""
_POOLED_WEIGHT = 0.5
"""How much the other topics of the Page weigh when a topic's memory is chosen."""
_WIDEST_STEP = 0.25
_LEAST_ALPHA = 0.2
"""A level that never moves (the fit of a calm year) would miss a topic that begins."""
_MOST_DAMPING = 0.94
_FARTHEST = 1.5
"""A total is never foreseen to move by more than this on the logarithmic scale: four and a half times as many."""
_KNOT_DAYS = 28


@dataclass(frozen=True, slots=True)
class Total:
    """The weekly total of a Page and kind on the logarithmic scale, rhythm taken out, as its last week left it."""

    level: float
    trend: float
    damping: float
    alpha: float
    beta: float
    sigma: float
    noise: float
    """Spread of a week around its level that counting alone does not explain."""


@dataclass(frozen=True, slots=True)
class Intake:
    """The opt-ins of one Page and kind, fitted. Rows are its topics, in their order."""

    total: Total
    rhythm: npt.NDArray[np.float64] = field(repr=False)
    """Factor of each day ahead, from day 0 on; 1 is a usual day."""
    share: npt.NDArray[np.float64] = field(repr=False)
    doubt: npt.NDArray[np.float64] = field(repr=False)
    """Variance of the logarithm of a topic's share as known now."""
    step: npt.NDArray[np.float64] = field(repr=False)
    """Variance that a week adds to it."""
    last_week: Days = field(repr=False)
    """Opt-ins of the last seven days, in their order."""
    repeats: npt.NDArray[np.bool_] = field(repr=False)
    """Topics that are foreseen better by their last week than by the model: for them it is repeated."""
    burst: float
    """Variance of a topic's day around its expectation, beyond counting, relative to its square."""


def fit_intake(gained: Days, weekday: int, holidays: Flags, ahead: int) -> Intake:
    """Fit the opt-ins of one Page and kind.

    `gained` has a row a topic and a column a whole day; `weekday` is that of the first (Monday 0); `holidays` marks
    days from the first to `ahead` days after the last.
    """
    total = gained.sum(axis=0)
    rhythm = fit_rhythm(total, weekday, holidays)
    days = len(total)
    weekly = _weeks(gained)
    calm = _weeks((rhythm[:days])[None, :])[0]
    share, doubt, step = _fit_shares(weekly)
    expected = _expected(gained, rhythm[:days])
    return Intake(
        total=_fit_total(weekly.sum(axis=0), calm),
        rhythm=rhythm[days : days + ahead],
        share=share,
        doubt=doubt,
        step=step,
        last_week=_last_week(gained),
        repeats=np.zeros(len(gained), dtype=bool),
        burst=_burst(gained, expected),
    )


def draw_weeks(intake: Intake, paths: int, days: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw what each week ahead may be expected to bring, shape (topics, paths, weeks), rhythm taken out."""
    weeks, topics = -(-days // WEEK), len(intake.share)
    level = _wander(intake.total, paths, weeks, rng)
    steps = rng.standard_normal((topics, paths, weeks)) * np.sqrt(intake.step)[:, None, None]
    steps[:, :, 0] += rng.standard_normal((topics, paths)) * np.sqrt(intake.doubt)[:, None]
    own = np.exp(np.cumsum(steps, axis=2))
    part = intake.share[:, None, None] * own
    whole = part.sum(axis=0, keepdims=True)
    weekly = level[None] * part / np.where(whole > 0, whole, 1)
    return np.where(intake.repeats[:, None, None], intake.last_week.sum(axis=1)[:, None, None] * own, weekly)


def draw_days(
    intake: Intake, rows: slice, weekly: npt.NDArray[np.float64], days: int, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Draw the opt-ins of some topics by path and day: whole numbers of shape (topics, paths, days)."""
    last_week = intake.last_week[rows]
    own = last_week * WEEK / np.maximum(last_week.sum(axis=1, keepdims=True), 1e-9)
    weeks = -(-days // WEEK)
    rhythm = np.where(intake.repeats[rows, None], np.tile(own, weeks)[:, :days], intake.rhythm[None, :days])
    daily = np.repeat(weekly[rows], WEEK, axis=2)[:, :, :days] * rhythm[:, None, :] / WEEK
    if intake.burst > 0:
        daily = daily * rng.gamma(1 / intake.burst, intake.burst, daily.shape)
    drawn: npt.NDArray[np.float64] = rng.poisson(np.minimum(daily, 1e9)).astype(float)
    return drawn


def fit_rhythm(total: npt.NDArray[np.float64], weekday: int, holidays: Flags) -> npt.NDArray[np.float64]:
    """Factors of each day by weekday and holiday, from the first day of the history to the last one marked ahead.

    A Poisson regression beside a smooth level; each effect is drawn towards none by what it is uncertain.
    """
    import statsmodels.api as sm

    days, every = len(total), len(holidays)
    factors = np.ones(every)
    if days < MIN_WEEKS_OF_RHYTHM * WEEK or total.sum() < 10 * WEEK:
        return factors
    effects = np.column_stack([_weekday_columns(weekday, every), holidays])
    used = np.ptp(effects[:days], axis=0) > 0
    used[-1] &= holidays[:days].sum() >= 2
    design = np.column_stack([_level_columns(days), effects[:days, used]])
    size = int(used.sum())
    # One day of a thousand times as many would be taken for a rhythm, and can break the fit.
    tamed = np.minimum(total, 10 * max(float(np.median(total[total > 0])), 1.0))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a level of no opt-ins has no finite logarithm; such effects are dropped
            fitted = sm.GLM(tamed, design, family=sm.families.Poisson()).fit(scale="X2", maxiter=50)
        found, error = np.asarray(fitted.params)[-size:], np.asarray(fitted.bse)[-size:]
    except (ValueError, np.linalg.LinAlgError):  # no estimate is possible
        return factors
    if not (np.isfinite(found).all() and np.isfinite(error).all()):
        return factors
    certain = np.clip(1 - (error / np.where(found == 0, np.inf, found)) ** 2, 0, 1)
    factors = np.exp(np.clip(effects[:, used] @ (found * certain), -3, 3))
    even: npt.NDArray[np.float64] = factors / factors[:days].mean()
    return even


def _weekday_columns(weekday: int, days: int) -> npt.NDArray[np.float64]:
    """Six columns whose effects add up to none over the week."""
    day = (weekday + np.arange(days)) % WEEK
    columns = np.zeros((days, WEEK - 1))
    for each in range(WEEK - 1):
        columns[:, each] = (day == each).astype(float) - (day == WEEK - 1)
    return columns


def _level_columns(days: int) -> npt.NDArray[np.float64]:
    """Tent functions every four weeks: a level that moves by straight lines between them."""
    knots = np.linspace(0, days - 1, max(2, days // _KNOT_DAYS + 1))
    distance = np.abs(np.arange(days)[:, None] - knots) / (knots[1] - knots[0])
    tents: npt.NDArray[np.float64] = np.clip(1 - distance, 0, None)
    return tents


def _last_week(gained: Days) -> Days:
    """Return the last seven days; days before the history began brought nothing."""
    return np.pad(gained, ((0, 0), (WEEK, 0)))[:, -WEEK:]


def _weeks(daily: Days) -> Days:
    """Sums of whole weeks, the last of which ends with the last day; days before the first whole week are left out."""
    weeks = daily.shape[1] // WEEK
    cut = daily[:, daily.shape[1] - weeks * WEEK :]
    summed: Days = cut.reshape(len(daily), weeks, WEEK).sum(axis=2)
    return summed


def _fit_total(weekly: npt.NDArray[np.float64], calm: npt.NDArray[np.float64]) -> Total:
    """Fit the level and the damped trend of a Page's weeks."""
    if not len(weekly):
        return Total(float(np.log(0.1)), 0, 1, 0.3, 0, 0.5, 0.5)
    first = int(np.argmax(weekly > 0))
    logs = np.log(np.maximum(weekly[first:] * WEEK / calm[first:], 0) + 0.5)
    mean_count = max(float(weekly[-8:].mean()), 0.5)
    if len(logs) < MIN_WEEKS_OF_TREND or weekly[first:].mean() < LEAST_OF_TREND:
        sigma = max(float(np.std(np.diff(logs))) / np.sqrt(2) if len(logs) > 2 else 0.5, 1 / np.sqrt(mean_count), 0.1)
        level = np.log(max(weekly[-8:].mean(), 0.02))
        return Total(float(level), 0, 1, 0.25, 0, sigma, _beyond_counting(sigma, mean_count))
    return _fit_trend(logs, mean_count)


def _fit_trend(logs: npt.NDArray[np.float64], mean_count: float) -> Total:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an optimiser that stops early still leaves usable smoothing
        model = ETSModel(
            logs,
            error="add",
            trend="add",
            damped_trend=True,
            initialization_method="estimated",
            bounds={"smoothing_level": (_LEAST_ALPHA, 0.98), "damping_trend": (0.8, _MOST_DAMPING)},
        )
        fitted = model.fit(disp=False, maxiter=200)
    named = dict(zip(fitted.param_names, fitted.params, strict=True))
    sigma = float(np.sqrt(max(fitted.mse, 1e-6)))
    return Total(
        level=float(np.asarray(fitted.level)[-1]),
        trend=float(np.asarray(fitted.slope)[-1]),
        damping=float(named["damping_trend"]),
        alpha=float(named["smoothing_level"]),
        beta=float(named["smoothing_trend"]),
        sigma=sigma,
        noise=_beyond_counting(sigma, mean_count),
    )


def _beyond_counting(sigma: float, mean_count: float) -> float:
    """What of a spread on the logarithmic scale remains once the chance of counting is taken out."""
    return float(np.sqrt(max(sigma**2 - 1 / mean_count, 0)))


def _wander(total: Total, paths: int, weeks: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw weekly totals, shape (paths, weeks), by the recursion of exponential smoothing with a damped trend."""
    level, trend = np.full(paths, total.level), np.full(paths, total.trend)
    drawn = np.empty((paths, weeks))
    for week in range(weeks):
        error = rng.standard_normal(paths)
        expected = np.clip(level + total.damping * trend, total.level - _FARTHEST, total.level + _FARTHEST)
        drawn[:, week] = expected + total.noise * error
        level = expected + total.alpha * total.sigma * error
        trend = total.damping * trend + total.beta * total.sigma * error
    return np.exp(np.minimum(drawn, 20))


def _fit_shares(weekly: Days) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Follow each topic's share of the total with each memory, and keep the one that foresaw its weeks best."""
    from scipy.special import gammaln

    topics, weeks = weekly.shape
    total = weekly.sum(axis=0)
    even = 1 / max(topics, 1)
    score = np.zeros((len(_MEMORIES), topics))
    seen = np.full((len(_MEMORIES), topics), 0.25 * even)
    asked = np.full((len(_MEMORIES), topics), 0.25)
    begun = np.zeros(topics, dtype=bool)
    for week in range(weeks):
        count = weekly[:, week]
        begins = ~begun & (count > 0)
        # A topic is judged from its second week on; what came before it began says nothing about it.
        shape, odds = seen + 0.1, total[week] / (asked + 1e-9)
        chance = (
            gammaln(shape + count)
            - gammaln(shape)
            - gammaln(count + 1)
            - shape * np.log1p(odds)
            + np.where(count > 0, count * (np.log(np.maximum(odds, 1e-12)) - np.log1p(odds)), 0)
        )
        score += np.where(begun, chance, 0)
        kept = _MEMORIES[:, None]
        seen = np.where(begun, kept * seen + count, np.where(begins, count, seen))
        asked = np.where(begun, kept * asked + total[week], np.where(begins, total[week], asked))
        begun |= begins
    best = np.argmax(score + _POOLED_WEIGHT * score.sum(axis=1, keepdims=True) / max(topics, 1), axis=0)
    memory, row = _MEMORIES[best], np.arange(topics)
    share = (seen[best, row] + 0.02 * even) / (asked[best, row] + 0.02)
    share = np.where(begun, share, 0)
    mean_count = np.maximum(share * max(float(total[-8:].mean()) if weeks else 0.0, 0.1), 0.02)
    step = np.minimum((1 - memory) ** 2 / (memory * mean_count), _WIDEST_STEP)
    doubt = np.minimum(1 / (seen[best, row] + 0.5), 1.0)
    return share / max(share.sum(), 1e-12), doubt, step


def _expected(gained: Days, rhythm: npt.NDArray[np.float64]) -> Days:
    """What each topic's day would bring by its own surroundings: a mean of five weeks, with the rhythm."""
    from scipy.ndimage import uniform_filter1d

    days = gained.shape[1]
    if not days:
        return gained
    expected: Days = uniform_filter1d(gained, min(5 * WEEK, days), axis=1, mode="nearest") * rhythm
    return expected


def _burst(gained: Days, expected: Days) -> float:
    """How much more than by chance of counting a topic's days scatter, relative to the square of what was expected."""
    squares = float((expected**2).sum())
    if squares <= 0:
        return 0.0
    return float(np.clip((((gained - expected) ** 2).sum() - expected.sum()) / squares, 0, 3))
