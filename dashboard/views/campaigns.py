"""Campaigns: what goes out and what waits; one campaign; or one that is being written. The address says which."""

import streamlit as st

from dashboard.campaigns import board, page
from dashboard.compose import page as composer
from dashboard.view import View, current
from dashboard.words import escaped
from pipelines.errors import ClearToSendError


def show(view: View) -> None:
    """Draw the page."""
    draft, campaign = st.query_params.get("draft"), st.query_params.get("campaign")
    try:
        if draft:
            composer.show(view, draft)
        elif campaign:
            page.show(view, campaign)
        else:
            board.show(view)
    except ClearToSendError as error:
        st.error(escaped(str(error)), icon=":material/error:")


show(current())
