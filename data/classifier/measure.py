"""Measures the classifier on messages that training never saw, beside character n-grams and logistic regression.

Run from the top of a checkout: python data/classifier/measure.py [--corpora DIR]
DIR holds the further collections that messages.py names.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from messages import HERE, Row, collected, own
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from pipelines.lint.classifier import Classifier
from pipelines.lint.fold import fold

BINS = 5


def main() -> None:
    """Print recall, false alarms and calibration by language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, help="folder of further labelled messages")
    parser.add_argument("--wrong", action="store_true", help="list every message that was judged wrongly")
    chosen = parser.parse_args()
    training = own("train") + (collected(chosen.corpora, "train") if chosen.corpora else [])
    sets = {"Own messages": own("held_out")}
    if chosen.corpora:
        sets["Further collections"] = collected(chosen.corpora, "held_out")
    classifier = Classifier.load(HERE)
    baseline = _baseline(training)
    for name, rows in sets.items():
        ours = np.array([each.probability for each in classifier.judge([fold(row.text) for row in rows])])
        theirs = baseline([row.text for row in rows])
        _say(f"\n{name}: {len(rows)} messages\n")
        _table(rows, ours, theirs)
        _calibration(rows, ours)
        if chosen.wrong:
            for row, p in zip(rows, ours, strict=True):
                if row.promotional != (p >= 0.5):
                    _say(f"{p:.2f} {'promo' if row.promotional else 'plain'} {row.lang} {row.category}: {row.text!r}")


def _baseline(rows: list[Row]) -> Any:
    """Train character n-grams with logistic regression on the same rows, and return what gives their probabilities."""
    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), sublinear_tf=True, min_df=2)
    seen = grams.fit_transform([row.text for row in rows])
    model = LogisticRegression(C=10, max_iter=1000).fit(seen, [row.promotional for row in rows])
    return lambda texts: model.predict_proba(grams.transform(texts))[:, 1]


def _table(rows: list[Row], ours: Any, theirs: Any) -> None:
    """Print a line per language: confusion counts, recall and false alarms of both."""
    labels = np.array([row.promotional for row in rows])
    langs = np.array([row.lang for row in rows])
    _say("| language | caught | missed | false alarms | rightly let pass | recall | false alarm rate | n-grams + LR |")
    _say("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for lang in [*sorted(set(langs)), "all"]:
        here = np.full(len(rows), True) if lang == "all" else langs == lang
        said, is_so = ours[here] >= 0.5, labels[here]
        caught, missed = int((said & is_so).sum()), int((~said & is_so).sum())
        alarms, passed = int((said & ~is_so).sum()), int((~said & ~is_so).sum())
        other = theirs[here] >= 0.5
        recall = _rate(int((other & is_so).sum()), int((~other & is_so).sum()))
        alarm_rate = _rate(int((other & ~is_so).sum()), int((~other & ~is_so).sum()))
        counts = f"| {lang} | {caught} | {missed} | {alarms} | {passed}"
        _say(f"{counts} | {_rate(caught, missed)} | {_rate(alarms, passed)} | {recall} / {alarm_rate} |")


def _calibration(rows: list[Row], ours: Any) -> None:
    """Print what share of the messages in each bin of probability do promote."""
    labels = np.array([row.promotional for row in rows])
    _say("\n| said | messages | said on average | do promote |\n| --- | --- | --- | --- |")
    for nth in range(BINS):
        low, high = nth / BINS, (nth + 1) / BINS
        here = (ours >= low) & ((ours < high) | (nth == BINS - 1))
        if here.any():
            _say(f"| {low:.1f} to {high:.1f} | {here.sum()} | {ours[here].mean():.2f} | {labels[here].mean():.2f} |")


def _rate(part: int, rest: int) -> str:
    return f"{part / (part + rest):.2f}" if part + rest else "-"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
