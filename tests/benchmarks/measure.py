"""What a process takes: wall time, CPU time and the most memory it held at once."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took. `answer` is the JSON object that it printed."""

    process_seconds: float
    process_cpu_seconds: float
    peak_bytes: int
    answer: dict[str, Any]

    @property
    def seconds(self) -> float:
        """Wall time of the work itself, without the start of Python and its imports."""
        return float(self.answer["seconds"])

    @property
    def cpu_seconds(self) -> float:
        """CPU time, user and system, of the work itself."""
        return float(self.answer["cpu_seconds"])


def work(name: str, **given: object) -> Cost:
    """Run one of the pieces of work in work.py, in a process of its own."""
    return _cost(["-m", "tests.benchmarks.work", name, json.dumps(given, default=str)])


def command(*words: str) -> Cost:
    """Run a command of the product, with --json, as a user does."""
    return _cost(["-m", "pipelines", *words, "--json"])


def median(costs: list[Cost], of: Callable[[Cost], float]) -> float:
    """Return the middle one of a figure of several runs."""
    return statistics.median(of(cost) for cost in costs)


def say(text: str) -> None:
    """Report progress on stderr: the table alone goes to stdout."""
    print(text, file=sys.stderr, flush=True)


def _cost(arguments: list[str]) -> Cost:
    # The most memory of a child counts from this process's own at its start, so nothing heavy is imported here.
    before = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, env=_surroundings())
    assert process.stdout is not None
    text = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"python {' '.join(arguments)} ended with {process.returncode}; what it said stands above.")
    cpu = used.ru_utime + used.ru_stime
    return Cost(time.perf_counter() - before, cpu, used.ru_maxrss * _MAXRSS_UNIT, json.loads(text.splitlines()[-1]))


def _surroundings() -> Mapping[str, str]:
    """The environment without the product's own settings, which would change what is measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CLEAR_TO_SEND_")}
