"""The worked cases of tests/lint/cases, as tests read them. Times are naive UTC."""

import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.lint.message import Message

SENT_AT = datetime(2025, 9, 1, 9)
"""When a case that names no `sent_at` goes out: a day on which every lane was open."""

_KEYS = {"name", "expect", "never", "verdict"}


@dataclass(frozen=True)
class Case:
    """A message; the rules that must be found, with their severity ("" for any); those that must not; the verdict."""

    name: str
    message: Message
    expect: dict[str, str] = field(default_factory=dict)
    never: tuple[str, ...] = ()
    verdict: str = ""


def cases() -> list[Case]:
    """Read every case, in the order of files and of their lines."""
    files = sorted((Path(__file__).parent / "cases").glob("*.toml"))
    return [_case(file.stem, entry) for file in files for entry in tomllib.loads(file.read_text("utf-8"))["case"]]


def _case(subject: str, entry: dict[str, Any]) -> Case:
    fields = {"sent_at": SENT_AT} | {key: value for key, value in entry.items() if key not in _KEYS}
    return Case(
        f"{subject}: {entry['name']}",
        Message(**fields),
        entry.get("expect", {}),
        tuple(entry.get("never", ())),
        entry.get("verdict", ""),
    )
