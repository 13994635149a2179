"""Audit: whether the trail can be trusted, what was done by whom, and where every message came from."""

import streamlit as st

from dashboard.audit import trail
from dashboard.audit.address import Looked, looked_at
from dashboard.audit.card import card, search
from dashboard.audit.entries import filters, listed
from dashboard.audit.story import story
from dashboard.audit.verdict import verdict
from dashboard.language import say
from dashboard.parts import header
from dashboard.view import View, current
from dashboard.words import escaped
from pipelines.errors import ClearToSendError, UsageError


def show(view: View) -> None:
    """Draw the page."""
    if not view.who().may("audit"):
        header(view, say("Can this trail be trusted?"), say("Reviewers and admins can look that up."))
    try:
        verdict(view)
        looked, names = looked_at(), trail.campaign_names(view.home, view.who())
        search(looked)
        filters(view, looked, names)
        if looked.send:
            message(view, looked)
        if looked.campaign:
            story(view, looked, names)
        elif not looked.send:
            listed(view, looked, names)
    except ClearToSendError as error:
        st.error(escaped(str(error)), icon=":material/block:")


def message(view: View, looked: Looked) -> None:
    """Show the message that the address names, or why there is none."""
    try:
        card(view, looked)
    except UsageError as error:
        st.warning(escaped(str(error)), icon=":material/search_off:")


show(current())
