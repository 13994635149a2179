"""What words mean in a message: a lexicon of concepts in eleven languages, found in one pass over a folded text."""

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import ahocorasick

from pipelines.errors import PolicyError
from pipelines.lint.fold import Folded, fold

SHIELD = "shield"
"""The concept of phrases inside which no other term counts: "free cancellation" offers nothing."""


OPEN = "*"
"""Ends a term that endings may follow: "indirim*" is in "indirimler" too."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One term found: its concept, and [start, end) in the folded text."""

    concept: str
    start: int
    end: int


class Lexicon:
    """The compiled terms. `hits` finds them; a term inside a shield is none."""

    def __init__(self, terms: Mapping[str, set[str]], fingerprint: str) -> None:
        """Compile `terms`: folded term -> its concepts, with OPEN behind a concept whose terms may take endings."""
        self.fingerprint = fingerprint
        self._automaton: Any = ahocorasick.Automaton()
        for term, concepts in terms.items():
            self._automaton.add_word(term, (len(term), tuple(sorted(concepts))))
        self._automaton.make_automaton()

    @classmethod
    def load(cls, folder: Path) -> "Lexicon":
        """Read every *.toml of a folder. Raises PolicyError, which names file and key."""
        terms: dict[str, set[str]] = {}
        digest = sha256()
        for file in sorted(folder.glob("*.toml")):
            raw = file.read_bytes()
            digest.update(raw)
            for concept, listed in _table(file, raw).items():
                for term in listed:
                    for spelling in _spellings(term.removesuffix(OPEN)):
                        terms.setdefault(spelling, set()).add(concept + OPEN * term.endswith(OPEN))
        if not terms:
            raise PolicyError(f"There is no lexicon in {folder}. Install Clear to Send again.")
        return cls(terms, digest.hexdigest())

    def hits(self, folded: Folded) -> list[Hit]:
        """Return the terms of a text, from left to right, those inside shields left out."""
        text = folded.text
        found = [
            Hit(concept.removesuffix(OPEN), last + 1 - length, end)
            for last, (length, concepts) in self._automaton.iter(text)
            for concept in concepts
            for end in [_end_of_word(text, last + 1) if concept.endswith(OPEN) else last + 1]
            if _stands_alone(text, last + 1 - length, end)
        ]
        shields = [hit for hit in found if hit.concept == SHIELD]
        free = [hit for hit in found if hit.concept != SHIELD and not any(_meet(hit, shield) for shield in shields)]
        return sorted(free, key=lambda hit: (hit.start, -hit.end, hit.concept))


def _table(file: Path, raw: bytes) -> dict[str, list[str]]:
    try:
        table = tomllib.loads(raw.decode("utf-8"))
    except ValueError as error:
        raise PolicyError(f"{file.name}: cannot be read: {error}") from None
    for concept, listed in table.items():
        if not isinstance(listed, list) or not all(isinstance(term, str) and term.strip() for term in listed):
            raise PolicyError(f"{file.name}: {concept}: must be a list of phrases")
    return table


def _spellings(term: str) -> set[str]:
    """A term as it is folded; and without its accents where that leaves it unmistakable, a phrase or a long word."""
    folded = fold(term).text
    plain = "".join(
        char for char in unicodedata.normalize("NFD", folded.replace("đ", "d")) if not "\u0300" <= char <= "\u036f"
    )
    is_clear = plain.isascii() and (" " in plain or len(plain) >= 7)
    return {folded, plain} if is_clear else {folded}


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a term is no part of a longer word, in scripts that part their words; suffixes are left to the term."""
    first, last = text[start], text[end - 1]
    begins = start == 0 or not (_parts_words(first) and _parts_words(text[start - 1]))
    ends = end == len(text) or not (_parts_words(last) and _parts_words(text[end]))
    return begins and ends


def _end_of_word(text: str, end: int) -> int:
    while end < len(text) and _parts_words(text[end]):
        end += 1
    return end


def _parts_words(char: str) -> bool:
    return (char.isalpha() and char < "\u0e00") or "\u1e00" <= char < "\u2000"


def _meet(hit: Hit, shield: Hit) -> bool:
    return hit.start < shield.end and shield.start < hit.end
