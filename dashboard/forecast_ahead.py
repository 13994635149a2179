"""What comes: the bands of half a year, the exact run-off of the tokens held, their life, and all of it by topic."""

import streamlit as st

from dashboard import charts_forecast as charts
from dashboard import reads
from dashboard.forecast_parts import held_so_far
from dashboard.parts import Rows, card, choice, plot, rows
from dashboard.scope import Scope
from dashboard.view import View
from pipelines.forecast import read
from pipelines.forecast.read import Narrowed
from pipelines.forecast.store import ForecastState

_MEASURES = {"held": "Tokens held", "died": "Died unused", "gained": "Opt-ins", "spent": "Sends"}
_SENDS = {"soonest_first": "Soonest-ending first", "as_before": "As in the past"}


def stock(view: View, to: Narrowed, scope: Scope, state: ForecastState) -> None:
    """Draw what comes, with its bands."""
    with card(
        "Plan inside the band: opt-ins, sends and expiry together", "Shaded: where 50, 80 and 95 % of outcomes lie."
    ):
        with st.container(horizontal=True):
            measure = choice("Show", _MEASURES, "held", "measure")
            sends = choice("Sends take", _SENDS, "soonest_first", "sends")
        bands = view.read(read.days, to, sends)
        past = held_so_far(view, scope, measure)
        today = state.starts_at.date()
        figure = charts.ahead(bands[bands["measure"] == measure], measure, past, today, view.policy_marks)
        plot(figure, "ahead", f"{_MEASURES[measure]} in the half year ahead")


def by_topic(view: View, scope: Scope) -> None:
    """List the topics."""
    found = view.read(reads.forecast_topics, scope)
    shown = Rows(found, len(found), "topics", "the most waste first", "forecast.topics", {}, "forecast")
    rows(view, shown, "forecast-topics")


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
