"""What writing sample logs promises: the same by seed, counted to the line, of any size and end."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from pipelines import DATA
from pipelines.samples import SampleSummary, write_logs
from tests.sample_logs import Item, content_key, deliveries, read_items, read_lines

ENDS_AT = datetime(2026, 11, 20, tzinfo=UTC)
HOUR_MS = 3_600_000


class Sample(NamedTuple):
    """A written sample: its summary, its lines, and the events in them."""

    summary: SampleSummary
    lines: list[str]
    items: list[Item]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """20,000 events written exactly as the committed sample was."""
    folder = tmp_path_factory.mktemp("sample") / "logs"
    summary = write_logs(folder, events=20_000, seed=7, ends_at=ENDS_AT, segments=4)
    lines = read_lines(summary.files)
    return Sample(summary, lines, list(read_items(lines)))


def test_committed_sample_is_what_the_generator_writes(sample: Sample) -> None:
    """The logs under data/samples are these 20,000 events, line by line, and small enough to commit."""
    committed = tuple((DATA / "samples" / "logs").glob("*.jsonl.zst"))
    assert read_lines(committed) == sample.lines
    assert sum(path.stat().st_size for path in committed) < 620_000


def test_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    """Neither a second run nor the number of threads changes a byte."""
    once, again = (
        write_logs(tmp_path / str(threads), events=1_000, seed=11, ends_at=ENDS_AT, segments=2, threads=threads)
        for threads in (1, 3)
    )
    assert [path.read_bytes() for path in once.files] == [path.read_bytes() for path in again.files]
    assert [path.name for path in once.files] == [path.name for path in again.files]


def test_another_seed_gives_another_sample(tmp_path: Path) -> None:
    """Two seeds share neither people nor tokens, though their shape is the same."""
    mine, other = (
        write_logs(tmp_path / str(seed), events=2_000, seed=seed, ends_at=ENDS_AT, segments=1) for seed in (1, 2)
    )
    tokens = [re.findall(r'one_time_notif_token":"(\d+)"', "\n".join(read_lines(part.files))) for part in (mine, other)]
    assert set(tokens[0]).isdisjoint(tokens[1])
    assert mine.events == pytest.approx(other.events, rel=0.15)


def test_every_line_is_a_delivery_torn_or_junk(sample: Sample) -> None:
    """The summary counts the lines. A torn line is the beginning of the next one: Meta sent that delivery again."""
    summary, whole = sample.summary, sum(1 for _ in deliveries(sample.lines))
    assert summary.lines == len(sample.lines) == whole + summary.torn_lines + summary.junk_lines
    pairs = zip(sample.lines, sample.lines[1:], strict=False)
    assert sum(line != following and following.startswith(line) for line, following in pairs) == summary.torn_lines > 0
    assert summary.junk_lines > 0


def test_events_and_duplicates_add_up(sample: Sample) -> None:
    """Distinct events and those that came before are all there is; of the first there are as many as asked for."""
    distinct = {content_key(item) for item in sample.items}
    assert len(distinct) == sample.summary.events == pytest.approx(20_000, rel=0.03)
    assert len(sample.items) - len(distinct) == sample.summary.duplicates


def test_repeats_come_later_within_36_hours(sample: Sample) -> None:
    """Meta's redelivery is the very same event under a later entry.time; some are copies on the standby channel."""
    first: dict[str, Item] = {}
    gaps, copies = [], 0
    for item in sorted(sample.items, key=lambda item: item.received_ms):
        before = first.setdefault(content_key(item), item)
        if before is not item:
            gaps.append(item.received_ms - before.received_ms)
            copies += (before.channel, item.channel) == ("messaging", "standby")
    assert min(gaps) > 0
    assert max(gaps) <= 36 * HOUR_MS
    assert copies == sample.summary.standby_copies > 0


@pytest.mark.deep
def test_compressed_segments_hold_the_same_lines(tmp_path: Path) -> None:
    """Compression changes the names and nothing else, and no plain file stays behind."""
    plain = write_logs(tmp_path / "plain", events=1_000, seed=3, ends_at=ENDS_AT, days=30, segments=2)
    packed = write_logs(tmp_path / "packed", events=1_000, seed=3, ends_at=ENDS_AT, days=30, segments=2, compression=3)
    assert read_lines(packed.files) == read_lines(plain.files)
    assert {path.name for path in (tmp_path / "packed").iterdir()} == {f"{path.name}.zst" for path in plain.files}
    assert replace(packed, files=()) == replace(plain, files=())


@pytest.mark.parametrize("events", [1, pytest.param(500, marks=pytest.mark.deep)])
def test_tiny_samples_work(tmp_path: Path, events: int) -> None:
    """A handful of events is a sample too, and nothing but the segments is left in the folder's parent."""
    summary = write_logs(tmp_path / "logs", events=events, seed=5, ends_at=ENDS_AT, segments=2)
    assert summary.events > 0
    assert len(read_lines(summary.files)) == summary.lines
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


def test_a_sample_may_end_at_any_moment_and_last_any_number_of_days(tmp_path: Path) -> None:
    """The last event lies just before the end, also in the middle of a day; segments are named by time."""
    ends_at = datetime(2027, 3, 2, 20, 17, 5, 120_000, tzinfo=UTC)
    summary = write_logs(tmp_path, events=4_000, seed=5, ends_at=ends_at, days=30, segments=2)
    arrived = [item.received_ms for item in read_items(read_lines(summary.files))]
    assert 0 < ends_at.timestamp() * 1000 - max(arrived) < 12 * HOUR_MS
    assert summary.files[0].name == "2027-01-31T20-17-05Z.jsonl"
