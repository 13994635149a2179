"""Server time of the pages on a warehouse of millions of tokens."""

import logging
import math
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.benchmarks.measure import say, work
from tests.benchmarks.table import Row
from tests.benchmarks.workspace import Workspace

MOMENT = datetime.fromisoformat("2026-11-22T10:30")
"""The present of the warehouse, naive UTC."""
RUNS = 20
_PAGES = ("108444444444444", "108555555555555", "108666666666666", "108777777777777")
# What a reader may choose, by view, as it stands in the page's address: the labels of the choices.
_FILTERS: dict[str, dict[str, tuple[Any, ...]]] = {
    "overview": {"lane": ("Window open", "Token held", "Human agent only", "Out of reach")},
    "inventory": {
        "topic": ("restock:topic-3", ["launch:topic-1", "survey:topic-7"]),
        "kind": ("otn", "marketing"),
        "state": ("available", ["spent", "expired"]),
        "left": ("0-6", "30-89"),
        "age": ("0-29", "365+"),
        "days": ("30 days", "90 days", "13 months"),
        "clock": ("Time left", "Age"),
    },
    "health": {"range": ("24 hours", "7 days", "30 days", "13 months")},
}


def pages(space: Workspace) -> list[Row]:
    """Run each page with many filters and days, no question asked twice, and tell the 95th percentile of its time."""
    home, tokens = space.new("pages-home"), space.big // 4
    say(f"  making a warehouse of {tokens:,} tokens and {space.big:,} events ...")
    work("make_pages_home", home=home, tokens=tokens)
    say(f"  running each page {RUNS} times ...")
    views = work("run_pages", home=home).answer["views"]
    space.new("pages-home")
    what = f"server time of a page at {tokens:,} tokens"
    return [timed(f"{what}: {view}", milliseconds) for view, milliseconds in views.items()]


def make_home(home: Path, tokens: int) -> None:
    """Fill a home with the warehouse of pages_home.sql."""
    from pipelines import DATA
    from pipelines.forecast.store import refresh_forecast
    from pipelines.policy import load_policy
    from pipelines.warehouse import Warehouse
    from tests.synthetic import hold

    script = Path(__file__).with_name("pages_home.sql").read_text(encoding="utf-8")
    (home / "tmp").mkdir(parents=True)  # where DuckDB may spill
    with Warehouse.open(home / "warehouse.duckdb", memory_limit="4GiB") as warehouse:
        cursor = warehouse.cursor()
        cursor.execute("SET preserve_insertion_order = true")
        given = {"tokens": tokens, "moment": MOMENT}
        for statement in cursor.extract_statements(script):
            cursor.execute(statement, {name: given[name] for name in statement.named_parameters})
        hold(cursor)
        refresh_forecast(warehouse, load_policy(DATA / "policy"), MOMENT)
        warehouse.checkpoint()


def run_views(home: Path) -> dict[str, list[float]]:
    """Return the milliseconds of each run, by view, but for the first: a server is warm."""
    import dashboard

    serve_from(home, MOMENT)
    views = sorted((Path(dashboard.__file__).parent / "views").glob("*.py"))
    return {view.stem: [run_page(view, query) for query in _queries(view.stem)][1:] for view in views}


def _queries(view: str) -> Iterator[dict[str, Any]]:
    """Yield what stands in the address of each run: a first day, today for all and for each Page, then a day each."""
    draw = random.Random(view)
    choices = {"page": _PAGES, **_FILTERS.get(view, {})}
    yield {"as_of": "2025-10-10"}
    yield {}
    yield from ({"page": page} for page in _PAGES)
    for number in range(1, RUNS - len(_PAGES)):
        day = MOMENT.date() - timedelta(days=number * 25)
        drawn = {name: draw.choice(values) for name, values in choices.items() if draw.random() < 0.5}
        yield {"as_of": day.isoformat(), **drawn}


def serve_from(home: Path, moment: datetime) -> None:
    """Let the pages of this process show a home, as of a moment."""
    os.environ["CLEAR_TO_SEND_HOME"] = str(home)
    os.environ["CLEAR_TO_SEND_AS_OF"] = f"{moment.isoformat()}Z"
    logging.disable(logging.WARNING)  # Streamlit warns that no browser is there
    import streamlit.config

    streamlit.config.set_option("browser.gatherUsageStats", False)  # as the server is run


def run_page(view: Path, query: dict[str, Any]) -> float:
    """Open a page with what stands in its address, and return the milliseconds that its script ran.

    What the test does afterwards, reading every element back, no server does.
    """
    from streamlit.testing.v1 import AppTest

    page = AppTest.from_file(view.parent.parent / "navigation.py", default_timeout=120)
    for name, value in query.items():
        page.query_params[name] = value
    if view.stem != "overview":
        page.switch_page(str(view))
    with _script_times() as times:
        page.run()
    if page.exception or page.error:
        said = [each.value for each in (*page.exception, *page.error)]
        raise SystemExit(f"The page {view.stem} failed with {query}: {said}")
    return sum(times)


@contextmanager
def _script_times() -> Iterator[list[float]]:
    """Yield a list that gets the milliseconds of each run of a page's script."""
    from streamlit.runtime.scriptrunner.script_runner import ScriptRunner

    times: list[float] = []
    whole = ScriptRunner._run_script

    def timed_run(*args: Any, **kwargs: Any) -> Any:
        before = time.perf_counter()
        try:
            return whole(*args, **kwargs)
        finally:
            times.append(1000 * (time.perf_counter() - before))

    with patch.object(ScriptRunner, "_run_script", timed_run):
        yield times


def timed(what: str, milliseconds: list[float]) -> Row:
    """Return the line of a page's times."""
    p95, middle = (_percentile(milliseconds, percent) for percent in (95, 50))
    return Row(what, f"{p95:.0f} ms at p95", f"{middle:.0f} ms at p50", "", "≤ 300 ms at p95")


def _percentile(values: list[float], percent: int) -> float:
    """Return the nearest-rank percentile."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]
