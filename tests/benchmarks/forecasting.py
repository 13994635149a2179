"""The forecast: how good it is on four histories, how long 500 topics take, how fast the page opens on the result."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import say, work
from tests.benchmarks.table import Row, times
from tests.benchmarks.workspace import Workspace

MOMENT = datetime.fromisoformat("2026-11-20T00:00")
TOPICS, DAYS = 500, 400
_SAMPLE_EVENTS = 250_000
_HISTORIES = ("sample", "growing", "seasonal", "bursts")


def forecasting(space: Workspace) -> list[Row]:
    """Judge past forecasts of each history, then forecast many topics and open the page on them."""
    rows: list[Row] = []
    for history in _HISTORIES:
        say(f"  past forecasts of the history {history} ...")
        found = work("judge_forecasts", home=space.new("forecast"), history=history).answer
        rows += _judged(history, found)
    say(f"  {TOPICS} topics over {DAYS} days ...")
    home = space.new("forecast")
    cost = work("forecast_many", home=home, topics=TOPICS, days=DAYS)
    seconds = f"{cost.seconds:.0f} s (CPU {cost.cpu_seconds:.0f} s)"
    rows.append(Row(f"forecast of {TOPICS} topics over {DAYS} days", seconds, "", "", "< 60 s"))
    return [*rows, *_page(work("run_forecast_page", home=home).answer["milliseconds"])]


def judge(home: Path, history: str) -> dict[str, Any]:
    """Forecast a history from its past days; return MASE by measure, and how often the 80 % band was right."""
    from pipelines import DATA
    from pipelines.forecast.backtest import coverage, run_backtest
    from pipelines.forecast.forecast import SEED
    from pipelines.forecast.history import read_history, read_known, read_order
    from pipelines.policy import load_policy
    from pipelines.warehouse import Warehouse

    policy = load_policy(DATA / "policy")
    _fill(home, history)
    with Warehouse.open(home / "warehouse.duckdb") as warehouse:
        cursor = warehouse.cursor()
        known = read_known(cursor, MOMENT)
        assert known is not None
        past = read_history(cursor, known, MOMENT)
        found = run_backtest(cursor, past, policy, {}, read_order(cursor, MOMENT), SEED)
    daily = found.daily.assign(usual=found.daily["scale"] * found.daily["count_days"])
    sums = daily.groupby("measure")[["model_error", "naive_error", "usual"]].sum()
    judged = coverage(found.outcomes)
    topics = judged[judged["topic"].notna()]
    by_measure = topics.groupby("measure")["in_80"].mean()
    return {
        "mase": {name: [row.model_error / row.usual, row.naive_error / row.usual] for name, row in sums.iterrows()},
        "in_80": {**by_measure.to_dict(), "all": topics["in_80"].mean()},
        "outcomes": len(topics),
    }


def fill_many(home: Path, topics: int, days: int) -> None:
    """Write the history of many topics."""
    from pipelines.warehouse import Warehouse
    from tests.forecast.histories import write_history

    with Warehouse.open(home / "warehouse.duckdb") as warehouse:
        write_history(warehouse, "growing", MOMENT, topics=topics, days=days, a_day=600.0)


def open_page(home: Path) -> list[float]:
    """Return the milliseconds of opening the page with other filters each time, but for the first: a server is warm."""
    import dashboard
    from tests.benchmarks.pages import run_page, serve_from

    serve_from(home, MOMENT)
    view = Path(dashboard.__file__).parent / "views" / "forecast.py"
    return [run_page(view, query) for query in _queries()][1:]


def _queries() -> Iterator[dict[str, str]]:
    yield {"measure": "Sends"}
    yield {"part": "What if"}
    yield {"part": "Can it be trusted?"}
    yield {}
    for number in range(20):
        yield (
            {"series": f"topic {number * 17:03d}"}
            if number % 2
            else {"measure": "Died unused", "series": f"topic {number:03d}"}
        )


def _fill(home: Path, history: str) -> None:
    from pipelines import DATA
    from pipelines.load.loader import Loader
    from pipelines.load.sources import find_sources
    from pipelines.policy import load_policy
    from pipelines.samples import write_logs
    from pipelines.settings import read_settings
    from pipelines.warehouse import Warehouse
    from tests.forecast.histories import write_history

    settings = read_settings(home, create=True)
    with Warehouse.open(settings.warehouse_path) as warehouse:
        if history == "sample":
            write_logs(settings.logs_path, events=_SAMPLE_EVENTS, seed=7, ends_at=MOMENT)
            loader = Loader(warehouse, settings, load_policy(DATA / "policy"), MOMENT, lambda *_: None)
            loader.load(find_sources([str(settings.logs_path)]))
        else:
            write_history(warehouse, history, MOMENT)  # type: ignore[arg-type]


def _judged(history: str, found: dict[str, Any]) -> list[Row]:
    words = {"gained": "opt-ins", "spent": "sends"}
    rows = [
        Row(
            f"{history}: MASE of {words[measure]} a day, 28 days ahead, against seasonal naive",
            f"{ours:.2f}",
            f"{naive:.2f}",
            times(ours / naive),
            "≤ 0.9 x",
        )
        for measure, (ours, naive) in found["mase"].items()
    ]
    held, every = found["in_80"]["held"], found["in_80"]["all"]
    said = f"{100 * held:.0f} % of tokens held, {100 * every:.0f} % of all {found['outcomes']:,} outcomes"
    return [*rows, Row(f"{history}: outcomes within the 80 % band", said, "", "", "75 to 88 %")]


def _page(milliseconds: list[float]) -> list[Row]:
    from tests.benchmarks.pages import timed

    return [timed(f"server time of the page Expiry forecast, {TOPICS} topics", milliseconds)]
