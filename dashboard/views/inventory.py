"""The token inventory: which permissions are held, and until when."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import charts, reads
from dashboard.figures import inventory_figures
from dashboard.filters import choose_topic, token_bounds, token_scope
from dashboard.inventory_clock import clock
from dashboard.language import noted, say
from dashboard.parts import Rows, card, choice, figures, header, plot, rows, stranded
from dashboard.scope import Bounds
from dashboard.view import View, current
from dashboard.words import inventory_answer, joined, topics_line

_DAYS = {30: noted("30 days"), 90: noted("90 days"), 400: noted("13 months")}


def show(whole: View) -> None:
    """Draw the page."""
    top = st.container()
    view = replace(whole, scope=token_scope(whole))
    stock = view.read(reads.stock, view.scope)
    with top:
        answer = inventory_answer(stock, view.scope.as_of, today=view.is_today)
        header(view, say("Which permissions do we hold, and until when?"), answer)
    if stock.empty:
        st.info(say("Take a filter away, or choose another day or Page."), icon=":material/filter_alt:")
        return
    figures(inventory_figures(view, stock))
    with card(
        say("The stock grows with opt-ins and shrinks with every message, stop and expiry"),
        say("Tokens by state at the end of each day (UTC). The last point is the moment shown."),
    ):
        days = choice(say("Days"), _DAYS, 90, "days")
        by_day = view.read(reads.stock_by_day, view.scope, days)
        by_day = reads.with_now(by_day, stock, view.scope.as_of)
        plot(charts.stock_by_day(by_day, view.policy_marks), "stock", answer)
    left, right = st.columns(2)
    note = joined(topics_line(stock, charts.MAX_TOPICS), say("Click a bar for its tokens."))
    with left, card(say("Ask again for the topics that run low"), note):
        plot(charts.topics_by_state(stock), "topics", say("Tokens by topic and state"), choose_topic)
    note = say("Available tokens. Click a bar for its tokens.")
    with right, card(say("Spend what has the least time left"), note):
        clock(view)
    stranded(view, stock)
    tokens(view, stock)


def tokens(view: View, stock: pd.DataFrame) -> None:
    """Show the tokens that fit, and export them."""
    bounds = token_bounds()
    found = view.read(reads.tokens, view.scope, bounds, view.key)
    everything = bounds == Bounds()
    count = int(stock["count_tokens"].sum()) if everything else view.read(reads.count_tokens, view.scope, bounds)
    shown = Rows(
        found, count, say("tokens"), say("whose state ends first"), "inventory.token_rows", bounds.values(), "tokens"
    )
    rows(view, shown, "tokens")


show(current())
