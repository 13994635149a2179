"""The forecast's own record: past forecasts against what came."""

import streamlit as st

from dashboard import charts_forecast as charts
from dashboard import reads
from dashboard.language import say
from dashboard.parts import Rows, card, plot, rows, table
from dashboard.scope import Scope
from dashboard.view import View
from dashboard.words import trust_answer
from pipelines.forecast import read
from pipelines.forecast.read import Narrowed


def judged(view: View, to: Narrowed, scope: Scope) -> None:
    """Show how good past forecasts were."""
    past = view.read(read.past, to, 28)
    st.markdown(trust_answer(view.read(read.errors, to).set_index("measure"), len(past)))
    if past.empty:
        return
    left, right = st.columns(2)
    note = say("Tokens held, by topic. Each band's width is set by the other origins.")
    with left, card(say("The bands hold what they say"), note):
        held = view.read(read.coverage, to)
        plot(charts.coverage(held[held["measure"] == "held"]), "coverage", say("Share of outcomes within each band"))
    note = say("Tokens held. Naive: the last week, repeated.")
    with right, card(say("Foreseen four weeks before, and what came"), note):
        plot(charts.past(past), "past", say("Past forecasts of tokens held, and what came"))
    st.caption(
        say("By what is foreseen and days ahead. Error: the sum of misses, against repeating the last week (1).")
    )
    table(view, view.read(read.coverage, to), "forecast-horizons")
    found = view.read(reads.forecast_judged, scope)
    shown = Rows(found, len(found), say("topics"), say("by Page"), "forecast.judged", {}, "forecast-judged")
    rows(view, shown, "forecast-judged")
