"""What the paths say, by topic and by Page: middle and bands by day, dates of running dry, tokens that die unused."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.forecast.backtest import COLUMNS, MEASURES, QUANTILES
from pipelines.forecast.history import Days, History, Row
from pipelines.forecast.simulate import Outcome

DAYS_AHEAD = 182
_DAILY = 28
"""So many days are kept one by one; later ones by the week."""
KEPT = np.array([*range(_DAILY), *range(_DAILY + 6, DAYS_AHEAD, 7)])
"""Days ahead (0: the day of the forecast) whose end the bands are kept for."""
_NEVER = 10_000

Key = tuple[str | None, str | None, str | None]
"""page_id, kind, topic; None stands for all."""


@dataclass(slots=True)
class Totals:
    """Paths summed over topics, by (page_id, kind); None stands for all of them."""

    paths: dict[tuple[str | None, str | None], dict[str, Days]] = field(default_factory=dict)

    def add(self, page_id: str, kind: str, measure: str, summed: Days) -> None:
        """Add the sum over some topics, of shape (paths, days), to all totals that they belong to."""
        for key in ((page_id, kind), (page_id, None), (None, kind), (None, None)):
            measures = self.paths.setdefault(key, {})
            measures[measure] = measures[measure] + summed if measure in measures else summed.copy()

    def bands(self) -> Iterator[pd.DataFrame]:
        """Give the bands of each total."""
        for (page_id, kind), measures in self.paths.items():
            for measure, paths in measures.items():
                yield band_rows([(page_id, kind, None)], measure, paths[None])


def kept_days(outcome: Outcome) -> dict[str, Days]:
    """Return by measure the kept days of all paths: flows summed from the origin on."""
    found = {
        "gained": outcome.gained.cumsum(axis=2)[:, :, KEPT],
        "spent": outcome.spent.cumsum(axis=2)[:, :, KEPT],
        "died": outcome.died.cumsum(axis=2)[:, :, KEPT],
        "held": outcome.held[:, :, KEPT],
    }
    return {measure: found[measure] for measure in MEASURES}


def band_rows(keys: Sequence[Key], measure: str, paths: Days) -> pd.DataFrame:
    """Return page_id, kind, topic, measure, days_ahead, mean and COLUMNS; `paths` is (keys, paths, kept days)."""
    quantiles = np.quantile(paths, QUANTILES, axis=1)
    count = len(KEPT)
    table = {
        "page_id": np.repeat(np.array([key[0] for key in keys], dtype=object), count),
        "kind": np.repeat(np.array([key[1] for key in keys], dtype=object), count),
        "topic": np.repeat(np.array([key[2] for key in keys], dtype=object), count),
        "measure": measure,
        "days_ahead": np.tile(KEPT + 1, len(keys)),
        "mean": paths.mean(axis=1).ravel(),
    }
    return pd.DataFrame(table | {name: band.ravel() for name, band in zip(COLUMNS, quantiles, strict=True)})


def usual_need(history: History, rows: list[int]) -> Row:
    """Return how many tokens a usual broadcast of each topic takes, and at least a usual week; 1 where none was sent.

    With fewer than that a topic counts as dry.
    """
    spent = history.spent[rows]
    on = spent > 0
    median = np.array([np.median(row[sent]) if sent.any() else 1 for row, sent in zip(spent, on, strict=True)])
    weekly = spent[:, -91:].sum(axis=1) / 13
    need: Row = np.maximum(np.maximum(median, weekly), 1)
    return need


def dry_days(held: Days, need: Row) -> npt.NDArray[np.int64]:
    """Return by topic and path the first day ahead on which fewer than `need` tokens are held; a large number: none."""
    short = held < need[:, None, None]
    return np.where(short.any(axis=2), short.argmax(axis=2), _NEVER)


def dry_dates(days: npt.NDArray[np.int64], first: date) -> dict[str, list[Any]]:
    """Return for each topic the chance of running dry, and the early, middle and late date of it (10, 50, 90 %)."""
    found: dict[str, list[Any]] = {"dry_chance": [], "dry_early": [], "dry_on": [], "dry_late": []}
    for row in days:
        early, middle, late = (int(np.quantile(row, part, method="higher")) for part in (0.1, 0.5, 0.9))
        found["dry_chance"].append(float((row < _NEVER).mean()))
        for name, day in (("dry_early", early), ("dry_on", middle), ("dry_late", late)):
            found[name].append(first + timedelta(days=day) if day < _NEVER else None)
    return found


def sends_to_waste_none(runoff: Days) -> npt.NDArray[np.int64]:
    """Return by topic how many of the tokens held must be sent a week, those that end first, so that none dies.

    Exact for the tokens held: the steepest rise of what has ended since the first day. What ends within a week needs
    to be sent within it.
    """
    if not runoff.shape[1]:
        return np.zeros(len(runoff), dtype=np.int64)
    weeks = np.maximum(np.arange(1, runoff.shape[1] + 1) / 7, 1)
    pace: npt.NDArray[np.int64] = np.ceil((runoff.cumsum(axis=1) / weeks).max(axis=1) - 1e-9).astype(np.int64)
    return pace
