"""The expiry forecast: when permissions run out, how many die unused, and what to do about it."""

import streamlit as st

from dashboard import charts_forecast as charts
from dashboard import reads
from dashboard.forecast_endings import endings
from dashboard.forecast_judged import judged
from dashboard.forecast_parts import (
    NEVER_ANY,
    NONE_YET,
    advice_card,
    forecast_figures,
    freshness,
    held_so_far,
    narrowed,
)
from dashboard.forecast_whatif import what_if
from dashboard.parts import Rows, card, choice, figures, header, plot, rows
from dashboard.scope import Scope
from dashboard.view import View, current
from dashboard.words import escaped
from pipelines.forecast import read
from pipelines.forecast.history import read_known
from pipelines.forecast.read import Narrowed
from pipelines.forecast.store import ForecastState, read_state

_QUESTION = "When do our permissions run out, and how many die unused?"
_PARTS = {"ahead": "What comes", "whatif": "What if", "record": "Can it be trusted?"}
_MEASURES = {"held": "Tokens held", "died": "Died unused", "gained": "Opt-ins", "spent": "Sends"}
_SENDS = {"soonest_first": "Soonest-ending first", "as_before": "As in the past"}


def show(view: View) -> None:
    """Draw the page."""
    state = view.read(read_state)
    if state is None or not state.count_topics:
        header(view, _QUESTION, NONE_YET if view.read(read_known, view.moment) else NEVER_ANY)
        freshness(view, state)
        return
    top = st.container()
    to, scope = narrowed(view)
    before, soonest = (view.read(read.unused, to, sends) for sends in ("as_before", "soonest_first"))
    with top:
        said = {each.subject: each.sentence for each in view.read(read.advice, to)}
        header(view, _QUESTION, escaped(said.get("unused") or said.get("nothing") or ""))
        freshness(view, state)
    if not before:
        st.info("Nothing fits these filters. Take one away.", icon=":material/filter_alt:")
        return
    figures(forecast_figures(view, to, before, soonest))
    advice_card(view, to)
    part = choice("Look at", _PARTS, "ahead", "part")
    if part == "ahead":
        stock(view, to, scope, state)
        endings(view, to, state)
        by_topic(view, scope)
    elif part == "whatif":
        with card("What if", "Move a slider: the paths are drawn anew, those tokens first that end first."):
            what_if(view, to, state)
    else:
        judged(view, to, scope)


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


show(current())
