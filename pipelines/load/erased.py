"""What no load brings back: events of people who were forgotten, and of kinds that are kept for so long only."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.load.chunks import Refused, line_number
from pipelines.load.reader import Chunk
from pipelines.statements import statements
from pipelines.warehouse import lent

REASON = "erased: all that it held was of people who were forgotten, or older than it may be kept"
TEXT = "(erased)"
"""Stands in place of a rejected line that may hold something of a person."""
_SQL = statements(Path(__file__).with_suffix(".sql"))
_DIGITS = re.compile(r"[0-9]{6,64}")


def person_hash(key: str, page_id: str, psid: str) -> str:
    """Return what a tombstone knows of a person: without the key it cannot be led back."""
    return hashlib.sha256(f"{key}{page_id}/{psid}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Erased:
    """Which events are gone. `people` has rows (hash, page_id, until), `before` rows (kind, moment); naive UTC.

    Of a person all is gone up to `until`: whoever writes again later is a new acquaintance.
    """

    key: str = ""
    people: tuple[tuple[str, str, datetime], ...] = ()
    before: tuple[tuple[str, datetime], ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is gone at all."""
        return bool(self.people or self.before)

    def masked(self, texts: list[str]) -> list[str]:
        """Return texts of rejected lines, without the words of those that name somebody who was forgotten."""
        hashes = {each for each, _, _ in self.people}
        pages = {page for _, page, _ in self.people}

        def names_one(text: str) -> bool:
            numbers = set(_DIGITS.findall(text))
            return any(person_hash(self.key, page, number) in hashes for number in numbers for page in pages)

        return [TEXT if hashes and names_one(text) else text for text in texts]


NOTHING_ERASED = Erased()


def lay_out(cursor: duckdb.DuckDBPyConnection, erased: Erased) -> None:
    """Put what is gone beside the data, so that SQL can join it."""
    rows = {
        "erased_people": (("person_hash", "page_id", "until_at"), erased.people),
        "erased_kinds": (("kind", "before_at"), erased.before),
    }
    for table, (columns, values) in rows.items():
        cursor.execute(_SQL[table])
        if values:
            with lent(cursor, "lent_rows", columns, values):
                cursor.execute(_SQL[f"fill_{table}"])


def point_at(cursor: duckdb.DuckDBPyConnection, table: str, key: str) -> int:
    """Fill erased_rows with the rows of events, or of chunk_events, that are gone; return how many those are."""
    cursor.execute(_SQL[f"of_{table}"])
    cursor.execute(_SQL["known_people"], {"key": key})
    cursor.execute(_SQL["erased_rows"])
    (count,) = cursor.execute(_SQL["count_rows"]).fetchone() or (0,)
    return int(count)


def drop_erased(cursor: duckdb.DuckDBPyConnection, erased: Erased, chunk: Chunk, refused: Refused) -> None:
    """Take what is gone out of a chunk that was read. A line of which nothing is left becomes a reject without a word.

    A rejected line that names somebody who was forgotten loses its words too.
    """
    refused.texts = erased.masked(refused.texts)
    if not point_at(cursor, "chunk_events", erased.key):
        return
    lines = cursor.execute(_SQL["emptied_lines"]).fetchall()
    cursor.execute(_SQL["clear_beside"])
    cursor.execute(_SQL["drop_rows"])
    for (line,) in lines:
        refused.add(line_number(chunk, line), REASON, TEXT.encode())
