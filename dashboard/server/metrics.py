"""Numbers for Prometheus, read when they are asked for: each source says its own, and whether it could be read."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from pipelines.errors import ClearToSendError
from pipelines.follow.state import FollowState
from pipelines.ledger.schema import campaigns, sends
from pipelines.ledger.schema_app import page_subscriptions

Source = Callable[[], Iterable[Metric]]
_PREFIX = "clear_to_send"
_LEDGER_SECONDS = 15.0


class Metrics:
    """All sources, and what this process counts itself."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._limited = Counter(
            f"{_PREFIX}_rate_limited", "Requests turned away with 429", ["limit"], registry=self._registry
        )
        self._registry.register(_Sources(sources))

    def limited(self, name: str) -> None:
        """Count a request that was turned away."""
        self._limited.labels(name).inc()

    def text(self) -> bytes:
        """Return them as Prometheus reads them."""
        return generate_latest(self._registry)


class _Sources(Collector):
    """Asks each source; one that cannot be read is said to be down, and hides none of the others."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked when the registry is put together."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Read all sources."""
        up = GaugeMetricFamily(f"{_PREFIX}_source_up", "Whether the numbers of a part could be read", labels=["part"])
        for name, source in self._sources.items():
            try:
                found = list(source())
            except (ClearToSendError, DBAPIError, OSError):
                up.add_metric([name], 0)
            else:
                up.add_metric([name], 1)
                yield from found
        yield up


def receive_source(folder: Path) -> Source:
    """Return what each receiver of a home last wrote of itself: of this process, and of `clear-to-send receive`."""

    def read() -> Iterator[Metric]:
        answered = CounterMetricFamily(
            f"{_PREFIX}_deliveries", "Webhook requests, by answer", labels=["receiver", "answer"]
        )
        pages = GaugeMetricFamily(f"{_PREFIX}_page_last_delivery_timestamp_seconds", "Last delivery", labels=["page"])
        failing = GaugeMetricFamily(f"{_PREFIX}_receiver_failing", "Deliveries cannot be stored", labels=["receiver"])
        written = GaugeMetricFamily(f"{_PREFIX}_receiver_timestamp_seconds", "Last sign of life", labels=["receiver"])
        last: dict[str, float] = {}
        for told in _told(folder):
            name = told["name"]
            for answer, count in told["totals"].items():
                answered.add_metric([name, answer], count)
            failing.add_metric([name], told["failing_since"] is not None)
            written.add_metric([name], _seconds(told["written_at"]))
            for page_id, page in told["pages"].items():
                last[page_id] = max(last.get(page_id, 0.0), _seconds(page["last_at"]))
        for page_id, at in last.items():
            pages.add_metric([page_id], at)
        yield from (answered, failing, written, pages)

    return read


def _told(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.glob("*.json")):
        try:
            yield json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            continue  # a receiver's file is written whole; this is none of them


def _seconds(iso: str) -> float:
    moment = datetime.fromisoformat(iso)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def follow_source(state: Callable[[], FollowState]) -> Source:
    """Return how far the loader of this app is, and whether it meets trouble."""

    def read() -> Iterator[Metric]:
        now = state()
        loaded = CounterMetricFamily(f"{_PREFIX}_events_loaded", "Events that this app has loaded")
        loaded.add_metric([], now.events_loaded)
        failing = GaugeMetricFamily(f"{_PREFIX}_loader_failing", "What the loader cannot do", labels=["part"])
        for part, error in (("load", now.error), ("ledger", now.ledger_error), ("judging", now.judging_error)):
            failing.add_metric([part], bool(error))
        at = GaugeMetricFamily(f"{_PREFIX}_loader_timestamp_seconds", "When it last did so", labels=["what"])
        for what, when in (("look", now.last_look_at), ("load", now.last_load_at), ("event", now.newest_event_at)):
            if when is not None:
                at.add_metric([what], when.replace(tzinfo=UTC).timestamp())
        yield from (loaded, failing, at)

    return read


def ledger_source(ledger: Engine, clock: Callable[[], float]) -> Source:
    """Return sends and campaigns by state, and subscriptions; asked of the ledger once in some seconds.

    `clock` gives seconds that only grow.
    """
    kept: list[Metric] = []
    kept_at = -_LEDGER_SECONDS

    def read() -> list[Metric]:
        nonlocal kept, kept_at
        if clock() - kept_at >= _LEDGER_SECONDS:
            kept, kept_at = list(_of_ledger(ledger)), clock()
        return kept

    return read


def _of_ledger(ledger: Engine) -> Iterator[Metric]:
    by_state = {"sends": sends.c.state, "campaigns": campaigns.c.state}
    with ledger.connect() as connection:
        for name, state in by_state.items():
            found = GaugeMetricFamily(f"{_PREFIX}_{name}", f"{name.capitalize()} by state", labels=["state"])
            for value, count in connection.execute(select(state, func.count()).group_by(state)):
                found.add_metric([value], count)
            yield found
        subscribed = GaugeMetricFamily(f"{_PREFIX}_page_subscribed", "Meta sends this Page's events", labels=["page"])
        query = select(page_subscriptions.c.page_id, page_subscriptions.c.is_subscribed)
        for page_id, is_subscribed in connection.execute(query):
            if is_subscribed is not None:  # Meta said nothing of it
                subscribed.add_metric([page_id], is_subscribed)
        yield subscribed
