"""In which language the pages speak to whoever looks: as the address says, as was chosen, or as the browser prefers."""

from datetime import date
from typing import Any, Literal

import streamlit as st

from dashboard.language import LANGUAGES, SLOT, Language, language, say

_CHOOSER = "language"
_TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")


def settle_language() -> None:
    """Find the language of this run, and keep it in the address. Call it first: all that is said follows it."""
    asked = st.query_params.get(SLOT)
    if asked in LANGUAGES:
        st.session_state[SLOT] = asked
        return
    st.session_state.setdefault(SLOT, _preferred())
    if language() != _preferred():  # what the browser prefers needs no word in the address
        st.query_params[SLOT] = language()


def language_chooser(width: int | Literal["stretch"] = "stretch") -> None:
    """Draw the choice of the language."""
    st.session_state[_CHOOSER] = language()
    st.selectbox(
        say("Language"),
        list(LANGUAGES),
        key=_CHOOSER,
        format_func=lambda each: LANGUAGES[each],
        on_change=_choose,
        label_visibility="collapsed",
        icon=":material/translate:",
        width=width,
    )


def _preferred() -> Language:
    """Return what the browser asks for, where we speak it; English elsewhere."""
    asked = (st.context.locale or "").replace("_", "-").lower()
    return "zh_Hant" if asked.startswith(_TRADITIONAL) else "en"


def _choose() -> None:
    chosen = st.session_state[_CHOOSER]
    _keep_choices()
    st.session_state[SLOT] = st.query_params[SLOT] = chosen


def _keep_choices() -> None:
    """Say every choice again: browser and address know it by its words, which are other ones from now on."""
    for key, value in st.session_state.items():
        if key != _CHOOSER and _is_choice(value):
            st.session_state[key] = value


def _is_choice(value: Any) -> bool:
    """Say whether a value can be one of a choice: what buttons and tables hold may not be set."""
    each = value if isinstance(value, list) and value else [value]
    return all(isinstance(one, str | int | date) and not isinstance(one, bool) for one in each)
