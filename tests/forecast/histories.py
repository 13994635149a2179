"""Token histories of known shapes, written straight into a warehouse's models: what a forecast is measured on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from pipelines.statements import statements
from pipelines.warehouse import Warehouse
from tests.synthetic import count_days

Shape = Literal["growing", "seasonal", "bursts"]
SHAPES: tuple[Shape, ...] = ("growing", "seasonal", "bursts")
PAGE = "108444444444444"
LIFETIME_DAYS = 365
_WEEKDAYS = np.array([1.05, 1.0, 0.95, 1.0, 1.1, 1.2, 0.7])


@dataclass(frozen=True, slots=True)
class Drawn:
    """The days of one history: gains and spends by topic and day, as they were drawn."""

    ends_at: datetime
    gained: np.ndarray
    spent: np.ndarray


def write_history(
    warehouse: Warehouse,
    shape: Shape,
    ends_at: datetime,
    *,
    topics: int = 20,
    days: int = 430,
    a_day: float = 60.0,
    seed: int = 1,
) -> Drawn:
    """Fill token_spans, token_daily and sources with a history of one Page that ends at midnight `ends_at`.

    `a_day` is the opt-ins of an average day over all topics; the topics are of very different sizes.
    """
    rng = np.random.default_rng([seed, SHAPES.index(shape)])
    sizes = 1 / (np.arange(topics) + 1.5)
    rate = a_day * sizes / sizes.sum()
    first = ends_at - timedelta(days=days)
    rhythm = _WEEKDAYS[(first.weekday() + np.arange(days)) % 7] * _season(shape, rng, days)
    wander = np.exp(np.cumsum(rng.normal(0, 0.012, (topics, days)), axis=1))
    noise = rng.gamma(8, 1 / 8, (1, days)) * rng.gamma(12, 1 / 12, (topics, days))
    gained = rng.poisson(rate[:, None] * rhythm * wander * noise * _adverts(shape, rng, topics, days))
    rows, spent = _lives(rng, gained, _campaigns(shape, rng, topics, days))
    _insert(warehouse, rows, first, ends_at)
    return Drawn(ends_at, gained, spent)


def _season(shape: Shape, rng: np.random.Generator, days: int) -> np.ndarray:
    day = np.arange(days)
    if shape == "growing":
        return np.exp(1.3 * (day / days - 0.5))
    if shape == "seasonal":
        return 1 + 0.55 * np.sin(2 * np.pi * (day / 365 + rng.uniform()))
    return np.ones(days)


def _adverts(shape: Shape, rng: np.random.Generator, topics: int, days: int) -> np.ndarray:
    """Days on which an advert brings several times the usual opt-ins."""
    factor = np.ones((topics, days))
    if shape == "bursts":
        for topic in range(topics):
            for start in rng.choice(days, size=days // 45, replace=False):
                factor[topic, start : start + rng.integers(2, 8)] *= rng.uniform(2, 5)
    return factor


def _campaigns(shape: Shape, rng: np.random.Generator, topics: int, days: int) -> np.ndarray:
    """The share of the tokens held that is spent on each day, by topic; 0 on most days."""
    share = np.zeros((topics, days))
    for topic in range(topics):
        gap, size = rng.uniform(18, 50), rng.uniform(0.1, 0.35)
        if shape == "seasonal" and topic % 4 == 0:
            gap, size = 1.8, 0.015
        if shape == "bursts":
            gap, size = rng.uniform(40, 80), rng.uniform(0.45, 0.85)
        day = rng.uniform(5, 5 + gap)
        while day < days:
            share[topic, int(day)] = np.clip(size * rng.lognormal(0, 0.25), 0, 0.95)
            day += max(1.0, gap * rng.lognormal(0, 0.3))
    return share


def _lives(rng: np.random.Generator, gained: np.ndarray, share: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Give each token its opt-in and its end: a send takes its share of those held, of whatever age."""
    spent = np.zeros(gained.shape, dtype=int)
    parts = []
    for topic, of_topic in enumerate(gained):
        given = np.repeat(np.arange(len(of_topic)), of_topic) + rng.uniform(0, 0.999, of_topic.sum())
        used = np.full(len(given), np.inf)
        for day in np.flatnonzero(share[topic]):
            held = np.flatnonzero((given < day) & (used == np.inf) & (given + LIFETIME_DAYS > day + 0.6))
            picked = rng.choice(held, size=round(share[topic, day] * len(held)), replace=False)
            used[picked] = day + 0.5
            spent[topic, day] = len(picked)
        parts.append(pd.DataFrame({"topic": f"topic {topic:03d}", "given": given, "used": used}))
    return pd.concat(parts, ignore_index=True), spent


def _insert(warehouse: Warehouse, rows: pd.DataFrame, first: datetime, ends_at: datetime) -> None:
    def moments(days: pd.Series) -> pd.Series:
        return pd.Timestamp(first) + pd.to_timedelta((days * 86_400).round(), unit="s")

    given = moments(rows["given"])
    made = rows.assign(
        number=range(len(rows)),
        given=given,
        used=moments(rows["used"].replace(np.inf, np.nan)),
        ends=given + pd.Timedelta(days=LIFETIME_DAYS),
    )
    cursor = warehouse.cursor()
    cursor.register("made", made)
    values = {"page": PAGE, "first": first, "last": ends_at - timedelta(minutes=5)}
    for statement in statements(Path(__file__).with_suffix(".sql")).values():
        cursor.execute(statement, {name: value for name, value in values.items() if f"${name}" in statement})
    cursor.unregister("made")
    count_days(cursor)
