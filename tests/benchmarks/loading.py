"""A full load: beside a bare CREATE TABLE AS, beside pandas, and the memory that it holds."""

from tests.benchmarks.measure import Cost, median, say, work
from tests.benchmarks.table import Row, ratio, times
from tests.benchmarks.workspace import ENDS_AT, Workspace

ROUNDS = 3
PANDAS_EVENTS = 200_000
GROWTH = 5


def full_load(space: Workspace) -> list[Row]:
    """Load one log in turns with the two other ways of reading it: ratios of rates, over the median of the rounds."""
    files = space.logs(space.events)
    loads, bares, pandas = [], [], []
    for number in range(ROUNDS):
        say(f"  full load, bare CREATE TABLE AS and pandas: round {number + 1} of {ROUNDS} ...")
        loads.append(_load(space, files))
        bares.append(work("bare", path=space.new("bare.duckdb"), files=files))
        pandas.append(work("normalize", files=files, events=min(PANDAS_EVENTS, space.events)))
    events, pandas_events = loads[0].answer["events"], pandas[0].answer["events"]
    ours, what = (loads, events), f"full load of {events:,} events, against"
    return [
        _row(f"{what} a bare `CREATE TABLE AS`", ours, (bares, events), "≥ 0.6 x"),
        _row(f"{what} `pandas.json_normalize` of {pandas_events:,}", ours, (pandas, pandas_events), "≥ 15 x"),
    ]


def memory(space: Workspace) -> list[Row]:
    """Compare the most memory that the process of a load held, for a log and for one five times as long."""
    few, many = space.events, space.events * GROWTH
    say(f"  memory of a load of {few:,} and of {many:,} events ...")
    small = _load(space, space.logs(few)).peak_bytes
    big = _load(space, space.logs(many)).peak_bytes
    space.drop_logs(many)
    what = f"memory of a load of {many:,} events, against {few:,}"
    measured, baseline = (f"{size / 2**30:.2f} GiB" for size in (big, small))
    return [Row(what, measured, baseline, times(big / small), "≤ 2 GiB, and constant")]


def _load(space: Workspace, files: list[str]) -> Cost:
    return work("load", home=space.new("home"), files=files, as_of=ENDS_AT.isoformat())


def _row(what: str, ours: tuple[list[Cost], int], other: tuple[list[Cost], int], target: str) -> Row:
    (ours_wall, ours_cpu), (other_wall, other_cpu) = _rates(*ours), _rates(*other)
    measured, baseline = (f"{rate:,.0f} events/s" for rate in (ours_wall, other_wall))
    return Row(what, measured, baseline, ratio(ours_wall / other_wall, ours_cpu / other_cpu), target)


def _rates(costs: list[Cost], events: int) -> tuple[float, float]:
    """Events per second of wall time, and of CPU time."""
    return events / median(costs, lambda cost: cost.seconds), events / median(costs, lambda cost: cost.cpu_seconds)
