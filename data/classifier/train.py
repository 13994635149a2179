"""Trains the classifier and writes weights.npz: the same weights from the same messages.

Run from the top of a checkout: python data/classifier/train.py [--corpora DIR]
DIR holds the further collections that messages.py names; the weights that ship were made with them.
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from messages import HERE, Row, collected, own
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC

from pipelines.lint.classifier import without_numbers
from pipelines.lint.encoder import Encoder
from pipelines.lint.fold import fold
from pipelines.lint.ngrams import BUCKETS, ngrams, weighted

GAMMA = 1.0
"""Width of the kernels over sentence vectors of length 1."""
LAST = 0.5
"""Weight of the kernel over last sentences, beside 1 for whole texts."""
LINEAR = 1.0
"""Weight of the kernel over n-grams."""
PENALTY = 3.0
SCALE = 0.35
"""Vectors of length 1 are kept as bytes; no part of one is larger than this."""
FOLDS = 5


class Features(NamedTuple):
    """What the machine sees of texts: hashed n-grams, a row each, and vectors of the texts and their last sentences."""

    grams: Any
    whole: Any
    last: Any


def features(rows: list[Row]) -> Features:
    """Turn messages into what the machine sees."""
    texts = [without_numbers(fold(row.text).text) for row in rows]
    text, bucket, value = weighted(ngrams(texts), len(texts))
    grams = csr_matrix((value, (text, bucket)), shape=(len(texts), BUCKETS))
    return Features(grams, *Encoder().encode(texts))


def kernel(left: Features, right: Features) -> Any:
    """Sum the kernels between every two messages."""
    words = np.asarray((left.grams @ right.grams.T).todense())
    return nearness(left.whole, right.whole) + LAST * nearness(left.last, right.last) + LINEAR * words


def nearness(left: Any, right: Any) -> Any:
    """Return the Gaussian kernel between the rows of two sets of vectors."""
    squares = (left**2).sum(1)[:, None] + (right**2).sum(1)[None]
    return np.exp(-GAMMA * (squares - 2.0 * left @ right.T))


def some(of: Features, rows: Any) -> Features:
    """Return the features of some rows."""
    return Features(of.grams[rows], of.whole[rows], of.last[rows])


def margins(seen: Features, labels: Any) -> Any:
    """Return the margin that each message has where it was not trained on."""
    found = np.zeros(len(labels))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=7).split(seen.whole, labels):
        part, rest = some(seen, train), some(seen, test)
        machine = SVC(kernel="precomputed", C=PENALTY).fit(kernel(part, part), labels[train])
        found[test] = machine.decision_function(kernel(rest, part))
    return found


def linear_weights(machine: SVC, seen: Features) -> Any:
    """Return the weight of each bucket of n-grams in a trained machine."""
    return LINEAR * np.asarray(seen.grams[machine.support_].T @ machine.dual_coef_[0])


def calibration(margin: Any, labels: Any) -> tuple[float, float]:
    """Return slope and offset that turn margins into probabilities (Platt)."""
    fitted = LogisticRegression(C=1e6).fit(margin[:, None], labels)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def train(rows: list[Row]) -> dict[str, Any]:
    """Return the weights that `pipelines.lint.classifier` reads."""
    seen, labels = features(rows), np.array([row.promotional for row in rows])
    slope, offset = calibration(margins(seen, labels), labels)
    machine = SVC(kernel="precomputed", C=PENALTY).fit(kernel(seen, seen), labels)
    return {
        "linear": linear_weights(machine, seen).astype(np.float16),
        "whole": np.round(127.0 * seen.whole[machine.support_] / SCALE).astype(np.int8),
        "last": np.round(127.0 * seen.last[machine.support_] / SCALE).astype(np.int8),
        "scale": np.float32(SCALE),
        "last_weight": np.float32(LAST),
        "alpha": machine.dual_coef_[0].astype(np.float32),
        "gamma": np.float32(GAMMA),
        "bias": np.float32(machine.intercept_[0]),
        "slope": np.float32(slope),
        "offset": np.float32(offset),
    }


def main() -> None:
    """Train, and write the weights beside this script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=HERE, help="folder of weights.npz")
    parser.add_argument("--corpora", type=Path, help="folder of further collections")
    chosen = parser.parse_args()
    rows = own("train") + (collected(chosen.corpora, "train") if chosen.corpora else [])
    np.savez_compressed(chosen.into / "weights.npz", **train(rows))


if __name__ == "__main__":
    main()
