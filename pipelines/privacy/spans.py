"""Where the parts of a JSON text stand, so that one can be cut out and every other byte stays in its place.

A text here is bytes read as Latin-1: one character is one byte, and all that gives JSON its shape is ASCII.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Span = tuple[int, int]
_read = json.JSONDecoder().raw_decode
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_PLAIN = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_SPACE = re.compile(r"[ \t\r\n]*")
_KEEPS_LINES = bytes.maketrans(bytes(each for each in range(256) if each not in b"\r\n"), b" " * 254)


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a text, and where it stands: [start, end). A member of an object begins at its key: `begins`."""

    text: str
    start: int
    end: int
    value: Any
    begins: int

    def elements(self) -> list["Node"]:
        """Return the elements of an array."""
        at = _skip(self.text, self.start + 1)
        found = []
        while self.text[at] != "]":
            found.append(node_at(self.text, at))
            at = _next(self.text, found[-1].end)
        return found

    def members(self) -> list[tuple[str, "Node"]]:
        """Return the members of an object, in their order."""
        at = _skip(self.text, self.start + 1)
        found = []
        while self.text[at] != "}":
            key, end = _read(self.text, at)
            value_at = _skip(self.text, _skip(self.text, end) + 1)  # behind the colon
            found.append((str(key), node_at(self.text, value_at, at)))
            at = _next(self.text, found[-1][1].end)
        return found

    def inside(self) -> "Inside":
        """Read what a string holds as a text of its own."""
        return Inside.of(self.text[self.start + 1 : self.end - 1], self.start + 1)

    @property
    def interior(self) -> Span:
        """What stands between the quotes or brackets."""
        return self.start + 1, self.end - 1


@dataclass(frozen=True, slots=True)
class Inside:
    """The text that a string holds, and how its places are those of the text around it."""

    text: str
    _starts: list[int]
    """Where each escape begins in the text inside ..."""
    _shifts: list[int]
    """... and by how much all behind it stands further on outside."""

    @classmethod
    def of(cls, escaped: str, begin: int) -> "Inside":
        """Undo the escapes of a string whose first character stands at `begin`."""
        parts, starts, shifts, done, length = [], [-1], [begin], 0, 0
        for match in _ESCAPE.finditer(escaped):
            parts += [escaped[done : match.start()], chr(int(match[1], 16)) if match[1] else _PLAIN[match[2]]]
            length += match.start() - done + 1
            done = match.end()
            starts.append(length)
            shifts.append(begin + done - length)
        return cls("".join([*parts, escaped[done:]]), starts, shifts)

    def outside(self, span: Span) -> Span:
        """Return where a span of the inner text stands in the text around it."""
        return self._outside(span[0]), self._outside(span[1])

    def _outside(self, place: int) -> int:
        return place + self._shifts[bisect_right(self._starts, place) - 1]


def node_at(text: str, at: int, begins: int | None = None) -> Node:
    """Read the value that begins there. Raises ValueError, RecursionError."""
    value, end = _read(text, at)
    return Node(text, at, end, value, at if begins is None else begins)


def whole(text: str) -> Node:
    """Read a text that is one value. Raises ValueError, RecursionError."""
    node = node_at(text, _skip(text, 0))
    if _skip(text, node.end) != len(text):
        raise ValueError
    return node


def without(nodes: list[Node], gone: Iterable[bool]) -> Iterator[Span]:
    """Give what to cut so that some of the elements, or members, are gone, and commas stand between the others only."""
    one_stays = False
    for place, (node, is_gone) in enumerate(zip(nodes, gone, strict=True)):
        if place and (is_gone or not one_stays):
            comma = node.text.index(",", nodes[place - 1].end)
            yield comma, comma + 1
        if is_gone:
            yield node.begins, node.end
        one_stays = one_stays or not is_gone


def blanked(data: bytes, cuts: Iterable[Span]) -> bytes:
    """Return the data with spaces in place of the cuts; line breaks stay."""
    rest = bytearray(data)
    for start, end in cuts:
        rest[start:end] = rest[start:end].translate(_KEEPS_LINES)
    return bytes(rest)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _next(text: str, at: int) -> int:
    """Return where the next element begins, or the bracket that closes."""
    at = _skip(text, at)
    return _skip(text, at + 1) if text[at] == "," else at
