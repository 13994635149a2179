"""One Page and kind, fitted and drawn ahead: opt-ins, sends and stops of its topics, and the paths that they make."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from pipelines.forecast.history import Days, Held, History, Row
from pipelines.forecast.intake import Intake, draw_days, draw_weeks, fit_intake
from pipelines.forecast.sends import Sends, fit_sends
from pipelines.forecast.simulate import Outcome, Plan, Stock, simulate

_BLOCK = 64
"""Topics that are simulated at once: what fits into a few hundred MB."""
_STOP_DAYS = 180

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Flows:
    """The flows of one Page and kind. Rows are its topics, in the order of the history."""

    page_id: str
    kind: str
    rows: tuple[int, ...]
    weekday: int
    """Weekday of day 0, Monday 0."""
    intake: Intake = field(repr=False)
    sends: Sends = field(repr=False)
    stop_chance: Row = field(repr=False)
    order: float


def fit_flows(
    history: History, holidays: Mapping[str, Row], order: Mapping[tuple[str, str], float], ahead: int
) -> list[Flows]:
    """Fit every Page and kind of a history. `holidays` flags by page_id the days from the first to `ahead` ahead."""
    weekday = history.first_day.weekday()
    none = np.zeros(history.days + ahead)
    return [
        Flows(
            page_id,
            kind,
            tuple(rows),
            (weekday + history.days) % 7,
            fit_intake(history.gained[rows], weekday, holidays.get(page_id, none)[: history.days + ahead], ahead),
            fit_sends(history.spent[rows], history.held[rows], weekday),
            _stop_chance(history.stopped[rows], history.held[rows]),
            order.get((page_id, kind), 0.0),
        )
        for (page_id, kind), rows in history.groups.items()
    ]


def repeating(flows: Flows, gains: Flags, sends: Flags, spent_last_week: Days) -> Flows:
    """Repeat the last week for the topics (rows of the flows) whose opt-ins or sends it foresees better."""
    fixed = np.where(sends[:, None], spent_last_week, np.nan)
    return replace(flows, intake=replace(flows.intake, repeats=gains), sends=replace(flows.sends, fixed=fixed))


def stock_of(flows: Flows, held: Held, order: float, days: int) -> Stock:
    """Return where the paths of these flows begin."""
    rows = list(flows.rows)
    return Stock(
        held.count[rows],
        held.runoff[rows, :days],
        held.lifetime_days[rows],
        held.closes_on[rows],
        flows.stop_chance,
        order,
    )


def draw(
    flows: Flows, stock: Stock, paths: int, days: int, seed: int, plans: Sequence[Plan] = ()
) -> Iterator[tuple[slice, Outcome]]:
    """Draw paths ahead, some topics at a time: yields the rows of the flows and what becomes of them.

    The same seed gives the same paths, whichever other Pages there are.
    """
    entropy = [seed, zlib.crc32(f"{flows.page_id} {flows.kind}".encode())]
    topics = len(flows.rows)
    weekly = draw_weeks(flows.intake, paths, days, np.random.default_rng(entropy))
    for start in range(0, topics, _BLOCK):
        rows = slice(start, min(start + _BLOCK, topics))
        rng = np.random.default_rng([*entropy, 1 + start])
        gained = draw_days(flows.intake, rows, weekly, days, rng)
        here = [replace(plan, topic=plan.topic - start) for plan in plans if rows.start <= plan.topic < rows.stop]
        yield rows, simulate(stock.part(rows), gained, flows.sends.part(rows), flows.weekday, rng, here)


def _stop_chance(stopped: Days, held: Days) -> Row:
    """Chance of a stop a day, by topic, of late; a topic with few leans on its Page."""
    lately, over = stopped[:, -_STOP_DAYS:].sum(axis=1), held[:, -_STOP_DAYS:].sum(axis=1)
    whole = lately.sum() / max(over.sum(), 1)
    prior = 1000.0  # token-days
    chance: Row = (lately + prior * whole) / (over + prior)
    return chance
