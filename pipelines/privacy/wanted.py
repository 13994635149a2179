"""What is to be erased from the logs: one person's items, or the items that the loader would not take any more."""

import base64
import json
import re
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from pipelines.load.erased import Erased, person_hash
from pipelines.load.mend import LISTS
from pipelines.privacy.items import Event, event_of

_PACKED = b'"body_base64"'


class Wanted(Protocol):
    """Says of events, and of lines that hold none, whether they are to go.

    `oldest` is when the oldest was, by kind, of those that stay but are not kept for ever; whoever reads it empties it.
    """

    oldest: dict[str, datetime]

    def may_be_in(self, line: bytes) -> bool:
        """Say whether it is worth reading a line."""

    def takes(self, event: Event) -> bool:
        """Say whether an event is to go."""

    def takes_line(self, line: bytes) -> bool:
        """Say whether a line that nobody can read is to go."""

    def masked(self, line: bytes) -> bytes:
        """Return what stays of a line, without what it quotes of the person; of the same length."""


class OnePerson:
    """All of one person up to a moment; `pages` None means on every Page."""

    def __init__(self, psid: str, pages: frozenset[str] | None, until: datetime) -> None:
        self.psid, self._pages, self._until = psid, pages, until
        self._plain = psid.encode()
        self.oldest: dict[str, datetime] = {}
        # An escape may end with digits: \u00e9 before the id is a letter.
        self._quoted = re.compile(rb"(?:(?<![0-9])|(?<=\\u[0-9a-fA-F]{4}))" + self._plain + rb"(?![0-9])")

    def may_be_in(self, line: bytes) -> bool:
        """Without the id in it there is nothing to find."""
        return self._plain in line or _PACKED in line

    def takes(self, event: Event) -> bool:
        """Take what is theirs."""
        return (
            event.psid == self.psid
            and (self._pages is None or event.page_id in self._pages)
            and (event.at is None or event.at <= self._until)
        )

    def takes_line(self, line: bytes) -> bool:
        """Take a line that names them; where a Page is meant, that too."""
        text = line + _unpacked(line)
        is_there = self._quoted.search(text) is not None
        return is_there and (self._pages is None or any(page.encode() in text for page in self._pages))

    def masked(self, line: bytes) -> bytes:
        """Put nines over the id; where one Page is meant, others' words are left alone."""
        return line if self._pages is not None else self._quoted.sub(b"9" * len(self._plain), line)


class AllErased:
    """All that the loader would not take: kinds that are too old, and what came late of people who were forgotten."""

    def __init__(self, erased: Erased) -> None:
        self._key, self._before = erased.key, dict(erased.before)
        self._people = {each: until for each, _, until in erased.people}
        self.oldest: dict[str, datetime] = {}

    def may_be_in(self, line: bytes) -> bool:
        """Every line has to be read, but one that is plainly clear no further."""
        return bool(line.strip()) and not is_clear(line, self)

    def takes(self, event: Event) -> bool:
        """Take what the loader drops."""
        before = self._before.get(event.kind)
        if before is not None and event.at is not None:
            if event.at < before:
                return True
            self.oldest[event.kind] = min(event.at, self.oldest.get(event.kind, event.at))
        if not self._people or not event.psid:
            return False
        until = self._people.get(_hash(self._key, event.page_id or "", event.psid))
        return until is not None and (event.at is None or event.at <= until)

    def takes_line(self, line: bytes) -> bool:  # noqa: ARG002  the other kind looks at it
        """Leave what has no time and no readable person."""
        return False

    def masked(self, line: bytes) -> bytes:
        """Leave what stays."""
        return line


def is_clear(line: bytes, wanted: Wanted) -> bool:
    """Say whether a line is a delivery as Meta sends it, and nothing of it is taken: most are, seen at once."""
    try:
        value = json.loads(line)
        for entry in value["entry"]:
            for channel in LISTS:
                for item in entry.get(channel) or ():
                    if wanted.takes(event_of(item, channel, entry.get("id"), entry.get("time"))):
                        return False
            if not any(entry.get(channel) for channel in LISTS):
                return False
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    return True


@lru_cache(maxsize=1 << 16)
def _hash(key: str, page_id: str, psid: str) -> str:
    return person_hash(key, page_id, psid)


def _unpacked(line: bytes) -> bytes:
    """Return what a delivery that is no text was: the receiver keeps it as base64."""
    try:
        return base64.b64decode(json.loads(line)["body_base64"]) if _PACKED in line else b""
    except (ValueError, KeyError, TypeError, RecursionError):
        return b""
