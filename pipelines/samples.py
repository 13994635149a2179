"""Sample logs: webhook deliveries of two Pages over some months, drawn by seed and written in constant memory."""

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

from pipelines import DATA

EVENTS_IN_MEMORY = 300_000
"""What one slice of the log holds in memory: about 150 MB of lines."""

_ONCE = ("00_draws", "01_shape", "02_days", "03_slots", "04_stores", "05_json")
_PEOPLE = ("10_sessions", "11_exchanges", "12_optins", "13_subscriptions")
_LINES = ("15_sends", "16_items_of_conversations", "17_items_of_permissions", "18_lines", "19_write")

Parameters = Mapping[str, int | str]


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
    compression: int = 0,
    threads: int | None = None,
) -> SampleSummary:
    """Write log segments into `folder`, made if missing, and count what was written.

    `events` is met within 3 %, less closely below 10,000 or over few days. `ends_at` is UTC, as is a naive moment: the
    last event lies just before it, the first `days` earlier. `segments` is the least number of files, where there are
    days enough. `compression` is a level of zstd; 0 leaves the files plain. The same arguments give the same bytes,
    whatever the number of `threads`. Files of the same names are replaced; others in the folder stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ends_ms = _milliseconds(ends_at)
    log: Parameters = {
        "seed": seed,
        "events": events,
        "days": days,
        "segments": max(1, min(max(segments, -(-events // EVENTS_IN_MEMORY)), days // 2)),
        "starts_ms": ends_ms - days * 86_400_000,
        "ends_ms": ends_ms,
        "shape": json.dumps(_toml("sample.toml"), default=str),
        "texts": json.dumps(_escaped(_toml("texts.toml"))),
    }
    with tempfile.TemporaryDirectory(prefix=".sample-", dir=folder.parent) as spill:
        settings: dict[str, Any] = {"temp_directory": spill, "memory_limit": "1GB"}
        with duckdb.connect(config=settings | ({"threads": threads} if threads else {})) as connection:
            for name in _ONCE:
                _run(connection, name, log)
            parts = [_write_slice(connection, part, folder, compression) for part in _slices(connection, log)]
    return _summary(parts)


def _slices(connection: duckdb.DuckDBPyConnection, log: Parameters) -> Iterator[Parameters]:
    """Yield one slice's parameters after another: its days, and the stretch of time [from_ms, until_ms) it writes."""
    from_ms = log["starts_ms"]
    for slice_no, first_day, last_day, last_day_ms, is_last in _rows(connection, "06_slices", {}):
        # People's days begin up to 14 hours before the UTC day, so of a slice's last day only the start is certain.
        until_ms = log["ends_ms"] if is_last else last_day_ms
        drawn: Parameters = {"slice_no": slice_no, "first_day": first_day, "last_day": last_day}
        yield {**drawn, "from_ms": from_ms, "until_ms": until_ms}
        from_ms = until_ms


def _write_slice(
    connection: duckdb.DuckDBPyConnection, part: Parameters, folder: Path, compression: int
) -> SampleSummary:
    """Draw one slice, write its lines into one file, and leave behind only what arrives later."""
    begins = datetime.fromtimestamp(int(part["from_ms"]) / 1000, UTC)
    path = folder / f"{begins:%Y-%m-%dT%H-%M-%SZ}.jsonl"
    for name in _PEOPLE:
        _run(connection, name, part)
    # One after another: what a campaign has spent, the next one cannot.
    for (campaign_no,) in _rows(connection, "14_campaigns_due", part):
        _run(connection, "14_campaign", {"campaign_no": campaign_no})
    for name in _LINES:
        _run(connection, name, {**part, "path": str(path)})
    [counts] = _rows(connection, "20_count", part)
    _run(connection, "21_carry", part)
    return SampleSummary((_compressed(path, compression) if compression else path,), *counts)


def _run(connection: duckdb.DuckDBPyConnection, name: str, parameters: Parameters) -> None:
    """Run each statement of a file with those parameters that it names."""
    for statement in connection.extract_statements(_sql(name)):
        connection.execute(statement, {key: parameters[key] for key in statement.named_parameters})


def _rows(connection: duckdb.DuckDBPyConnection, name: str, parameters: Parameters) -> list[tuple[Any, ...]]:
    _run(connection, name, parameters)
    return connection.fetchall()


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


def _compressed(path: Path, level: int) -> Path:
    """Replace a file by its .zst."""
    target = path.with_name(f"{path.name}.zst")
    with path.open("rb") as plain, target.open("wb") as packed:
        zstandard.ZstdCompressor(level=level).copy_stream(plain, packed, size=path.stat().st_size)
    path.unlink()
    return target


def _escaped(value: Any) -> Any:
    """Spell every text as Meta does inside JSON: ASCII only, and a backslash before each slash."""
    if isinstance(value, str):
        return json.dumps(value)[1:-1].replace("/", "\\/")
    if isinstance(value, dict):
        return {key: _escaped(each) for key, each in value.items()}
    return [_escaped(each) for each in value] if isinstance(value, list) else value


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / "samples" / name).read_text(encoding="utf-8"))


def _sql(name: str) -> str:
    return (DATA / "samples" / f"{name}.sql").read_text(encoding="utf-8")


def _milliseconds(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
