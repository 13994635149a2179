"""What a load did, in numbers that add up."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class LoadSummary:
    """lines = event_lines + duplicates + rejects, always. `events` and `duplicate_events` count events, not lines."""

    files: int = 0
    unchanged_files: int = 0
    lines: int = 0
    event_lines: int = 0
    events: int = 0
    duplicates: int = 0
    duplicate_events: int = 0
    rejects: int = 0
    bytes: int = 0
    seconds: float = 0.0
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None
    problems: list[str] = field(default_factory=list)

    def add(self, other: "LoadSummary") -> None:
        """Add what became of one chunk's lines."""
        self.lines += other.lines
        self.event_lines += other.event_lines
        self.events += other.events
        self.duplicates += other.duplicates
        self.duplicate_events += other.duplicate_events
        self.rejects += other.rejects
        self.bytes += other.bytes
        self.first_event_at = min(filter(None, (self.first_event_at, other.first_event_at)), default=None)
        self.last_event_at = max(filter(None, (self.last_event_at, other.last_event_at)), default=None)
