"""Sends of which nobody knows whether they arrived: who they are, and a form for whoever has found out."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard.campaigns.desk import desk
from dashboard.compose.words import lane_label, moment
from dashboard.language import plural, say
from dashboard.ledger import ledger_at
from dashboard.parts import height_of
from dashboard.view import View
from dashboard.words import escaped
from pipelines.audit import watching
from pipelines.audit.watching import Standing, Unconfirmed
from pipelines.errors import ClearToSendError

MOST = 500
"""So many are named at once; once they are settled, the next are."""
_SAID = "_settled"


def settle_form(view: View, at: Standing) -> None:
    """Name the unconfirmed sends, and let whoever may say what became of them."""
    campaign_id = at.record.campaign_id
    open_ones = watching.unconfirmed(ledger_at(view.home), view.home, at.record, view.who(), MOST)
    _say_what_came()
    if not open_ones:
        return
    with st.expander(say("Who they are, and settling them"), icon=":material/fact_check:", key="settle"):
        people = pd.DataFrame([
            {"send": each.send_id, say("Person"): each.person, say("Lane"): lane_label(each.lane),
             say("Since"): moment(each.since, view.zone)}
            for each in open_ones
        ]).rename(columns={"send": say("Number")})  # fmt: skip
        st.dataframe(people, hide_index=True, height=height_of(len(people), 6))
        if not view.who().may("approve"):
            st.caption(say("A reviewer or an admin can look into the Page's inbox, and settle them here."))
            return
        _form(view, campaign_id, open_ones)


def _form(view: View, campaign_id: str, open_ones: Sequence[Unconfirmed]) -> None:
    named = {each.send_id: each.person for each in open_ones}
    with st.form("settle_form", border=False):
        st.multiselect(
            say("Only these"),
            list(named),
            key="settle_only",
            format_func=lambda send_id: f"{send_id} · {named.get(send_id, '')}",
            placeholder=plural("The 1 named above", "All {count} named above", len(named)),
        )
        st.text_input(say("How do you know?"), key="settle_why", placeholder=say("Seen in the Page's inbox"))
        st.caption(say("Those that did not arrive go out again, unless the campaign is over."))
        with st.container(horizontal=True):
            for arrived, label in ((True, say("They arrived")), (False, say("They did not arrive"))):
                st.form_submit_button(
                    label, on_click=_settle, args=(view, campaign_id, list(named), arrived), key=f"settle_{arrived}"
                )


def _settle(view: View, campaign_id: str, named: list[int], arrived: bool) -> None:
    """Write down what somebody found out about the sends that they were shown, and about no others."""
    chosen = [int(each) for each in st.session_state.get("settle_only", ())] or named
    try:
        with desk(view) as here:
            why = str(st.session_state.get("settle_why", ""))
            count = here.settle(campaign_id, chosen, arrived=arrived, by=view.who(), why=why)
    except ClearToSendError as error:
        st.session_state[_SAID] = ("error", escaped(str(error)))
        return
    st.session_state[_SAID] = ("success", plural("1 send is settled.", "{count} sends are settled.", count))
    st.session_state["settle_why"], st.session_state["settle_only"] = "", []


def _say_what_came() -> None:
    kind, text = st.session_state.pop(_SAID, ("", ""))
    if kind == "error":
        st.error(text, icon=":material/error:")
    elif kind == "success":
        st.toast(text, icon=":material/check:")
