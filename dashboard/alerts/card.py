"""One open alert on its page: what it is, since when, what to do, how it was told, and where to look."""

from datetime import datetime

import streamlit as st

from dashboard.alerts import board as alerting
from dashboard.app import clock
from dashboard.language import say
from dashboard.view import View
from dashboard.words import ago, escaped
from pipelines.ledger.alerts import Alert


def alert_card(view: View, alert: Alert, told: str, now: datetime) -> None:
    """Draw an alert. Raises Refused, LedgerUnreachable where somebody marks it as seen."""
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{say(alerting.TITLES[alert.kind])}** · {ago(alert.raised_at, now)}")
        st.markdown(escaped(alert.says))
        st.caption(f"{alert.to_do}  \n{escaped(told)}")
        with st.container(horizontal=True, vertical_alignment="center"):
            _look(alert)
            if alert.seen_by:
                st.caption(alerting.seen_words(alert, now))
            elif view.who().may("pause") and st.button(say("Mark as seen"), key=f"seen-{alert.alert_id}"):
                alerting.mark(view.home, alert.alert_id, view.who(), clock())
                st.rerun()


def _look(alert: Alert) -> None:
    """Offer the view that an alert is about."""
    if place := alerting.where_of(alert):
        file, page_id, query = place
        words, key = say("Look at it"), f"look-{alert.alert_id}"
        # A button: the choice of a Page outlives a link to another view, and has to be made anew.
        if st.button(words, key=key, icon=":material/arrow_forward:", on_click=alerting.choose_page, args=(page_id,)):
            st.switch_page(file, query_params=query)
