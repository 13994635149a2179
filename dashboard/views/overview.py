"""The overview: how many people may still be messaged, by which lane, and what runs out next."""

import streamlit as st

from dashboard import charts, reads
from dashboard.figures import overview_figures, reach_at
from dashboard.language import noted, say
from dashboard.overview_ahead import enforcement, soon
from dashboard.parts import Rows, card, choice, figures, header, plot, rows, stranded
from dashboard.reach import Reach
from dashboard.theme import LANES
from dashboard.view import View, current
from dashboard.words import reach_answer

_LANES = {lane: ink.label for lane, ink in LANES.items() if lane != "contacts"}
_ORDERS = {
    "window": noted("whose window ends first"),
    "token": noted("whose token ends first"),
    "human_agent": noted("whose window ended first"),
    "none": noted("the newest contacts first"),
}


def show(view: View) -> None:
    """Draw the page."""
    reach = reach_at(view)
    runoff = view.read(reads.runoff, view.scope)
    answer = reach_answer(reach, runoff.soon_by_topic(), view.scope.as_of, today=view.is_today)
    header(view, say("How many people may we still message?"), answer)
    figures(overview_figures(view, reach, runoff))
    main, behind = st.container(), st.container()
    with behind:  # first, because the chart shows what is chosen here
        lane = people(view, reach)
    note = say(
        "A window is free and spends nothing. *Human agent only*: the person wrote within {days} days, so an employee "
        "may still answer by hand; never a broadcast. Click a bar for its people.",
        days=view.lanes.human_agent_days,
    )
    title = say("A broadcast reaches two groups: people whose window is open, and people who left a token")
    with main, card(title, note):
        plot(charts.reach_waterfall(reach, lane), "reach", answer, choose_lane)
    soon(view, runoff)
    stranded(view, view.read(reads.stock, view.scope))
    enforcement(view)


def people(view: View, reach: Reach) -> str:
    """Show the people behind one lane, and return the lane."""
    lane = choice(say("People by their best lane"), _LANES, "window", "lane", show_label=True)
    found = view.read(reads.people, view.scope, view.lanes, lane, view.key)
    values = reads.people_values(view.lanes, lane)
    query, count = reads.people_query(lane), getattr(reach, lane)
    rows(view, Rows(found, count, say("people"), say(_ORDERS[lane]), query, values, f"people-{lane}"), "people")
    return lane


def choose_lane(lane: str) -> None:
    """Show the people of the bar that was clicked."""
    if lane in _LANES:
        st.session_state["lane"] = lane


show(current())
