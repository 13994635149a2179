"""What the pages say, in the viewer's language: English stands in the code, other languages in data/catalogue."""

from functools import cache
from typing import Literal, get_args

import streamlit as st
from babel.messages.pofile import read_po
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pipelines import DATA

Language = Literal["en", "zh_Hant"]
LANGUAGES: dict[Language, str] = {"en": "English", "zh_Hant": "繁體中文"}
SLOT = "lang"
"""Under this key the session, and the address, name the language."""


def language() -> Language:
    """Return the language of whoever looks at the page that is drawn; English outside of one."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return "en"
    chosen = st.session_state.get(SLOT)
    return chosen if chosen in get_args(Language) else "en"


def say(text: str, /, **values: object) -> str:
    """Return a text in the viewer's language, its {fields} filled. What the catalogue lacks stays English."""
    told = _catalogue(language()).get(text, text)
    return told.format(**values) if values else told


def plural(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the text for that count, which fills {count}, grouped by thousands."""
    told = _catalogue(language()).get(one, one if count == 1 else many)
    return told.format(count=f"{count:,}", **values)


def noted(text: str) -> str:
    """Mark a text for the catalogue that is said elsewhere: `say` translates it where it is shown."""
    return text


@cache
def _catalogue(of: Language) -> dict[str, str]:
    """Return the translations by their English text; for a plural by its singular. English has none."""
    path = DATA / "catalogue" / f"{of}.po"
    if of == "en":
        return {}
    with path.open("rb") as file:
        messages = [message for message in read_po(file, locale=of) if message.id and message.string]
    pairs = ((message.id, message.string) for message in messages)
    return {str(_first(key)): str(_first(told)) for key, told in pairs}


def _first(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else text[0]
