"""A text as a reader takes it: one case, one width, and the usual disguises of letters undone; spans lead back.

Undone are zero-width characters, letters of other alphabets inside a Latin word, boxed letters, digits and signs in
place of letters (s4le, d!scount), and letters pulled apart (F R E E, s.a.l.e, dis*count). Accents stay.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

_LOOKALIKES = str.maketrans(
    dict(zip("абвгеёзіїкмнорстухцьѕјԁαβγεηικνορστυχωϲ", "a6breeziikmhopctyxu6sjdaßyenikvopctuxwc", strict=True))
)
_LEET = str.maketrans("01345789@$!€|", "oieastbgasiel")
_SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?:([ .\-_*·•|/~+])[^\W\d_])(?:\1[^\W\d_])+(?![^\W_])")
_HAN = r"[\u3400-\u9fff]"
_HAN_SPACED = re.compile(rf"(?<={_HAN})[*·•._|~^+\-/]{{1,2}}(?={_HAN})|(?<![^\s]){_HAN}(?: {_HAN})+(?![^\s])")
_INSIDE = re.compile(r"(?<=[^\W\d_])(?:[*~^|_•·]|[\u2600-\u27bf\U0001f300-\U0001faff])+(?=[^\W\d_])")
_MIXED = re.compile(
    r"(?<![\w@$!.,/#&=-])(?=[^\s]*[a-z])[a-z0-9@$!€|]*[0-9@$!€|][a-z0-9@$!€|]*(?![\w@.,/#&=-]*[\w@/#&=])"
)
_MEASURE = re.compile(r"\d+(?:st|nd|rd|th|am|pm|kg|g|gm|mg|l|ml|cm|mm|m|km|mb|gb|tb|h|hr|hrs|d|min|mins|k|x|pcs|pax|s)")
_MANY = re.compile(r"([^\W\d_])\1{2,}")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
_FOREIGN = re.compile("[\u0370-\u052f]")
_LATIN_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text. `starts` and `ends` give the original's [start, end) of each of its characters."""

    text: str
    original: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the original that a stretch [start, end) of the folded text stands for."""
        if start >= end:
            at = self.starts[start] if start < len(self.starts) else len(self.original)
            return at, at
        return self.starts[start], max(self.ends[start:end])


def fold(text: str) -> Folded:
    """Fold a text. Any text will do; folding a folded text changes nothing that matters to a reader."""
    folded = _plain(text) or _by_cluster(text)
    if _FOREIGN.search(folded.text):
        folded = _edit(folded, _LATIN_WORD, _without_lookalikes)
    if not folded.text.isascii():
        folded = _edit(folded, _HAN_SPACED, _letters_only)
    folded = _edit(folded, _INSIDE, lambda _: "")
    folded = _edit(folded, _SPACED, _letters_only)
    folded = _edit(folded, _MIXED, _without_leet)
    return _edit(folded, _MANY, lambda found: found[1] * 2)


def _plain(text: str) -> Folded | None:
    """Fold a text whose characters stay one to one; None where one does not."""
    if not text.isascii() and (_INVISIBLE.search(text) or not unicodedata.is_normalized("NFKC", text)):
        return None
    lower = text.replace("\u0130", "i").lower().replace("\u0131", "i")  # Turkish is written with and without the dot
    if len(lower) != len(text) or any("\U0001f130" <= char <= "\U0001f1ff" for char in text):
        return None
    return Folded(lower, text, range(len(text)), range(1, len(text) + 1))


def _by_cluster(text: str) -> Folded:
    """Fold a text letter by letter, each with the marks that follow it."""
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    while at < len(text):
        end = at + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        for char in _fold_cluster(text[at:end]):
            out.append(char)
            starts.append(at)
            ends.append(end)
        at = end
    return Folded("".join(out), text, starts, ends)


@cache
def _boxed() -> dict[int, str]:
    """Letters in squares and circles, and those that flags are made of."""
    firsts = (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
    return {first + number: chr(ord("a") + number) for first in firsts for number in range(26)}


def _fold_cluster(cluster: str) -> str:
    visible = _INVISIBLE.sub("", cluster).translate(_boxed())
    lower = unicodedata.normalize("NFKC", visible).replace("\u0130", "i").lower().replace("\u0131", "i")
    return unicodedata.normalize("NFKC", lower)


def _without_lookalikes(found: re.Match[str]) -> str:
    word = found[0]
    latin = any(char.isascii() for char in word)
    return word.translate(_LOOKALIKES) if latin and _FOREIGN.search(word) else word


def _letters_only(found: re.Match[str]) -> str:
    return "".join(char for char in found[0] if char.isalpha())


def _without_leet(found: re.Match[str]) -> str:
    """Read digits and signs as letters where that makes a word; measures, codes and numbers stay as they are."""
    token = found[0]
    word = token.rstrip("!|")
    digits = sum(char.isdigit() for char in word)
    letters = sum(char.isalpha() for char in word)
    if not word or letters < 2 or digits > letters + 1 or _MEASURE.fullmatch(word) or re.search(r"[26]|\d{3}", word):
        return token
    inner = re.search(r"[a-z][^a-z]{1,2}[a-z]", word)
    first = re.match(r"[^a-z][a-z]{2}", word)
    last = re.search(r"[a-z](?:33|00|@|0)$", word)
    if not (inner or first or (last and not re.search(r"[a-z]{4}", word))):
        return token
    return word.translate(_LEET) + token[len(word) :]


def _edit(folded: Folded, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str]) -> Folded:
    """Replace what the pattern finds, and keep track of where it came from."""
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for found in pattern.finditer(folded.text):
        new = replace(found)
        if new == found[0]:
            continue
        begin, end = found.span()
        out += (folded.text[done:begin], new)
        starts += folded.starts[done:begin]
        ends += folded.ends[done:begin]
        same = len(new) == end - begin
        starts += folded.starts[begin:end] if same else [folded.starts[begin]] * len(new)
        ends += folded.ends[begin:end] if same else [max(folded.ends[begin:end])] * len(new)
        done = end
    if not done:
        return folded
    out.append(folded.text[done:])
    starts += folded.starts[done:]
    ends += folded.ends[done:]
    return Folded("".join(out), folded.original, starts, ends)
