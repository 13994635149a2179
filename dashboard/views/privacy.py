"""Privacy: who is to be forgotten, what Meta asks for, how long what is kept, and what was erased."""

import pandas as pd
import streamlit as st

from dashboard.language import say
from dashboard.parts import card, header, table
from dashboard.privacy import forgetting
from dashboard.privacy.form import forget_form, meta
from dashboard.view import View, current
from pipelines.errors import ClearToSendError


def show(view: View) -> None:
    """Draw the page."""
    header(
        view,
        say("Who is to be forgotten?"),
        say("Erased from logs, warehouse, ledger and exports; no load brings them back."),
    )
    try:
        note = say("By their page-scoped id. What they write later makes them a new acquaintance.")
        with card(say("Forget a person"), note):
            forget_form(view)
        meta(view)
        requests(view)
        note = say("Days by kind: retention_days in settings.toml. All else is kept.")
        with card(say("Kept for so long"), note):
            rows_or(view, forgetting.retention(view.home), "retention", say("Everything is kept: no span is set."))
    except ClearToSendError as error:
        st.error(str(error), icon=":material/block:")


@st.fragment(run_every=2.0)
def requests(view: View) -> None:
    """Show what was asked for and what was erased, as it goes on."""
    try:
        note = say("The app erases within a minute, unless a message to that person is on its way.")
        with card(say("Requests"), note):
            asked = forgetting.asked(view.home, view.who())
            rows_or(view, asked, "asked", say("Nobody has asked to be forgotten."))
        with card(say("What was erased"), say("From the audit trail, which names nobody.")):
            rows_or(view, forgetting.history(view.home, view.who()), "erasures", say("Nothing was erased so far."))
    except ClearToSendError as error:
        st.error(str(error), icon=":material/block:")


def rows_or(view: View, found: pd.DataFrame, key: str, none: str) -> None:
    """Show rows, or say that there are none."""
    if len(found):
        table(view, found, key)
    else:
        st.caption(none)


show(current())
