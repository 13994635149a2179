"""Promotional or not, in eleven languages: a support vector machine over word statistics and sentence meaning.

A text's margin is a linear part over hashed n-grams, which knows words and their disguises, plus Gaussian kernels over
a sentence encoder's vectors, of the whole text and of its last sentence, which know what sentences of other words and
languages mean. `data/classifier/train.py` makes the weights.
"""

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipelines.lint.encoder import Encoder
from pipelines.lint.fold import Folded
from pipelines.lint.ngrams import NGrams, ngrams, weighted

MAX_CHARACTERS = 2_000
"""Longer texts are judged by their beginning: the Send API takes no longer ones."""
_BATCH = 250
_KEPT = 50_000
_WORDS = 5
_DIGITS = 3

_NUMBER = re.compile(r"\d{4,}")
_SLUG = re.compile(r"[:_-]+")
"""What joins the words of a topic's name, as in restock:trail-shoes."""

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The probability (0 to 1) that a text promotes, and the spans of its words that moved the answer most."""

    probability: float
    words: tuple[tuple[int, int], ...]


class Classifier:
    """The trained weights. Texts that differ in a long number alone, as of an order, get the same answer.

    Answers are kept, some ten thousand of them. Sums of floating-point numbers depend in their last digits on what is
    summed beside them: another instance, which met the text in other company, may differ by a thousandth.
    """

    def __init__(self, weights: dict[str, Array], fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._linear = weights["linear"].astype(np.float64)
        scale = float(weights["scale"]) / 127.0
        self._support = [weights[name].astype(np.float32) * scale for name in ("whole", "last")]
        self._alpha = weights["alpha"].astype(np.float64)
        self._known: dict[str, tuple[float, list[tuple[int, int]]]] = {}
        self._scalars = {name: float(weights[name]) for name in ("gamma", "last_weight", "bias", "slope", "offset")}

    @classmethod
    def load(cls, folder: Path) -> "Classifier":
        """Read `weights.npz` of a folder."""
        file = folder / "weights.npz"
        with np.load(file, allow_pickle=False) as stored:
            return cls({name: stored[name] for name in stored.files}, sha256(file.read_bytes()).hexdigest())

    def judge(self, folded: Sequence[Folded]) -> list[Judgement]:
        """Judge folded texts, in their order. Empty texts promote nothing."""
        texts = [without_numbers(each.text[:MAX_CHARACTERS]) for each in folded]
        if len(self._known) > _KEPT:
            self._known.clear()
        answers = self._known
        new = [text for text in dict.fromkeys(texts) if text.strip() and text not in answers]
        if new:
            self._judge_in_parts(new)
        return [
            Judgement(answers[text][0], tuple(each.span(*word) for word in answers[text][1]))
            if text in answers
            else Judgement(0.0, ())
            for each, text in zip(folded, texts, strict=True)
        ]

    def _judge_in_parts(self, texts: list[str]) -> None:
        """Judge texts that have no answer yet."""
        parts = [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)]
        # A thread a core, each with a core's worth of BLAS: threads of both kinds would stand in each other's way.
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
            _ = self._encoder  # loaded once, before the threads ask for it: that takes seconds
            for part, judged in zip(parts, pool.map(self._judge, parts), strict=True):
                self._known.update(zip(part, judged, strict=True))

    def likeness(self, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], float]:
        """Return how near the two texts of each pair are in meaning: the cosine of their vectors, -1 to 1."""
        texts = list(dict.fromkeys(text for pair in pairs for text in pair))
        if not texts:
            return {}
        place = {text: nth for nth, text in enumerate(texts)}
        with threadpool_limits(1, user_api="blas"):
            vectors, _ = self._encoder.encode([_SLUG.sub(" ", text) for text in texts])
        return {pair: float(vectors[place[pair[0]]] @ vectors[place[pair[1]]]) for pair in pairs}

    def _judge(self, texts: list[str]) -> list[tuple[float, list[tuple[int, int]]]]:
        grams = ngrams(texts)
        text, bucket, value = weighted(grams, len(texts))
        linear = np.bincount(text, weights=value * self._linear[bucket], minlength=len(texts))
        margin = linear + self._meaning(texts) + self._scalars["bias"]
        probability = _sigmoid(self._scalars["slope"] * margin + self._scalars["offset"])
        words = self._moving_words(texts, grams, probability >= 0.5)
        return [(round(float(p), _DIGITS), spans) for p, spans in zip(probability, words, strict=True)]

    def _meaning(self, texts: list[str]) -> Array:
        """Return what the sentence vectors add to the margins: of the whole texts, and of their last sentences."""
        vectors = self._encoder.encode(texts)
        near = [self._nearness(rows, support) for rows, support in zip(vectors, self._support, strict=True)]
        return np.asarray((near[0] + self._scalars["last_weight"] * near[1]) @ self._alpha)

    def _nearness(self, rows: Array, support: Array) -> Array:
        distance = _squares(rows)[:, None] + _squares(support)[None] - 2.0 * rows @ support.T
        return np.asarray(np.exp(-self._scalars["gamma"] * distance))

    @cached_property
    def _encoder(self) -> Encoder:
        return Encoder()

    def _moving_words(self, texts: list[str], grams: NGrams, promotes: Array) -> list[list[tuple[int, int]]]:
        """Spread each n-gram's weight over its letters, and return the words that speak most for the answer."""
        length = int(grams.offsets[-1]) + len(texts[-1]) + 2
        share = self._linear[grams.bucket] / (grams.end - grams.start)
        steps = np.bincount(grams.start, weights=share, minlength=length + 1)
        steps -= np.bincount(grams.end, weights=share, minlength=length + 1)
        weight = np.cumsum(steps)
        found = []
        for nth, text in enumerate(texts):
            sign = 1.0 if promotes[nth] else -1.0
            begin = int(grams.offsets[nth]) + 1
            scored = [(sign * float(weight[begin + a : begin + b].sum()), a, b) for a, b in _words(text)]
            best = sorted((each for each in scored if each[0] > 0), reverse=True)[:_WORDS]
            found.append([(a, b) for _, a, b in best])
        return found


def without_numbers(folded: str) -> str:
    """Return a folded text with each long number replaced by one of the same length that says nothing."""
    return _NUMBER.sub(lambda number: ("1234567890" * (len(number[0]) // 10 + 1))[: len(number[0])], folded)


def _words(text: str) -> list[tuple[int, int]]:
    """Cut a text into words; where a script has no spaces, into runs of at most four letters."""
    words: list[tuple[int, int]] = []
    start = -1
    for at, char in enumerate(text + " "):
        if char.isspace():
            if start >= 0:
                words += _pieces(text, start, at)
            start = -1
        elif start < 0:
            start = at
    return words


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    if text[start:end].isascii() or end - start <= 12 or max(text[start:end]) < "\u0e00":
        return [(start, end)]
    return [(at, min(at + 4, end)) for at in range(start, end, 4)]


def _squares(rows: Array) -> Array:
    return np.asarray(np.einsum("ij,ij->i", rows, rows))


def _sigmoid(margin: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(margin, -30.0, 30.0))))
