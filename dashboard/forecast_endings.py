"""How tokens end: the exact run-off of those held, and the chance of being used before."""

import streamlit as st

from dashboard import charts_forecast as charts
from dashboard.parts import card, plot
from dashboard.view import View
from pipelines.forecast import read
from pipelines.forecast.read import Narrowed
from pipelines.forecast.store import ForecastState


def endings(view: View, to: Narrowed, state: ForecastState) -> None:
    """Draw the exact run-off, and the life of a token."""
    left, right = st.columns(2)
    with left, card("These end on these days, if nobody uses them", "Exact, for 13 months, from the tokens held. UTC."):
        figure = charts.runoff(view.read(read.runoff, to), state.starts_at.date(), view.policy_marks)
        plot(figure, "runoff-ahead", "Tokens by the day they end")
    with right, card("Use them young: the chance falls with age", "Kaplan-Meier; expiry and stops are competing ends."):
        curves = view.read(read.lives, to)
        if curves.empty:
            st.caption("No token of these was ever used up, so there is no chance to tell.")
        else:
            plot(charts.life(curves), "life", "Chance of being used by age")
