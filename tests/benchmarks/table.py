"""The table that a run prints, and the line that says on what machine."""

import os
import platform
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

HEADINGS = ("what", "measured", "baseline", "ratio", "target")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, each cell as it reads."""

    what: str
    measured: str
    baseline: str
    ratio: str
    target: str


def markdown(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [HEADINGS, ("---",) * len(HEADINGS)]
    lines += [(row.what, row.measured, row.baseline, row.ratio, row.target) for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def ratio(wall: float, cpu: float) -> str:
    """Return a ratio of wall times, and the ratio of CPU times, which other users of the machine disturb less."""
    return f"{times(wall)} (CPU {times(cpu)})"


def times(value: float) -> str:
    """Return a ratio as it reads: two digits that mean something."""
    return f"{value:.0f} x" if value >= 10 else f"{value:.1f} x" if value >= 3 else f"{value:.2f} x"


def machine() -> str:
    """Say what ran this."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{_cores()} cores ({_processor()}), {memory:.0f} GiB of memory, {platform.system()}; "
        f"Python {platform.python_version()}, DuckDB {version('duckdb')}, pandas {version('pandas')}."
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
