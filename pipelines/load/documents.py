"""JSON that is not one value a line (pretty-printed bodies, arrays), cut into values with the lines they begin at."""

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|["{}\[\]]', re.DOTALL)  # a quote alone: the text goes on beyond what was read
_STEP = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}
_BREAKS = bytes.maketrans(b"\r\n", b"  ")
_FILLING = b" \t\r\n,[]\xef\xbb\xbf"


def is_document(head: bytes) -> bool:
    """Say whether a file that begins so is JSON spread over lines, or an array, rather than one object a line."""
    lines = [line for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    if not lines or lines[0].lstrip().startswith(b"["):
        return bool(lines)
    # A torn first line alone makes no document: what is printed over lines is indented, so no line is a whole object.
    has_whole_line = any(line.startswith(b"{") and open_brackets(line) == 0 for line in lines)
    return lines[0].lstrip().startswith(b"{") and not has_whole_line


def open_brackets(text: bytes) -> int:
    """Count the brackets of a piece of JSON that are opened and not closed."""
    return sum(_STEP.get(token, 0) for token in _tokens(text))


def _tokens(text: bytes) -> Iterator[bytes]:
    return takewhile(lambda token: token != b'"', (match[0] for match in _TOKEN.finditer(text)))


def cut_values(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """
    Yield (line number, value on one line) for each object of a document, or for each member of its top-level array.

    JSON allows a raw line break only between tokens, so a space takes its place. Whatever is no object, or never
    closes, comes out too, for the reader of lines to reject: nothing of the file is passed over.
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
        if token[0] == b'"':
            return
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
