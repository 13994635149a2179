"""The overview: how many people may still be messaged, by which lane, and what runs out next."""

import streamlit as st

from dashboard import charts, reads
from dashboard.figures import overview_figures, reach_at
from dashboard.parts import Rows, card, choice, figures, header, plot, rows, stranded, table
from dashboard.reach import Reach
from dashboard.theme import LANES
from dashboard.view import View, current
from dashboard.words import counted, reach_answer

_LANES = {lane: ink.label for lane, ink in LANES.items() if lane != "contacts"}
_ORDERS = {
    "window": "whose window ends first",
    "token": "whose token ends first",
    "human_agent": "whose window ended first",
    "none": "the newest contacts first",
}


def show(view: View) -> None:
    """Draw the page."""
    reach = reach_at(view)
    runoff = view.read(reads.runoff, view.scope)
    answer = reach_answer(reach, runoff.soon_by_topic(), view.scope.as_of, today=view.is_today)
    header(view, "How many people may we still message?", answer)
    figures(overview_figures(view, reach, runoff))
    main, behind = st.container(), st.container()
    with behind:  # first, because the chart shows what is chosen here
        lane = people(view, reach)
    note = (
        "A window is free and spends nothing. *Human agent only*: the person wrote within "
        f"{view.lanes.human_agent_days} days, so an employee may still answer by hand; never a broadcast. "
        "Click a bar for its people."
    )
    with main, card("A broadcast reaches two groups: people whose window is open, and people who left a token", note):
        plot(charts.reach_waterfall(reach, lane), "reach", answer, choose_lane)
    soon(view, runoff)
    stranded(view, view.read(reads.stock, view.scope))
    enforcement(view)


def people(view: View, reach: Reach) -> str:
    """Show the people behind one lane, and return the lane."""
    lane = choice("People by their best lane", _LANES, "window", "lane", show_label=True)
    found = view.read(reads.people, view.scope, view.lanes, lane, view.key)
    values = reads.people_values(view.lanes, lane)
    query, count = reads.people_query(lane), getattr(reach, lane)
    rows(view, Rows(found, count, "people", _ORDERS[lane], query, values, f"people-{lane}"), "people")
    return lane


def soon(view: View, runoff: reads.Runoff) -> None:
    """Show what runs out next."""
    left, right = st.columns(2)
    with left, card("Spend these first: tokens that expire unused", "Exact, from the tokens held. Days are UTC."):
        figure = charts.runoff_by_day(runoff, view.policy_marks)
        plot(figure, "runoff", "Tokens that expire on each of the next 90 days")
    with right, card("Write before these windows close", f"Open windows by the hour of their end, {view.zone} time."):
        closing = view.read(reads.windows_closing, view.scope)
        plot(charts.windows_closing(closing, view.scope.as_of, view.zone), "closing", "Windows that close in 24 hours")


def enforcement(view: View) -> None:
    """Show what Meta held against the Page."""
    found = reads.policy_events_of(view.read(reads.policy_events), view.scope)
    st.markdown(f"**{counted(len(found), 'policy event')}**: warnings, blocks and unblocks that Meta sent to the Page.")
    if len(found):
        table(view, found, "policy", most=5)


def choose_lane(lane: str) -> None:
    """Show the people of the bar that was clicked."""
    if lane in _LANES:
        st.session_state["lane"] = lane


show(current())
