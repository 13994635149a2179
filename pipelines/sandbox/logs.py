"""What the platform knows from the home's log segments: deliveries one a line, junk passed over."""

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard

from pipelines.sandbox.state import State

_WRAPPERS = ("body", "payload", "message")  # where a log shipper puts the delivery
_SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst")

_decode = json.JSONDecoder().decode


def learn_from_logs(state: State, folder: Path, now: int) -> int:
    """Take in every segment under a folder and return how many events they held."""
    events = 0
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(_SUFFIXES) and path.is_file():
            for delivery in _deliveries(path):
                events += state.learn(delivery, now)
    return events


def _deliveries(path: Path) -> Iterator[dict[str, Any]]:
    for line in _lines(path):
        try:
            value = _decode(line.decode())  # json.loads would look for other encodings than UTF-8 first
        except ValueError:
            continue
        delivery = _unwrapped(value)
        if delivery is not None:
            yield delivery


def _lines(path: Path) -> Iterator[bytes]:
    """Give a file's lines; a compressed file that breaks off gives those before the break."""
    with path.open("rb") as raw:
        stream: io.BufferedIOBase = raw
        if path.suffix == ".gz":
            stream = gzip.GzipFile(fileobj=raw)
        elif path.suffix == ".zst":
            reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
            stream = io.BufferedReader(reader, 1 << 20)
        try:
            yield from stream
        except (EOFError, OSError, zlib.error, zstandard.ZstdError):
            return


def _unwrapped(value: object) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    if "entry" in value:
        return value
    for name in _WRAPPERS:
        inner = value.get(name)
        if isinstance(inner, str):
            try:
                inner = json.loads(inner)
            except ValueError:
                continue
        if isinstance(inner, dict) and "entry" in inner:
            return inner
    return None
