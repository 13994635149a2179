"""Sample logs: webhook deliveries of two Pages over some months, drawn by seed, written slice by slice in constant memory."""

import json
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import zstandard

from pipelines.resources import data_path

EVENTS_IN_MEMORY = 300_000
"""What one slice of the log holds in memory: about 150 MB of lines."""

_ONCE = ("00_draws", "01_shape", "02_days", "03_slots", "04_stores")
_EACH_SLICE = (
    "10_sessions",
    "11_exchanges",
    "12_optins",
    "13_subscriptions",
    "14_items_of_conversations",
    "15_items_of_permissions",
    "16_lines",
    "17_write",
)


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What was written. A line is a delivery, a torn one or junk; a delivery may hold several events."""

    files: tuple[Path, ...]
    lines: int
    events: int
    """Distinct events."""
    duplicates: int
    """Events that had come before: sent again, or copies of a message on the standby channel."""
    standby_copies: int
    """Of the duplicates, the copies on the standby channel."""
    torn_lines: int
    junk_lines: int
    """Lines that are neither torn nor a delivery with entries."""


def write_logs(
    folder: Path,
    *,
    events: int,
    seed: int,
    ends_at: datetime,
    days: int = 429,
    segments: int = 6,
    compress: bool = False,
    threads: int | None = None,
) -> SampleSummary:
    """Write log segments into `folder`, made if missing, and count what was written.

    `events` is met within some percent. `ends_at` is UTC, as is a naive moment: the last event lies just before it, the
    first `days` earlier. `segments` is the least number of files, where there are days enough. The same arguments give
    the same bytes, whatever the number of `threads`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    last = ends_at.replace(tzinfo=UTC) if ends_at.tzinfo is None else ends_at.astimezone(UTC)
    log: dict[str, object] = {
        "seed": seed,
        "events": events,
        "days": days,
        "segments": max(1, min(max(segments, -(-events // EVENTS_IN_MEMORY)), days // 2)),
        "starts_ms": _milliseconds(last - timedelta(days=days)),
        "ends_ms": _milliseconds(last),
        "shape": json.dumps(_toml("sample.toml"), default=str),
        "texts": json.dumps(_escaped(_toml("texts.toml"))),
    }
    with tempfile.TemporaryDirectory(prefix=".sample-", dir=folder.parent) as spill:
        settings: dict[str, str | int] = {"temp_directory": spill, "memory_limit": "1GB"}
        with duckdb.connect(config=settings | ({"threads": threads} if threads else {})) as connection:
            for name in _ONCE:
                _run(connection, name, log)
            parts = [_write_slice(connection, each, folder, compress) for each in _slices(connection, log)]
    return _summary(parts)


def _slices(connection: duckdb.DuckDBPyConnection, log: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """Yield one slice's parameters after another: its days, and the stretch of time [from_ms, until_ms) it writes."""
    rows = connection.sql("SELECT slice_no, first_day, last_day, last_day_ms, is_last FROM slices ORDER BY slice_no").fetchall()
    from_ms = log["starts_ms"]
    for slice_no, first_day, last_day, last_day_ms, is_last in rows:
        # People's days begin up to 14 hours before or after the UTC day: what a slice's last day brings is not yet whole.
        until_ms = log["ends_ms"] if is_last else last_day_ms
        yield {"slice_no": slice_no, "first_day": first_day, "last_day": last_day, "from_ms": from_ms, "until_ms": until_ms}
        from_ms = until_ms


def _write_slice(
    connection: duckdb.DuckDBPyConnection, part: Mapping[str, object], folder: Path, compress: bool
) -> SampleSummary:
    """Draw one slice, write its lines into one file, and leave behind only what arrives later."""
    begins = datetime.fromtimestamp(int(str(part["from_ms"])) // 1000, UTC)
    path = folder / f"{begins:%Y-%m-%dT%H-%M-%SZ}.jsonl"
    for name in _EACH_SLICE:
        _run(connection, name, {**part, "path": str(path)})
    row = connection.execute(_sql("18_count")).fetchone()
    assert row is not None  # noqa: S101  an aggregate always gives its row
    _run(connection, "19_carry", part)
    return SampleSummary((_compressed(path) if compress else path,), *row)


def _run(connection: duckdb.DuckDBPyConnection, name: str, parameters: Mapping[str, object]) -> None:
    """Run each statement of a file with those parameters that it names."""
    for statement in connection.extract_statements(_sql(name)):
        connection.execute(statement, {key: parameters[key] for key in statement.named_parameters})


def _compressed(path: Path) -> Path:
    """Replace a file by its .zst, the smaller for taking its time."""
    target = path.with_name(f"{path.name}.zst")
    with path.open("rb") as plain, target.open("wb") as packed:
        zstandard.ZstdCompressor(level=12).copy_stream(plain, packed, size=path.stat().st_size)
    path.unlink()
    return target


def _summary(parts: list[SampleSummary]) -> SampleSummary:
    return SampleSummary(
        files=tuple(path for part in parts for path in part.files),
        lines=sum(part.lines for part in parts),
        events=sum(part.events for part in parts),
        duplicates=sum(part.duplicates for part in parts),
        standby_copies=sum(part.standby_copies for part in parts),
        torn_lines=sum(part.torn_lines for part in parts),
        junk_lines=sum(part.junk_lines for part in parts),
    )


def _escaped(value: Any) -> Any:
    """Spell every text as Meta does inside JSON: ASCII only, and a backslash before each slash."""
    if isinstance(value, str):
        return json.dumps(value)[1:-1].replace("/", "\\/")
    if isinstance(value, dict):
        return {key: _escaped(each) for key, each in value.items()}
    return [_escaped(each) for each in value] if isinstance(value, list) else value


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(data_path("samples", name).read_text(encoding="utf-8"))


def _sql(name: str) -> str:
    return data_path("samples", f"{name}.sql").read_text(encoding="utf-8")


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
