"""JSON that is not one value a line (pretty-printed bodies, arrays of them), cut into values with the lines they begin at."""

import re
from collections.abc import Iterable, Iterator

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
_STEP = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}
_BREAKS = bytes.maketrans(b"\r\n", b"  ")
_FILLING = b" \t\r\n,[]\xef\xbb\xbf"


def is_document(head: bytes) -> bool:
    """Whether a file that begins with `head` is JSON spread over lines, or an array, rather than one object a line."""
    first = next((line.strip(b"\xef\xbb\xbf \t\r") for line in head.split(b"\n") if line.strip()), b"")
    if first.startswith(b"["):
        return True
    return first.startswith(b"{") and sum(_STEP.get(token[0], 0) for token in _TOKEN.finditer(first)) != 0


def cut_values(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """
    Yield (line number, value on one line) for each object of a document; the members of a top-level array are its values.

    JSON allows a raw line break only between tokens, so a space takes its place. Whatever is no object, or never closes,
    comes out too, for the reader of lines to reject: nothing of the file is passed over.
    """
    rest, line, inner = b"", 1, None
    for block in blocks:
        rest += block
        if inner is None:
            inner = int(rest.lstrip(_FILLING[:4] + b"\xef\xbb\xbf").startswith(b"["))
        end = 0
        for begin, end_of_value in _closed_values(rest, inner):
            yield from _filling(rest[end:begin], line)
            line += rest.count(b"\n", end, begin)
            yield line, rest[begin:end_of_value].translate(_BREAKS)
            line += rest.count(b"\n", begin, end_of_value)
            end = end_of_value
        rest = rest[end:]
    yield from _filling(rest, line)


def _closed_values(text: bytes, inner: int) -> Iterator[tuple[int, int]]:
    depth, begin = 0, 0
    for token in _TOKEN.finditer(text):
        step = _STEP.get(token[0], 0)
        if step == 1 and depth == 0:
            if inner and token[0] == b"[" and not text[: token.start()].strip(_FILLING):
                continue
            begin = token.start()
        depth = max(0, depth + step)
        if step == -1 and depth == 0 and text[begin : begin + 1] in (b"{", b"["):
            yield begin, token.end()
            begin = len(text)


def _filling(gap: bytes, line: int) -> Iterator[tuple[int, bytes]]:
    text = gap.strip(_FILLING)
    if text:
        yield line + gap[: gap.index(text[:1])].count(b"\n"), text.translate(_BREAKS)
