"""`python -m tests.benchmarks`: run them all, and print one Markdown table for the README."""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.dispatching import dispatching
from tests.benchmarks.forecasting import forecasting
from tests.benchmarks.generator import sample_logs
from tests.benchmarks.incremental import incremental
from tests.benchmarks.linting import linting
from tests.benchmarks.loading import full_load, memory
from tests.benchmarks.measure import say
from tests.benchmarks.pages import pages
from tests.benchmarks.planning import planning
from tests.benchmarks.receive import receiving
from tests.benchmarks.receive_app import receiving_in_the_app
from tests.benchmarks.table import Row, machine, markdown
from tests.benchmarks.workspace import Workspace

BENCHMARKS: dict[str, Callable[[Workspace], list[Row]]] = {
    "load": full_load,
    "memory": memory,
    "sample": sample_logs,
    "incremental": incremental,
    "pages": pages,
    "lint": linting,
    "forecast": forecasting,
    "plan": planning,
    "dispatch": dispatching,
    "receive": receiving,
    "app": receiving_in_the_app,
}


def main() -> None:
    """Run the benchmarks that the command line names."""
    given = _command_line()
    rows: list[Row] = []
    try:
        with tempfile.TemporaryDirectory(prefix="clear-to-send-bench-") as folder:
            space = Workspace(Path(folder), given.events, given.big)
            for name in [given.only] if given.only else BENCHMARKS:
                say(f"{name}:")
                rows += BENCHMARKS[name](space)
    finally:
        print(f"{markdown(rows)}\n\nOn {machine()}")


def _command_line() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Works in a temporary folder (set TMPDIR to choose its disk: 20 million events take about 10 GB).",
    )
    parser.add_argument("--events", type=int, default=2_000_000, help="of the full load (%(default)s)")
    parser.add_argument("--big", type=int, default=20_000_000, help="events of the big warehouse (%(default)s)")
    parser.add_argument("--only", choices=BENCHMARKS, metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}")
    return parser.parse_args()


if __name__ == "__main__":
    main()
