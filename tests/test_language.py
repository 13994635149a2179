"""The pages in two languages: nothing goes past the catalogue, nothing is missing in it, and each page is drawn."""

import string
from collections import defaultdict
from collections.abc import Sequence

import pytest
from babel.messages.pofile import read_po

from pipelines import DATA
from pipelines.lint.risk import Exposure, risk_parts
from pipelines.plan.reasons import WORDS
from pipelines.rights import ROLES
from tests import page_texts

ELSEWHERE = {
    *WORDS.values(),
    *ROLES,
    *(part.name for part in risk_parts(Exposure(0, 0, 0, 0, 0, 0, is_blocked=False))),
}
"""Texts of the pipelines that pages say in the viewer's language."""


@pytest.fixture(scope="module")
def catalogue() -> dict[str, str]:
    """Return the Chinese texts by their English keys."""
    with (DATA / "catalogue" / "zh_Hant.po").open("rb") as file:
        return {_first(message.id): _first(message.string) for message in read_po(file, locale="zh_Hant") if message.id}


def _first(text: str | Sequence[str] | None) -> str:
    """Return the singular of a key, or the only form of a translation."""
    return text if isinstance(text, str) else text[0] if text else ""


@pytest.fixture(scope="module")
def texts() -> list[page_texts.Text]:
    """Return every text that the code of the pages writes out."""
    return [text for path in page_texts.FILES for text in page_texts.texts(path)]


def fields(text: str) -> set[str]:
    """Return the names of what is filled in; plotly's own keep their formats after a bar."""
    return {name.split("|")[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_text_is_translated(texts: list[page_texts.Text], catalogue: dict[str, str]) -> None:
    """Whoever reads Chinese reads no English in between."""
    missing = {text.key: text.place for text in texts if not catalogue.get(text.key)}

    assert missing == {}
    assert {text for text in ELSEWHERE if not catalogue.get(text)} == set()


def test_nothing_is_translated_that_no_page_says(texts: list[page_texts.Text], catalogue: dict[str, str]) -> None:
    """A text that was changed takes its old translation with it."""
    assert catalogue.keys() - {text.key for text in texts} - ELSEWHERE == set()


def test_a_translation_fills_in_the_same_fields(texts: list[page_texts.Text], catalogue: dict[str, str]) -> None:
    """A field that is lost hides a number, and one that is made up breaks the page."""
    known = {text.key: text for text in texts}
    different = {
        key: told
        for key, told in catalogue.items()
        if fields(told) != (fields(known[key].plural) if key in known and known[key].plural else fields(key))
    }

    assert different == {}


def test_a_text_has_one_plural(texts: list[page_texts.Text]) -> None:
    """The catalogue knows a text by its singular, so the same one must not mean two things."""
    plurals = defaultdict(set)
    for text in texts:
        plurals[text.key].add(text.plural)

    assert {key: many for key, many in plurals.items() if len(many) > 1} == {}


@pytest.mark.parametrize("law", [page_texts.put_together, page_texts.said_too_early, page_texts.raw])
def test_no_text_goes_past_the_catalogue(law: page_texts.Law) -> None:
    """Texts are written out whole, said as a page is drawn, and handed to nothing that draws without being said."""
    assert [place for path in page_texts.FILES for place in law(path)] == []
