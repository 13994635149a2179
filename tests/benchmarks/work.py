"""The pieces of work that are measured, each for a process of its own: `python -m tests.benchmarks.work NAME JSON`."""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from tests.benchmarks.timing import timer

Answer = dict[str, Any]


def sample(folder: str, events: int, seed: int, ends_at: str) -> Answer:
    """Write sample logs."""
    from pipelines.samples import write_logs

    took = timer()
    written = write_logs(Path(folder), events=events, seed=seed, ends_at=datetime.fromisoformat(ends_at))
    return {**took(), "files": [str(file) for file in written.files], "events": written.events + written.duplicates}


def load(home: str, files: list[str], as_of: str) -> Answer:
    """Load logs, from opening the warehouse to closing it."""
    from rich.console import Console

    from pipelines.load_command import load_files
    from pipelines.settings import read_settings

    took = timer()
    summary = load_files(
        read_settings(Path(home), create=True), files, datetime.fromisoformat(as_of), Console(stderr=True)
    )
    return {**took(), "events": summary.events + summary.duplicate_events}


def bare(path: str, files: list[str]) -> Answer:
    """Create the table of bare.sql in a new file, from opening it to closing it."""
    import duckdb

    script = Path(__file__).with_name("bare.sql").read_text(encoding="utf-8")
    took = timer()
    with duckdb.connect(path, config={"preserve_insertion_order": "false"}) as connection:
        connection.execute(script, {"files": files})
    return took()


def normalize(files: list[str], events: int) -> Answer:
    """Read the first `events` events and flatten them with pandas, in memory."""
    import pandas as pd

    took = timer()
    frame = pd.json_normalize(list(islice(_events(files), events)))
    return {**took(), "events": len(frame)}


def lint_messages(count: int, *, alike: bool) -> Answer:
    """Lint messages, the linter being loaded."""
    from pipelines import DATA
    from pipelines.lint.linter import Linter
    from pipelines.lint.message import Message
    from pipelines.policy import load_policy
    from tests.benchmarks.linting import MOMENT, messages

    linter = Linter.load(DATA, load_policy(DATA / "policy"))
    made = [Message(text, lane) for text, lane in messages(count, alike=alike)]
    linter.lint(made[:10], MOMENT)
    took = timer()
    for start in range(0, count, 2_000):  # as the command does
        linter.lint(made[start : start + 2_000], MOMENT)
    return took()


def character_grams(count: int) -> Answer:
    """Judge messages by character n-grams and logistic regression, the model being trained."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    from tests.benchmarks.linting import messages

    texts = [text for text, _ in messages(count, alike=False)]
    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), sublinear_tf=True)
    model = LogisticRegression().fit(grams.fit_transform(texts[:400]), [number % 2 for number in range(400)])
    took = timer()
    model.predict_proba(grams.transform(texts))
    return took()


def make_pages_home(home: str, tokens: int) -> Answer:
    """Make the warehouse that the pages are run on."""
    from tests.benchmarks.pages import make_home

    make_home(Path(home), tokens)
    return {}


def run_pages(home: str) -> Answer:
    """Run every page."""
    from tests.benchmarks.pages import run_views

    return {"views": run_views(Path(home))}


def judge_forecasts(home: str, history: str) -> Answer:
    """Judge the past forecasts of a history."""
    from tests.benchmarks.forecasting import judge

    return judge(Path(home), history)


def forecast_many(home: str, topics: int, days: int) -> Answer:
    """Forecast many topics, and store that."""
    from pipelines import DATA
    from pipelines.forecast.store import refresh_forecast
    from pipelines.policy import load_policy
    from pipelines.warehouse import Warehouse
    from tests.benchmarks.forecasting import MOMENT, fill_many

    fill_many(Path(home), topics, days)
    took = timer()
    with Warehouse.open(Path(home) / "warehouse.duckdb") as warehouse:
        refresh_forecast(warehouse, load_policy(DATA / "policy"), MOMENT)
    return took()


def run_forecast_page(home: str) -> Answer:
    """Open the page of a stored forecast."""
    from tests.benchmarks.forecasting import open_page

    return {"milliseconds": open_page(Path(home))}


def bare_sends(url: str) -> Answer:
    """Send to everyone by a bare loop."""
    from tests.benchmarks.sending import loop

    took = timer()
    loop(url)
    return took()


def run_dispatch(home: str, url: str) -> Answer:
    """Send to everyone by the dispatcher, from the launched campaigns to the last answer written down."""
    from tests.benchmarks.sending import dispatch, launch

    launch(Path(home))
    took = timer()
    highest = dispatch(Path(home), url)
    return {**took(), "highest_in_a_second": highest}


def make_plan_home(home: str, people: int) -> Answer:
    """Make the warehouse of a big campaign."""
    from tests.benchmarks.planning import make_home

    make_home(Path(home), people)
    return {}


def plan_people(home: str) -> Answer:
    """Choose for everyone."""
    from tests.benchmarks.planning import plan

    return plan(Path(home))


def plan_bare(home: str) -> Answer:
    """Do the least of that by hand."""
    from tests.benchmarks import planning

    return planning.plan_bare(Path(home))


def reserve_people(home: str) -> Answer:
    """Reserve a send for everyone."""
    from tests.benchmarks.planning import reserve

    return reserve(Path(home))


def reserve_bare(home: str) -> Answer:
    """Insert the same rows by hand."""
    from tests.benchmarks import planning

    return planning.reserve_bare(Path(home))


def _events(files: list[str]) -> Any:
    for file in files:
        with Path(file).open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    entries = json.loads(line)["entry"]
                except (ValueError, LookupError, TypeError):
                    continue
                yield from (event for entry in entries for event in entry.get("messaging", ()))


PIECES: dict[str, Callable[..., Answer]] = {
    piece.__name__: piece
    for piece in (
        *(sample, load, bare, normalize, make_pages_home, run_pages, lint_messages, character_grams),
        *(judge_forecasts, forecast_many, run_forecast_page, bare_sends, run_dispatch),
        *(make_plan_home, plan_people, plan_bare, reserve_people, reserve_bare),
    )
}

if __name__ == "__main__":
    print(json.dumps(PIECES[sys.argv[1]](**json.loads(sys.argv[2]))))
