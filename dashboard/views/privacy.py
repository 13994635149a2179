"""Privacy: who is to be forgotten, what Meta asks for, how long what is kept, and what was erased."""

import pandas as pd
import streamlit as st

from dashboard import forgetting
from dashboard.forget_form import forget_form, meta
from dashboard.parts import card, header, table
from dashboard.view import View, current
from pipelines.errors import ClearToSendError


def show(view: View) -> None:
    """Draw the page."""
    header(
        view, "Who is to be forgotten?", "Erased from logs, warehouse, ledger and exports; no load brings them back."
    )
    try:
        with card("Forget a person", "By their page-scoped id. What they write later makes them a new acquaintance."):
            forget_form(view)
        meta(view)
        requests(view)
        with card("Kept for so long", "Days by kind: retention_days in settings.toml. All else is kept."):
            rows_or(view, forgetting.retention(view.home), "retention", "Everything is kept: no span is set.")
    except ClearToSendError as error:
        st.error(str(error), icon=":material/block:")


@st.fragment(run_every=2.0)
def requests(view: View) -> None:
    """Show what was asked for and what was erased, as it goes on."""
    try:
        with card("Requests", "The app erases within a minute, unless a message to that person is on its way."):
            asked = forgetting.asked(view.home, view.who())
            rows_or(view, asked, "asked", "Nobody has asked to be forgotten.")
        with card("What was erased", "From the audit trail, which names nobody."):
            rows_or(view, forgetting.history(view.home, view.who()), "erasures", "Nothing was erased so far.")
    except ClearToSendError as error:
        st.error(str(error), icon=":material/block:")


def rows_or(view: View, found: pd.DataFrame, key: str, none: str) -> None:
    """Show rows, or say that there are none."""
    if len(found):
        table(view, found, key)
    else:
        st.caption(none)


show(current())
