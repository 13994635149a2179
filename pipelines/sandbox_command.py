"""What `clear-to-send sandbox` does, apart from its options: lays the sandbox out and serves it."""

import asyncio
import gc
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from rich.console import Console

from pipelines import DATA
from pipelines.listening import listen
from pipelines.policy import load_policy
from pipelines.sandbox.book import Book
from pipelines.sandbox.faults import FAULTS, HABITS, Faults, read_rates
from pipelines.sandbox.graph import Graph
from pipelines.sandbox.logs import learn_from_logs
from pipelines.sandbox.moments import in_ms
from pipelines.sandbox.posting import Poster
from pipelines.sandbox.server import HOST, make_app, make_server
from pipelines.sandbox.state import State
from pipelines.sandbox.stats import Stats
from pipelines.sandbox.truth import Truth
from pipelines.sandbox.webhooks import Segment, Webhooks
from pipelines.settings import Settings


def run_sandbox(
    settings: Settings,
    *,
    port: int,
    truth: Path | None,
    webhook_url: str,
    faults: Sequence[str],
    seed: int,
    clock: Callable[[], datetime],
    words: Console,
    people: Sequence[str] = (),
) -> None:
    """
    Serve the Graph API on 127.0.0.1 until SIGINT or SIGTERM; port 0 takes any that is free.

    Without a truth file one is kept in the home: a restart must not let a spent token be spent again. Raises
    UsageError for a fault or habit that is not known, SurroundingsError for a port that is taken.
    """
    secret = app_secret(settings)
    with listen(HOST, port) as listener:
        graph = lay_out(
            settings, truth, webhook_url, faults=faults, people=people, seed=seed, secret=secret, started_at=clock()
        )
        pages = graph.state.pages.values()
        words.print(f"Sandbox on http://{HOST}:{listener.getsockname()[1]}", markup=False)
        words.print(
            f"It knows {len(pages):,} Pages, {sum(len(page.people) for page in pages):,} people and "
            f"{sum(len(page.tokens) for page in pages):,} tokens. Stop it with Ctrl-C."
        )
        server = make_server(make_app(graph, clock, secret))
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        gc.freeze()  # and what the platform knows is no garbage while it serves
        with suppress(KeyboardInterrupt):
            asyncio.run(server.serve(sockets=[listener]))
        gc.unfreeze()


def lay_out(
    settings: Settings,
    truth: Path | None = None,
    webhook_url: str = "",
    *,
    faults: Sequence[str] = (),
    people: Sequence[str] = (),
    seed: int = 0,
    secret: str = "",
    started_at: datetime,
) -> Graph:
    """Return the platform as of its start: what the home's logs and the truth file tell, and what shall go wrong."""
    fault_rates = Faults(read_rates("--fault", faults, FAULTS), seed)
    habits = HABITS | read_rates("--people", people, HABITS)
    poster = Poster(webhook_url, secret) if webhook_url else None
    book = Book(load_policy(DATA / "policy"))
    state = State(book)
    file = Truth(truth or settings.home / "sandbox-truth.jsonl")
    with _nothing_is_garbage():
        learn_from_logs(state, settings.logs_path, in_ms(started_at))
        earlier = file.remember(state)
    segment = Segment(settings.logs_path, started_at)
    webhooks = Webhooks(state, poster or segment, fault_rates)
    run = f"{segment.path.name} {earlier}"
    return Graph(book, state, file, webhooks, fault_rates, Stats(), habits, seed, run)


@contextmanager
def _nothing_is_garbage() -> Iterator[None]:
    """What is learnt stays for good: looking through it for garbage, again and again while it grows, is in vain."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def app_secret(settings: Settings) -> str:
    """Return the application's secret: it signs webhooks and proves calls. "" where none is set."""
    return settings.app_secret.get_secret_value() if settings.app_secret else ""
