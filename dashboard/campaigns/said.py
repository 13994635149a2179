"""What came of a click, said on the page until the campaign moves on; and acts that end in a sentence, not a trace."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import streamlit as st

from dashboard.words import escaped
from pipelines.errors import ClearToSendError

_SLOT = "_campaign_said"
_DRAW = {
    "error": (st.error, ":material/block:"),
    "info": (st.info, ":material/info:"),
    "success": (st.success, ":material/check_circle:"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence about a campaign. `since` is the state that it goes with, once the page has shown it."""

    campaign_id: str
    kind: Literal["error", "info", "success"]
    text: str
    since: datetime | None = None


def attempt(act: Callable[[], object]) -> str:
    """Do it; return '' when it is done, or else the sentence that says why it is not."""
    try:
        act()
    except ClearToSendError as error:
        return str(error)
    return ""


def say_once(said: Said) -> None:
    """Keep a sentence for the page of its campaign."""
    st.session_state[_SLOT] = said


def what_came(campaign_id: str, since: datetime) -> None:
    """Draw what was said of this campaign, as long as it stands where it stood then."""
    said: Said | None = st.session_state.get(_SLOT)
    if said is None:
        return
    if said.campaign_id != campaign_id or said.since not in (None, since):
        del st.session_state[_SLOT]
        return
    st.session_state[_SLOT] = replace(said, since=since)
    draw, icon = _DRAW[said.kind]
    draw(escaped(said.text), icon=icon)
