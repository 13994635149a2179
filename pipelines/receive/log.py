"""The log that deliveries are appended to, group by group, in segments: for one thread at a time."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pipelines.receive.lines import line_of
from pipelines.receive.segments import Segment


@dataclass(frozen=True, slots=True)
class Limits:
    """What the receiver takes, and when a segment ends."""

    body_bytes: int = 4 << 20
    waiting_bytes: int = 128 << 20
    """Of deliveries that wait for the disk: beyond it the receiver says that it is too busy."""
    segment_bytes: int = 64 << 20
    segment_seconds: float = 3600


@dataclass(frozen=True, slots=True)
class Stored:
    """What a group of deliveries was, now that it is on the disk."""

    at: datetime
    count: int
    malformed: int
    pages: Counter[str] = field(default_factory=Counter)
    """A Page's id -> how many of the deliveries were about it."""


class Log:
    """Appends to a segment until it is full or old, and then to a new one."""

    def __init__(self, folder: Path, clock: Callable[[], datetime], limits: Limits) -> None:
        self._folder, self._clock, self._limits = folder, clock, limits
        self._segment: Segment | None = None
        self._made_at = 0.0

    @property
    def segment(self) -> str | None:
        """The name of the open segment."""
        segment = self._segment
        return segment.path.name if segment else None

    def append(self, deliveries: Sequence[tuple[bytes, bytes]]) -> Stored:
        """Store deliveries, each a body and its signature, in one write and sync. Raises OSError: none is stored."""
        at, lines, malformed, pages = self._clock(), [], 0, Counter[str]()
        for body, _ in deliveries:
            line, ids = line_of(body)
            lines.append(line)
            malformed += ids is None
            pages.update(ids or ())
        stamp = f"{at.isoformat(timespec='milliseconds')}Z ".encode()
        notes = [stamp + signature for _, signature in deliveries]
        segment = self._segment or self._begin(at)
        try:
            segment.append(_ended(lines), _ended(notes))
        except OSError:
            self._segment = None
            segment.give_up()
            raise
        return Stored(at, len(deliveries), malformed, pages)

    def rotate(self, *, is_last: bool = False) -> bool:
        """Close the segment if it is full or old, or the last; return whether one was closed.

        Age is the time that passed, not what the clock shows: that may be set.
        """
        segment = self._segment
        if segment is None:
            return False
        age = time.monotonic() - self._made_at
        if not is_last and segment.length < self._limits.segment_bytes and age < self._limits.segment_seconds:
            return False
        self._segment = None
        segment.close()
        return True

    def _begin(self, at: datetime) -> Segment:
        self._segment, self._made_at = Segment.make(self._folder, at), time.monotonic()
        return self._segment


def _ended(lines: list[bytes]) -> bytes:
    return b"\n".join(lines) + b"\n"
