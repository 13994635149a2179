"""What is read of a campaign again and again while somebody watches it: no oftener than it is worth."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from dashboard.app import clock
from dashboard.ledger import ledger_at
from dashboard.view import View
from pipelines import DATA
from pipelines.audit import watching
from pipelines.audit.outcome import Outcome, outcome
from pipelines.audit.results import Results, results
from pipelines.audit.watching import Detail, Standing
from pipelines.campaign_home import MOST_JOINED
from pipelines.dispatch.outcomes import ErrorTable, load_errors
from pipelines.ledger.store import failing_in_words
from pipelines.settings import read_settings

_JOINED_EVERY_S = 10.0
_REST = 5  # while it is sent, at most a fifth of the time goes into reading the same thing again
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Any
    stamp: Hashable
    made_at: float
    took_s: float


_kept: dict[tuple[str, ...], _Kept] = {}


def rested(
    key: tuple[str, ...], stamp: Hashable, make: Callable[[], _Value], *, rest: int = 0, rest_s: float = 0.0
) -> _Value:
    """Make a value anew only where its stamp has changed, and not before `rest_s` or `rest` times what it took.

    All who watch the same share it.
    """
    was = _kept.get(key)
    if was and (was.stamp == stamp or time.monotonic() - was.made_at < max(rest_s, rest * was.took_s)):
        value: _Value = was.value
        return value
    began = time.monotonic()
    value = make()
    now = time.monotonic()
    _kept[key] = _Kept(value, stamp, now, now - began)
    return value


def standing_of(view: View, campaign_id: str) -> tuple[Standing, datetime]:
    """Return where a campaign stands now, and what now is. Raises UsageError, Refused."""
    now, ledger = clock(), ledger_at(view.home)
    with failing_in_words(ledger):
        return watching.standing(ledger, campaign_id, view.who(), now), now


def detail_of(view: View, at: Standing, now: datetime) -> Detail:
    """Return what each of its sends tells."""
    by = view.who()
    by.must("see", "watch a campaign")

    def read() -> Detail:
        ledger = ledger_at(view.home)
        with failing_in_words(ledger):
            return watching.detail(ledger, at.record, error_table(), by, now)

    key = ("detail", str(view.home), at.record.campaign_id)
    if at.is_over:
        return rested(key, _stamp(at), read)
    return rested(key, (now, _stamp(at)), read, rest=_REST)  # the rate falls also where nothing goes out


def joined_of(view: View, at: Standing) -> Outcome | None:
    """Return what the logs tell of it, a few seconds old; None where there are too many sends for that."""
    view.who().must("see", "watch a campaign")
    if at.planned > MOST_JOINED:
        return None

    def read() -> Outcome:
        ledger = ledger_at(view.home)
        with failing_in_words(ledger), view.warehouse.cursor() as cursor:
            return outcome(ledger, cursor, at.record.campaign_id)

    stamp = (view.warehouse.version(), _stamp(at))
    key = ("joined", str(view.home), at.record.campaign_id)
    return rested(key, stamp, read, rest=_REST, rest_s=_JOINED_EVERY_S)


def results_of(view: View, at: Standing, *, is_asked: bool = False) -> Results | None:
    """Return what came of it; None where it takes so long that somebody must ask for it first."""
    by = view.who()
    by.must("see", "see the results of a campaign")
    key, stamp = ("results", str(view.home), at.record.campaign_id), (view.warehouse.version(), _stamp(at))
    if at.planned > MOST_JOINED and not is_asked:
        was = _kept.get(key)
        return was.value if was and was.stamp == stamp else None

    def read() -> Results:
        ledger, plans = ledger_at(view.home), read_settings(view.home).plans_path
        with failing_in_words(ledger), view.warehouse.cursor() as cursor:
            return results(ledger, cursor, at.record.campaign_id, plans, by)

    return rested(key, stamp, read)


@cache
def error_table() -> ErrorTable:
    """Return what Meta's answers mean, read once a process."""
    return load_errors(DATA / "errors.toml")


def _stamp(at: Standing) -> Hashable:
    return (at.record.state, at.record.state_at, tuple(sorted(at.counts.items())))
