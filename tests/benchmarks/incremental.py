"""10,000 new events into a big warehouse, against the same into a small one."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from tests.benchmarks.measure import Cost, command, median, say, work
from tests.benchmarks.table import Row, ratio
from tests.benchmarks.workspace import ENDS_AT, Workspace

NEW_LINES = 10_000
SMALL_LINES = 200_000
ROUNDS = 5
_BLOCK = 1 << 20


def incremental(space: Workspace) -> list[Row]:
    """
    Compare the loads, and the whole commands, by the median of several new logs.

    A log's last lines are held back as the new ones, the lines before them fill the small warehouse, and all but the
    new ones the big one: the new events mean the same people and tokens in both.
    """
    files = [Path(file) for file in space.logs(space.big)]
    say("  holding back the newest lines ...")
    small, *new = _cut_tail(files, [SMALL_LINES, *[NEW_LINES] * ROUNDS], space.new("tail"))
    say(f"  loading {space.big:,} events ...")
    big_home, small_home = space.new("big-home"), space.new("small-home")
    whole = work("load", home=big_home, files=[*map(str, files), str(small)], as_of=ENDS_AT.isoformat())
    before = work("load", home=small_home, files=[str(small)], as_of=ENDS_AT.isoformat())
    space.drop_logs(space.big)
    into_big, into_small = [], []
    for number, log in enumerate(new, start=1):
        say(f"  {NEW_LINES:,} new events into both: round {number} of {ROUNDS} ...")
        into_small.append(_load(log, small_home))
        into_big.append(_load(log, big_home))
    sizes = f"into {whole.answer['events']:,}, against into {before.answer['events']:,}"
    space.new("big-home")
    return [
        _row(f"{NEW_LINES:,} new events {sizes}: the load", into_big, into_small, lambda cost: cost.seconds),
        _row("the same: the whole command", into_big, into_small, lambda cost: cost.process_seconds),
    ]


def _load(log: Path, home: Path) -> Cost:
    return command("load", str(log), "--home", str(home), "--as-of", ENDS_AT.isoformat())


def _row(what: str, big: list[Cost], small: list[Cost], seconds: Callable[[Cost], float]) -> Row:
    walls = [median(costs, seconds) for costs in (big, small)]
    cpus = [median(costs, lambda cost: cost.process_cpu_seconds) for costs in (big, small)]
    measured, baseline = (f"{wall:.2f} s" for wall in walls)
    return Row(what, measured, baseline, ratio(walls[0] / walls[1], cpus[0] / cpus[1]), "≤ 2 x")


def _cut_tail(files: list[Path], counts: list[int], folder: Path) -> list[Path]:
    """
    Move the last lines of a log, given as files in order of time, into new files of `counts` lines each.

    Files that give all their lines vanish, from `files` too. Raises SystemExit if the log is too short.
    """
    folder.mkdir()
    wanted = sum(counts)
    held: list[Path] = []
    while wanted > 0 and files:
        held.insert(0, files.pop())
        wanted -= _count_lines(held[0])
    if wanted > 0:
        raise SystemExit(f"--big is too small: the log lacks {wanted:,} lines. Give at least {2 * sum(counts):,}.")
    lines = _lines(held)
    rest = _write(folder / "rest.jsonl", islice(lines, -wanted))
    parts = [_write(folder / f"part-{number}.jsonl", islice(lines, count)) for number, count in enumerate(counts)]
    files.append(rest)
    return parts


def _lines(files: list[Path]) -> Iterator[bytes]:
    for file in files:
        with file.open("rb") as lines:
            yield from lines


def _write(path: Path, lines: Iterator[bytes]) -> Path:
    with path.open("wb") as file:
        file.writelines(lines)
    return path


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))
