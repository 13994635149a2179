"""The labelled messages: our own, and those of further collections that a licence allows to train on."""

import csv
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
TRUSTED = {"promo": True, "transactional": False, "otp": False, "notice": False, "personal": False}
"""Labels of the further collections that say whether a message promotes."""
LICENSED = {
    "en_uci_sms_spam.csv": 0.10,  # CC BY 4.0; chat only
    "th_sms_ok_otp_spam_scam.csv": 0.25,  # MIT
    "id_wibisono_promo_fraud_normal.csv": 0.50,  # CC BY-SA 4.0
}
"""Collections that may be trained on, and the share of their rows that is, by a hash of the text; the rest tests.

Small shares, so that text messages do not outweigh broadcasts.
"""


class Row(NamedTuple):
    """One labelled message."""

    promotional: bool
    category: str
    text: str
    lang: str


def own(part: str) -> list[Row]:
    """Read our messages of a part, `train` or `held_out`: messages/{part}_{language}.tsv."""
    rows = []
    for file in sorted((HERE / "messages").glob(f"{part}_*.tsv")):
        lang = file.stem.removeprefix(f"{part}_")
        for line in file.read_text(encoding="utf-8").splitlines():
            label, category, text = line.split("\t")
            rows.append(Row(label == "1", category, text.replace("\\n", "\n"), lang))
    return rows


def collected(folder: Path, part: str) -> list[Row]:
    """Read the rows of other collections, CSV with text, label and lang, whose labels can be trusted, of one part."""
    return [row for file in sorted(folder.glob("*.csv")) for row, of in _collected(file) if of == part]


def _collected(file: Path) -> Iterator[tuple[Row, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["label"] in TRUSTED:
                is_drawn = sha256(row["text"].encode()).digest()[0] < 256 * LICENSED.get(file.name, 0.0)
                part = "train" if is_drawn else "held_out"
                yield Row(TRUSTED[row["label"]], row["label"], row["text"], row["lang"]), part
