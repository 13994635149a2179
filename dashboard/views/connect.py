"""Connect a Page: the steps from Meta to this home, each with its verdict of this moment."""

import streamlit as st

from dashboard.app import clock
from dashboard.connect.connection import Connection, check_now
from dashboard.connect.parts import draw_checks, draw_settings, draw_steps
from dashboard.connect.steps import answer, steps_of
from dashboard.language import say
from dashboard.parts import header
from dashboard.view import View, current, rule_book
from dashboard.words import escaped
from pipelines.errors import ClearToSendError
from pipelines.webhook_health import known_pages

_FOUND = "_connect_found"


@st.fragment(run_every=2.0)
def show(view: View) -> None:
    """Draw the page, and again every two seconds."""
    try:
        view.who().must("see", "see these pages")
        now = clock()
        known = Connection.of(view.home, rule_book(), now, view.read(known_pages))
        steps = steps_of(known)
    except ClearToSendError as error:
        st.error(escaped(str(error)), icon=":material/block:")
        return
    header(view, say("Is your Page connected?"), answer(steps))
    sandbox(known)
    draw_settings(known)
    draw_steps(steps, now)
    ask(view)


def sandbox(known: Connection) -> None:
    """Say of a demo who plays Meta."""
    if known.settings.demo:
        st.info(
            say(
                "This is a demo: a sandbox on this machine stands in for Meta. Nothing goes to Meta from here, and no "
                "step is needed to look around. A home of your own begins with `clear-to-send serve --home home`."
            ),
            icon=":material/science:",
        )


def ask(view: View) -> None:
    """Let Meta itself be asked, by whoever may."""
    if not view.who().may("operate"):
        return
    st.subheader(say("Ask Meta now"), anchor=False)
    st.caption(say("The steps above tell what is recorded. This calls the Graph API, as `clear-to-send doctor` does."))
    if st.button(say("Check now"), icon=":material/network_check:"):
        with st.spinner(say("Asking ...")):
            st.session_state[_FOUND] = check_now(view.home, view.who(), clock())
    if found := st.session_state.get(_FOUND):
        draw_checks(found)


show(current())
