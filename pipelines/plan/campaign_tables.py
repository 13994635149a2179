"""The tables of a campaign → typed values, with every fault noted, so that a file or a form is mended in one go.

A file's faults stand beside its lines; those of a form (pipelines/plan/form.py) beside its fields.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Protocol

from pipelines.errors import UsageError

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"\s*\"?([\w.-]+)\"?\s*=")
_STEP_UP = re.compile(r"(\[\d+\]|\.[^.\[]+)$")
_DURATION = re.compile(r"(\d{1,5})\s*([wdhm])")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?")
_DATE_AND_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
UNITS = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


class FaultList(Protocol):
    """Where faults are noted."""

    @property
    def is_of_file(self) -> bool:
        """Whether the values stand in a file, and not in the fields of a page."""

    def add(self, where: str, message: str) -> None:
        """Note a fault of the key `where`, such as `audience.topics` or `button[2].url`."""


class Faults:
    """All that is wrong with one file."""

    is_of_file = True

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = key_lines(text)
        self._found: list[tuple[int, str]] = []

    def add(self, where: str, message: str) -> None:
        """Note a fault of the key `where`, such as `audience.topics` or `button[2].url`."""
        line = self._line(where)
        place = f"{self._path}, line {line}" if line else f"{self._path}"
        self._found.append((line, f"{place}: {where}: {message}"))

    def raise_any(self) -> None:
        """Raise one UsageError that lists every fault in the order of the file, if there is any."""
        if self._found:
            count = len(self._found)
            head = f"{self._path} is not a campaign yet; mend {'this' if count == 1 else f'these {count} places'}:"
            listed = [message for _, message in sorted(self._found, key=lambda fault: fault[0])]
            raise UsageError("\n- ".join([head, *listed]))

    def _line(self, where: str) -> int:
        while where not in self._lines:
            shorter = _STEP_UP.sub("", where)
            if shorter == where:
                return 0
            where = shorter
        return self._lines[where]


class Table:
    """One table of a file or a form. Each reader returns the value, or what stands for none after noting the fault."""

    def __init__(
        self, values: Mapping[str, Any], where: str, keys: Iterable[str], faults: FaultList, above: Iterable[str] = ()
    ) -> None:
        """Note every key that is none of `keys`; those of the table `above` are the ones that slip into this one."""
        self._values = values
        self._prefix = f"{where}." if where else ""
        self._keys = keys
        self._faults = faults
        for key in values.keys() - set(keys):
            hint = " Write it above the first table." if key in above else near(key, keys)
            self.fault(key, f"is no key here.{hint} Allowed are {', '.join(keys)}.")

    def __contains__(self, key: object) -> bool:
        """Whether the table has that key."""
        return key in self._values

    def fault(self, key: str, message: str) -> None:
        """Note what is wrong with a key and what to do."""
        self._faults.add(self._prefix + key, message)

    def either(self, in_file: str, in_form: str) -> str:
        """Return the words for whoever writes a file, or for whoever fills in a form."""
        return in_file if self._faults.is_of_file else in_form

    def text(self, key: str, *, needed: bool = False) -> str:
        """Return a text without space around it; '' for none."""
        value = self._values.get(key, "")
        if not isinstance(value, str):
            self.fault(key, f'must be text; put it in quotes, as in {key} = "{value}".')
        elif not value.strip() and (needed or key in self):
            self.fault(key, "is missing; write it." if key not in self else "is empty; write something or remove it.")
        else:
            return value.strip()
        return ""

    def choice(self, key: str, allowed: Iterable[str], *, needed: bool = False) -> str:
        """Return one of the allowed words; '' for none."""
        value = self.text(key, needed=needed)
        if value and value not in allowed:
            self.fault(key, f'"{value}" is none of {", ".join(allowed)}.{near(value, allowed)}')
            return ""
        return value

    def texts(self, key: str, *, once: bool = True) -> tuple[str, ...]:
        """Return a list of texts, which may repeat itself unless each is to stand in it `once`."""
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fault(key, f'must be a list of texts, as in {key} = ["one", "two"].')
            return ()
        if not all(item.strip() for item in value):
            self.fault(key, "one of them is empty; write something there, or remove it.")
            return ()
        stripped = tuple(item.strip() for item in value)
        for item in sorted({item for item in stripped if once and stripped.count(item) > 1}):
            self.fault(key, f'names "{item}" twice; name it once.')
        return stripped

    def duration(self, key: str, *, needed: bool = False) -> timedelta | None:
        """Return a span of time."""
        value = self.text(key, needed=needed)
        if not value:
            return None
        match = _DURATION.fullmatch(value)
        if match and int(match[1]):
            return int(match[1]) * UNITS[match[2]]
        self.fault(key, f'"{value}" is no duration; write "30m", "24h", "7d" or "2w".')
        return None

    def moment(self, key: str) -> datetime | None:
        """Return a moment as naive UTC; one without a zone is UTC already."""
        value = self._values.get(key)
        if value is None:
            return None
        if isinstance(value, str):
            value = _moment_of(value)
        if not isinstance(value, datetime):
            self.fault(key, "must be a date with its time, such as 2026-12-01T09:00:00Z.")
            return None
        try:
            return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        except OverflowError:
            self.fault(key, "lies outside the years that can be reckoned with; write another date.")
            return None

    def clock(self, key: str) -> time | None:
        """Return a time of day."""
        value = self._values.get(key)
        if isinstance(value, time):
            return value
        if isinstance(value, str) and _CLOCK.fullmatch(value):
            return time.fromisoformat(value)
        self.fault(key, 'must be a time of day, such as "21:00".')
        return None

    def number(self, key: str) -> float | None:
        """Return a number."""
        value = self._values.get(key)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        self.fault(key, "must be a number without quotes.")
        return None

    def count(self, key: str) -> int | None:
        """Return a whole number from 1 up."""
        value = self._values.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
        self.fault(key, "must be a whole number from 1 up, such as 2.")
        return None

    def table(self, key: str, keys: Iterable[str]) -> "Table | None":
        """Return the table [key], which may have those keys."""
        value = self._values.get(key)
        if value is None or isinstance(value, dict):
            return None if value is None else Table(value, self._prefix + key, keys, self._faults, self._keys)
        self.fault(key, f"must be a table: write [{key}] on a line of its own, and below it its keys.")
        return None

    def tables(self, key: str, keys: Iterable[str]) -> list["Table"]:
        """Return the tables [[key]], each of which may have those keys."""
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fault(key, f"must be tables: write [[{key}]] on a line of its own for each, and below it its keys.")
            return []
        return [
            Table(item, f"{self._prefix}{key}[{number}]", keys, self._faults, self._keys)
            for number, item in enumerate(value, start=1)
        ]


def read_toml(path: Path) -> tuple[dict[str, Any], Faults]:
    """Read a TOML file, and make the list for its faults. Raises UsageError for what is no TOML at all."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        msg = f"There is no campaign file {path}. Name one that exists; data/samples/campaign.toml is an example."
        raise UsageError(msg) from None
    except UnicodeDecodeError as error:
        msg = f"{path} is not UTF-8 text (at byte {error.start}). Save it as UTF-8."
        raise UsageError(msg) from None
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}. Name a TOML file that you may read."
        raise UsageError(msg) from None
    try:
        return tomllib.loads(text), Faults(path, text)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of thousands of digits
        msg = f"{path} is not valid TOML: {error}. Correct that place; texts stand in quotes."
        raise UsageError(msg) from None


def _moment_of(text: str) -> datetime | None:
    """Return the moment that an ISO text says; None where it does not say the hour, or is none."""
    try:
        return datetime.fromisoformat(text) if _DATE_AND_TIME.fullmatch(text) else None
    except ValueError:
        return None


def near(word: str, known: Iterable[str]) -> str:
    """Return a sentence with the known words that a word was perhaps meant to be, or ''."""
    written = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word.lower(), written)
    return f" Did you mean {' or '.join(written[each] for each in found)}?" if found else ""


def key_lines(text: str) -> dict[str, int]:
    """Return the line of each table and key, as `audience`, `audience.topics` or `button[2].url`."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix = ""
    in_text = False  # within a text of several lines, where nothing is a key
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header and not in_text:
            name = header[2]
            if header[1] == "[[":
                counts[name] = counts.get(name, 0) + 1
                lines.setdefault(name, number)
                name = f"{name}[{counts[name]}]"
            lines.setdefault(name, number)
            prefix = f"{name}."
        elif key and not in_text:
            lines.setdefault(prefix + key[1], number)
        in_text ^= (line.count('"""') + line.count("'''")) % 2 == 1
    return lines
