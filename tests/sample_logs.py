"""Reading sample logs back, for the tests about them."""

import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import zstandard


class Item(NamedTuple):
    """One event of one delivery."""

    object: str
    channel: str
    received_ms: int
    content: dict[str, Any]


def read_lines(files: Iterable[Path]) -> list[str]:
    """Return the lines of all files in the order of their names, .zst or plain."""
    lines: list[str] = []
    for path in sorted(files):
        raw = path.read_bytes()
        if path.suffix == ".zst":
            raw = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(raw)).read()
        lines += raw.decode("ascii").splitlines()
    return lines


def deliveries(lines: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the lines that are JSON with an object and at least one entry."""
    for line in lines:
        try:
            body = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(body, dict) and body.get("object") and body.get("entry"):
            yield body


def read_items(lines: list[str]) -> Iterator[Item]:
    """Yield every event of every delivery; `received_ms` is entry.time."""
    for body in deliveries(lines):
        for entry in body["entry"]:
            for channel in ("messaging", "standby", "changes"):
                received_ms = entry["time"] * (1000 if channel == "changes" else 1)
                for content in entry.get(channel, []):
                    yield Item(body["object"], channel, received_ms, content)


def content_key(item: Item) -> str:
    """Return what makes two events the same one: all but when and on which channel they came."""
    return json.dumps(item.content, sort_keys=True)
