"""What the pages say, in the viewer's language: English stands in the code, other languages in data/catalogue."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cache
from typing import Literal, TypeVar

import streamlit as st
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pipelines import DATA

Language = Literal["en", "zh_Hant"]
Option = TypeVar("Option", bound=Hashable)
LANGUAGES: dict[Language, str] = {"en": "English", "zh_Hant": "繁體中文"}
SLOT = "lang"
"""Under this key the session, and the address, name the language."""


def language() -> Language:
    """Return the language of whoever looks at the page that is drawn; English outside of one."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return "en"
    chosen = st.session_state.get(SLOT)
    return next((each for each in LANGUAGES if each == chosen), "en")


def say(text: str, /, **values: object) -> str:
    """Return a text in the viewer's language, its {fields} filled. What the catalogue lacks stays English."""
    told = _catalogue(language()).get(text, text)
    return told.format(**values) if values else told


def plural(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the text for that count, which fills {count}, grouped by thousands."""
    spoken = language()
    told = _catalogue(spoken).get(one, one if count == 1 else many)
    return told.format(count=format_decimal(count, locale=spoken), **values)


def noted(text: str) -> str:
    """Mark a text for the catalogue that is said elsewhere: `say` translates it where it is shown."""
    return text


def worded(options: Mapping[Option, str]) -> Callable[[Option], str]:
    """Return how a choice writes its options, from their noted texts: said now, while it is known who looks."""
    said = {option: say(text) for option, text in options.items()}
    return lambda option: said[option]


def listed(parts: Iterable[str]) -> str:
    """Return parts as a list within a sentence, with the comma of the viewer's language."""
    return say(", ").join(parts)


def in_every_language(text: str) -> set[str]:
    """Return a text as each language has it: an address may have been written in another one."""
    return {_catalogue(each).get(text, text) for each in LANGUAGES}


@cache
def _catalogue(of: Language) -> dict[str, str]:
    """Return the translations by their English text; for a plural by its singular. English has none."""
    path = DATA / "catalogue" / f"{of}.po"
    if of == "en":
        return {}
    with path.open("rb") as file:
        pairs = [(_first(message.id), _first(message.string)) for message in read_po(file, locale=of)]
    return {key: told for key, told in pairs if key and told}


def _first(text: str | tuple[str, ...] | list[str] | None) -> str:
    """Return the singular of a key, the only form of a translation: Chinese has no plural."""
    return text if isinstance(text, str) else text[0] if text else ""
