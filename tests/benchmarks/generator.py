"""The generator of sample logs."""

from tests.benchmarks.table import Row
from tests.benchmarks.workspace import Workspace


def sample_logs(space: Workspace) -> list[Row]:
    """Tell how fast sample logs are written, plain and on all cores."""
    written = space.written(space.events)
    wall, cpu = (written.answer["events"] / each for each in (written.seconds, written.cpu_seconds))
    what = f"sample logs of {space.events:,} events"
    return [Row(what, f"{wall:,.0f} events/s", "", f"{cpu:,.0f} events per CPU second", "≥ 100,000 events/s")]
