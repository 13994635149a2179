"""A stopwatch for a piece of work."""

import time
from collections.abc import Callable
from typing import Any


def timer() -> Callable[[], dict[str, Any]]:
    """Return what tells the wall and CPU time since now."""
    wall, cpu = time.perf_counter(), time.process_time()
    return lambda: {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
