"""Which conditions hold now. What cannot be looked at is said, and keeps nobody from looking at the rest."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import duckdb
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from pipelines.alerts import watch_campaigns, watch_pages, watch_stock
from pipelines.errors import ClearToSendError
from pipelines.ledger.alerts import Condition
from pipelines.policy import Policy, utc_day
from pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked at, at one moment (naive UTC). Without a warehouse there is no cursor."""

    settings: Settings
    policy: Policy
    ledger: Engine
    cursor: duckdb.DuckDBPyConnection | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """What holds, and of which kinds that is known; `says` names what could not be looked at, '' if all was."""

    conditions: tuple[Condition, ...]
    kinds: tuple[str, ...]
    says: str


def watch(of: Watched) -> Seen:
    """Look at all that alerts are about."""
    conditions: list[Condition] = []
    kinds: list[str] = []
    failures = []
    for looked_at, look in _looks(of):
        try:
            found = list(look())
        except (ClearToSendError, duckdb.Error, DBAPIError) as error:
            why = str(error) if isinstance(error, ClearToSendError) else f"{type(error).__name__}."
            failures.append(f"{', '.join(looked_at)}: {why}")
        else:
            conditions += found
            kinds += looked_at
    says = f"Not looked at: {' '.join(failures)}" if failures else ""
    return Seen(tuple(conditions), tuple(kinds), says)


def _looks(of: Watched) -> Iterator[tuple[tuple[str, ...], Callable[[], Iterable[Condition]]]]:
    """Give each look with the kinds that it may find; a warehouse that is not there is not looked at."""
    limits, policy, ledger, cursor, now = of.settings.alerts, of.policy, of.ledger, of.cursor, of.now
    if cursor is not None:
        yield ("blocked", "warned"), lambda: watch_pages.enforcement(cursor, limits, policy, now)
    yield ("page_held",), lambda: watch_pages.held(ledger, now)
    yield ("webhook",), lambda: watch_pages.silence(of.settings.home, ledger, cursor, policy, now)
    yield ("refused",), lambda: watch_campaigns.refused(ledger, limits, now)
    if cursor is not None:
        yield ("tokens_die",), lambda: watch_stock.dying(cursor, limits, now)
        yield ("topic_dry",), lambda: watch_stock.drying(cursor, limits, now)
    yield ("approval",), lambda: watch_campaigns.approvals(ledger, limits, now)
    yield ("rules",), lambda: _rules(policy, limits.rule_days, now)


def _rules(policy: Policy, days: int, now: datetime) -> Iterator[Condition]:
    """Give one condition for all rules in force that nobody has verified for long."""
    stale = [rule for rule in policy.stale(now, days) if rule.in_force(utc_day(now))]
    if not stale:
        return
    oldest = min(stale, key=lambda rule: rule.verified_on)
    count = "1 rule that is in force was" if len(stale) == 1 else f"{len(stale):,} rules that are in force were"
    yield Condition(
        "rules",
        f"{count} not verified for {days} days, the longest {oldest.id} (since {oldest.verified_on}).",
        "Read their sources again, correct what has changed, and set verified_on in data/policy.",
        "/rules",
    )
