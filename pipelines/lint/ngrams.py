"""Texts → hashed character and word n-grams, for many texts at once and without a loop over their letters.

A stretch's hash is the difference of two prefix sums of a polynomial over its code points (modulo 2^64), so that all
n-grams of one length cost a few array operations, whatever the alphabet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 18
CHARACTERS = (1, 2, 3, 4, 5, 6)
"""Lengths of character n-grams."""
WORDS = (1, 2)
"""Lengths of word n-grams."""
_BASE = np.uint64(0x9E3779B97F4A7C15 | 1)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_DIGIT = ord("0")
_SPACE = ord(" ")

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class NGrams:
    """One row per n-gram: whose text it is, its bucket, and [start, end) in all texts joined by spaces.

    `offsets` says where each text begins in the joined text, which itself begins with a space.
    """

    text: Array
    bucket: Array
    start: Array
    end: Array
    offsets: Array


def ngrams(texts: Sequence[str]) -> NGrams:
    """Cut folded texts into n-grams. Digits count as one sign, and so does every kind of white space."""
    joined = " " + "  ".join(texts) + " "
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).copy()
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    offsets = np.concatenate(([0], np.cumsum(lengths[:-1] + 2))) if len(texts) else np.zeros(0, np.int64)
    codes[(codes >= _DIGIT) & (codes <= _DIGIT + 9)] = _DIGIT
    codes[(codes == 10) | (codes == 13) | (codes == 9) | (codes == 0x3000)] = _SPACE
    owner = np.repeat(np.arange(len(texts)), lengths + 2)
    prefix, powers = _prefix_hashes(codes)
    parts = [_of_characters(size, owner, prefix, powers) for size in CHARACTERS]
    parts += _of_words(codes, owner, prefix, powers)
    text, bucket, start, end = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return NGrams(text, bucket, start, end, offsets)


def _prefix_hashes(codes: Array) -> tuple[Array, Array]:
    """Sums of code x base^place up to each place, and the powers of the inverse base that undo the place."""
    count = len(codes) + 1
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(count, _BASE), dtype=np.uint64)
        undo = np.cumprod(np.full(count, np.uint64(pow(int(_BASE), -1, 1 << 64))), dtype=np.uint64)
        prefix = np.concatenate(([np.uint64(0)], np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * powers[:-1])))
    return prefix, undo


def _hash(prefix: Array, undo: Array, start: Array, end: Array, salt: int) -> Array:
    with np.errstate(over="ignore"):
        value = (prefix[end] - prefix[start]) * undo[start] + np.uint64(salt) * _MIX
        value ^= value >> np.uint64(29)
        value *= _MIX
        value ^= value >> np.uint64(32)
    return (value & np.uint64(BUCKETS - 1)).astype(np.int64)


def _of_characters(size: int, owner: Array, prefix: Array, undo: Array) -> tuple[Array, Array, Array, Array]:
    start = np.arange(max(len(owner) - size + 1, 0))
    start = start[owner[start] == owner[start + size - 1]]
    end = start + size
    return owner[start], _hash(prefix, undo, start, end, size), start, end


def _of_words(codes: Array, owner: Array, prefix: Array, undo: Array) -> list[tuple[Array, Array, Array, Array]]:
    space = codes == _SPACE
    begins = np.flatnonzero(space[:-1] & ~space[1:]) + 1
    ends = np.flatnonzero(~space[:-1] & space[1:]) + 1
    parts = []
    for size in WORDS:
        start, end = begins[: len(begins) - size + 1], ends[size - 1 :]
        same = owner[start] == owner[end - 1]
        start, end = start[same], end[same]
        parts.append((owner[start], _hash(prefix, undo, start, end, 100 + size), start, end))
    return parts


def weighted(grams: NGrams, count: int) -> tuple[Array, Array, Array]:
    """Count n-grams by text and bucket: (text, bucket, value), each text's values of length 1 over 1 + log(times).

    `count` is the number of texts. One row per distinct (text, bucket), in that order.
    """
    keys, times = np.unique(grams.text * BUCKETS + grams.bucket, return_counts=True)
    text, bucket = keys // BUCKETS, keys % BUCKETS
    value = 1.0 + np.log(times)
    length = np.sqrt(np.bincount(text, weights=value * value, minlength=count))
    return text, bucket, value / length[text]
