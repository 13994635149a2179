"""What if: the forecast of a topic, or of a Page and kind, drawn anew with other sends, opt-ins or a campaign."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from pipelines.forecast.bands import DAYS_AHEAD, KEPT, band_rows, kept_days
from pipelines.forecast.flows import Flows, draw
from pipelines.forecast.history import Days, Row
from pipelines.forecast.intake import Intake, Total
from pipelines.forecast.sends import Sends
from pipelines.forecast.simulate import Plan, Stock
from pipelines.forecast.store import read_state
from pipelines.statements import statements

_SQL = statements(Path(__file__).with_name("read.sql"))
_MOST_PATHS, _PATHS_IN_ALL = 200, 30_000
"""So many paths for a topic, and no more than so many over all topics: the answer is there within a second."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be different. `sends_a_week` None: as foreseen; opt-ins are multiplied by `optins`."""

    page_id: str
    kind: str
    topic: str | None = None
    sends_a_week: int | None = None
    optins: float = 1.0
    campaign_on: int | None = None
    """Day ahead (0: the day of the forecast) of a planned campaign; None: no other than foreseen."""
    campaign_share: float = 0.0
    """The share of the tokens then held that it spends."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Bands by measure and days_ahead, as in the stored forecast; `held`, `gained`, `spent` and `died` in the end."""

    bands: pd.DataFrame
    topics: int


def ask(cursor: duckdb.DuckDBPyConnection, question: Question) -> Answer | None:
    """Draw the paths of the question, those tokens first that end first; None where no forecast holds its tokens."""
    state = read_state(cursor)
    if state is None:
        return None
    group = {"page_id": question.page_id, "kind": question.kind}
    found = cursor.execute(_SQL["model"], group).fetchone()
    index = {name: number for number, (name,) in enumerate(cursor.execute(_SQL["names"], group).fetchall())}
    rows = [number for name, number in index.items() if question.topic in (None, name)]
    if found is None or not rows:
        return None
    model = json.loads(found[0])
    runoff = np.zeros((len(index), DAYS_AHEAD))
    for name, ahead, count in cursor.execute(_SQL["runoff_of_group"], group | {"topic": question.topic}).fetchall():
        if ahead < DAYS_AHEAD:
            runoff[index[name], ahead] += count
    flows, stock = _changed(_flows_of(model), _stock_of(model, runoff), rows, question)
    plans = [] if question.campaign_on is None else [
        Plan(row, question.campaign_on, question.campaign_share) for row in range(len(rows))
    ]  # fmt: skip
    paths = max(20, min(_MOST_PATHS, _PATHS_IN_ALL // len(rows)))
    sums: dict[str, Days] = {}
    for _, outcome in draw(flows, stock, paths, DAYS_AHEAD, state.seed, plans):
        for measure, kept in kept_days(outcome).items():
            sums[measure] = sums.get(measure, np.zeros((paths, len(KEPT)))) + kept.sum(axis=0)
    key = [(question.page_id, question.kind, question.topic)]
    bands = [band_rows(key, measure, each[None]) for measure, each in sums.items()]
    return Answer(pd.concat(bands, ignore_index=True), len(rows))


def _changed(flows: Flows, stock: Stock, rows: list[int], question: Question) -> tuple[Flows, Stock]:
    """Keep the asked topics alone, and change what the question changes."""
    intake, sends = flows.intake, flows.sends
    part = float(intake.share[rows].sum())
    fixed = sends.fixed[rows]
    if question.sends_a_week is not None:
        weight = np.maximum(stock.held[rows], 0.5)
        fixed = np.repeat((question.sends_a_week / 7 * weight / weight.sum())[:, None], 7, axis=1)
    scale = np.log(max(question.optins * part, 1e-9))
    intake = replace(
        intake,
        total=replace(intake.total, level=intake.total.level + scale),
        share=intake.share[rows] / max(part, 1e-12),
        doubt=intake.doubt[rows],
        step=intake.step[rows],
        last_week=intake.last_week[rows] * question.optins,
        repeats=intake.repeats[rows],
    )
    kept = stock.part(rows)
    sends = replace(sends.part(rows), fixed=fixed)
    return replace(flows, rows=tuple(range(len(rows))), intake=intake, sends=sends, stop_chance=kept.stop_chance), kept


def _flows_of(model: dict[str, Any]) -> Flows:
    intake, sends = model["intake"], model["sends"]
    return Flows(
        model["page_id"],
        model["kind"],
        tuple(model["rows"]),
        model["weekday"],
        Intake(
            **{name: _row(intake[name]) for name in ("rhythm", "share", "doubt", "step", "last_week")},
            total=Total(**intake["total"]),
            repeats=np.array(intake["repeats"], dtype=bool),
            burst=intake["burst"],
        ),
        Sends(
            gap_location=_row(sends["gap_location"]),
            gap_spread=sends["gap_spread"],
            elapsed=np.array(sends["elapsed"], dtype=np.int64),
            size_location=_row(sends["size_location"]),
            size_spread=sends["size_spread"],
            weekday=_row(sends["weekday"]),
            happens=sends["happens"],
            fixed=_row(sends["fixed"]),
        ),
        _row(model["stop_chance"]),
        model["order"],
    )


def _stock_of(model: dict[str, Any], runoff: Days) -> Stock:
    held = model["held"]
    return Stock(
        _row(held["count"]),
        runoff,
        np.array(held["lifetime_days"], dtype=np.int64),
        np.array(held["closes_on"], dtype=np.int64),
        _row(model["stop_chance"]),
        1.0,
    )


def _row(values: list[Any]) -> Row:
    """Return numbers as an array; null is not a number."""
    return np.array(values, dtype=float)
