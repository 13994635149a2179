"""The expiry forecast: when permissions run out, how many die unused, and what to do about it."""

import streamlit as st

from dashboard.forecast.ahead import by_topic, endings, stock
from dashboard.forecast.judged import judged
from dashboard.forecast.parts import (
    NEVER_ANY,
    NONE_YET,
    advice_card,
    forecast_figures,
    freshness,
    narrowed,
)
from dashboard.forecast.whatif import what_if
from dashboard.language import noted, say
from dashboard.parts import card, choice, figures, header
from dashboard.view import View, current
from dashboard.words import escaped
from pipelines.forecast import read
from pipelines.forecast.advice import advise
from pipelines.forecast.history import read_known
from pipelines.forecast.store import read_state

_QUESTION = noted("When do our permissions run out, and how many die unused?")
_PARTS = {"ahead": noted("What comes"), "whatif": noted("What if"), "record": noted("Can it be trusted?")}


def show(view: View) -> None:
    """Draw the page."""
    state = view.read(read_state)
    if state is None or not state.count_topics:
        header(view, say(_QUESTION), say(NONE_YET) if view.read(read_known, view.moment) else say(NEVER_ANY))
        freshness(view, state)
        return
    top = st.container()
    to, scope = narrowed(view)
    before, soonest = (view.read(read.unused, to, sends) for sends in ("as_before", "soonest_first"))
    with top:
        closing = view.read(read.closing, to)
        advice = advise(view.read(read.topics, to), before, soonest, closing, state.starts_at)
        said = {each.subject: each.sentence for each in advice}
        header(view, say(_QUESTION), escaped(said.get("unused") or said.get("nothing") or ""))
        freshness(view, state)
    if not before:
        st.info(say("Nothing fits these filters. Take one away."), icon=":material/filter_alt:")
        return
    figures(forecast_figures(view, to, before, soonest))
    advice_card(advice)
    part = choice(say("Look at"), _PARTS, "ahead", "part")
    if part == "ahead":
        stock(view, to, scope, state)
        endings(view, to, state)
        by_topic(view, scope)
    elif part == "whatif":
        with card(say("What if"), say("Move a slider: the paths are drawn anew, those tokens first that end first.")):
            what_if(view, to, state)
    else:
        judged(view, to, scope)


show(current())
