"""The progress bar of a load, on stderr: bytes, events a second, time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from pipelines.load.summary import LoadSummary

Report = Callable[[str, int, LoadSummary], None]


@contextmanager
def load_progress(sizes: dict[str, int], console: Console) -> Iterator[Report]:
    """
    Yield what the loader calls after each chunk with (file, bytes of it read, summary so far).

    `sizes` maps each file to its bytes on disk; standard input has none, and then the bar only turns.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[file]}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        total = sum(sizes.values()) or None
        task = bar.add_task("load", total=total, file="", rate="")
        done: dict[str, int] = {}

        def report(file: str, position: int, summary: LoadSummary) -> None:
            done[file] = position
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = f"{summary.events / elapsed:,.0f} events/s" if elapsed > 0.5 else ""
            bar.update(task, completed=sum(done.values()), file=file.rsplit("/", 1)[-1], rate=rate)

        yield report
