"""What comes: the bands of half a year, the exact run-off of the tokens held, their life, and all of it by topic."""

import streamlit as st

from dashboard import charts_forecast as charts
from dashboard import reads
from dashboard.forecast.parts import held_so_far
from dashboard.language import noted, say
from dashboard.parts import Rows, card, choice, plot, rows
from dashboard.scope import Scope
from dashboard.view import View
from pipelines.forecast import read
from pipelines.forecast.read import Narrowed
from pipelines.forecast.store import ForecastState

_MEASURES = {
    "held": noted("Tokens held"),
    "died": noted("Died unused"),
    "gained": noted("Opt-ins"),
    "spent": noted("Sends"),
}
_AHEAD = {
    "held": noted("Tokens held in the half year ahead"),
    "died": noted("Died unused in the half year ahead"),
    "gained": noted("Opt-ins in the half year ahead"),
    "spent": noted("Sends in the half year ahead"),
}
_SENDS = {"soonest_first": noted("Soonest-ending first"), "as_before": noted("As in the past")}


def stock(view: View, to: Narrowed, scope: Scope, state: ForecastState) -> None:
    """Draw what comes, with its bands."""
    with card(
        say("Plan inside the band: opt-ins, sends and expiry together"),
        say("Shaded: where 50, 80 and 95 % of outcomes lie."),
    ):
        with st.container(horizontal=True):
            measure = choice(say("Show"), _MEASURES, "held", "measure")
            sends = choice(say("Sends take"), _SENDS, "soonest_first", "sends")
        bands = view.read(read.days, to, sends)
        past = held_so_far(view, scope, measure)
        today = state.starts_at.date()
        figure = charts.ahead(bands[bands["measure"] == measure], measure, past, today, view.policy_marks)
        plot(figure, "ahead", say(_AHEAD[measure]))


def by_topic(view: View, scope: Scope) -> None:
    """List the topics."""
    found = view.read(reads.forecast_topics, scope)
    shown = Rows(found, len(found), say("topics"), say("the most waste first"), "forecast.topics", {}, "forecast")
    rows(view, shown, "forecast-topics")


def endings(view: View, to: Narrowed, state: ForecastState) -> None:
    """Draw the exact run-off, and the life of a token."""
    left, right = st.columns(2)
    note = say("Exact, for 13 months, from the tokens held. UTC.")
    with left, card(say("These end on these days, if nobody uses them"), note):
        figure = charts.runoff(view.read(read.runoff, to), state.starts_at.date(), view.policy_marks)
        plot(figure, "runoff-ahead", say("Tokens by the day they end"))
    note = say("Kaplan-Meier; expiry and stops are competing ends.")
    with right, card(say("Use them young: the chance falls with age"), note):
        curves = view.read(read.lives, to)
        if curves.empty:
            st.caption(say("No token of these was ever used up, so there is no chance to tell."))
        else:
            plot(charts.life(curves), "life", say("Chance of being used by age"))
