"""Alerts: what wants somebody now, since when, what to do about it, and how it was told."""

import streamlit as st

from dashboard.alerts import board as alerting
from dashboard.alerts.board import Board
from dashboard.alerts.card import alert_card
from dashboard.app import clock
from dashboard.language import say
from dashboard.parts import card, header, table
from dashboard.view import View, current
from dashboard.words import escaped
from pipelines.errors import ClearToSendError
from pipelines.settings import read_settings


def show(view: View) -> None:
    """Draw the page."""
    follow(view)
    try:
        shown = alerting.board(view.home, view.who())
        with card(say("What is over"), say("The last ones, the newest first.")):
            if shown.over:
                table(view, alerting.over_frame(shown, clock()), "over")
            else:
                st.caption(say("No alert has ended so far."))
        left, right = st.columns(2)
        with left, card(say("Told outside of the app"), say("Each alert once: several at a time become one message.")):
            channels(view, shown)
        with right, card(say("What is watched"), say("The numbers stand under [alerts] in settings.toml.")):
            st.markdown(alerting.watched(read_settings(view.home)))
    except ClearToSendError as error:
        st.error(escaped(str(error)), icon=":material/block:")


@st.fragment(run_every=10.0)
def follow(view: View) -> None:
    """Show what is open, as it changes."""
    now = clock()
    try:
        shown, names = alerting.board(view.home, view.who()), alerting.channels_of(read_settings(view.home))
        header(view, say("Does anything want somebody now?"), alerting.answer(shown, now))
        if shown.look and shown.look.says:
            st.warning(escaped(shown.look.says), icon=":material/visibility_off:")
        for each in shown.open:
            alert_card(view, each, alerting.told_words(shown, each, now, names), now)
    except ClearToSendError as error:
        st.error(escaped(str(error)), icon=":material/block:")


def channels(view: View, shown: Board) -> None:
    """Say where alerts go, and offer a test."""
    for line in alerting.ways_out(read_settings(view.home), shown, clock()):
        st.markdown(line)
    if view.who().may("operate") and st.button(say("Send a test message"), icon=":material/send:"):
        alerting.try_channels(view.home, view.who(), clock(), st.context.url or "")
    for line in alerting.tried():
        st.markdown(line)


show(current())
