"""What the overview shows below its answer: what runs out next, and what Meta held against the Page."""

import streamlit as st

from dashboard import charts, reads
from dashboard.language import plural, say
from dashboard.parts import card, plot, table
from dashboard.view import View


def soon(view: View, runoff: reads.Runoff) -> None:
    """Show what runs out next."""
    left, right = st.columns(2)
    note = say("Exact, from the tokens held. Days are UTC.")
    with left, card(say("Spend these first: tokens that expire unused"), note):
        figure = charts.runoff_by_day(runoff, view.policy_marks)
        plot(figure, "runoff", say("Tokens that expire on each of the next 90 days"))
    note = say("Open windows by the hour of their end, {zone} time.", zone=view.zone)
    with right, card(say("Write before these windows close"), note):
        closing = view.read(reads.windows_closing, view.scope)
        plot(
            charts.windows_closing(closing, view.scope.as_of, view.zone),
            "closing",
            say("Windows that close in 24 hours"),
        )


def enforcement(view: View) -> None:
    """Show what Meta held against the Page."""
    found = reads.policy_events_of(view.read(reads.policy_events), view.scope)
    st.markdown(
        plural(
            "**1 policy event**: warnings, blocks and unblocks that Meta sent to the Page.",
            "**{count} policy events**: warnings, blocks and unblocks that Meta sent to the Page.",
            len(found),
        )
    )
    if len(found):
        table(view, found, "policy", most=5)
