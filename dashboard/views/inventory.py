"""The token inventory: which permissions are held, and until when."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import charts, reads
from dashboard.buckets import AGE, LEFT, counts
from dashboard.figures import inventory_figures
from dashboard.filters import choose_age, choose_left, choose_topic, token_bounds, token_scope
from dashboard.parts import Rows, card, choice, figures, header, plot, rows, stranded
from dashboard.scope import Bounds
from dashboard.theme import EXPIRING, STATES
from dashboard.view import View, current
from dashboard.words import inventory_answer, topics_line


def show(whole: View) -> None:
    """Draw the page."""
    top = st.container()
    view = replace(whole, scope=token_scope(whole))
    stock = view.read(reads.stock, view.scope)
    with top:
        answer = inventory_answer(stock, view.scope.as_of, today=view.is_today)
        header(view, "Which permissions do we hold, and until when?", answer)
    if stock.empty:
        st.info("Take a filter away, or choose another day or Page.", icon=":material/filter_alt:")
        return
    figures(inventory_figures(view, stock))
    with card(
        "The stock grows with opt-ins and shrinks with every message, stop and expiry",
        "Tokens by state at the end of each day (UTC). The last point is the moment shown.",
    ):
        days = choice("Days", {30: "30 days", 90: "90 days", 400: "13 months"}, 90, "days")
        by_day = view.read(reads.stock_by_day, view.scope, days)
        by_day = reads.with_now(by_day, stock, view.scope.as_of)
        plot(charts.stock_by_day(by_day, view.policy_marks), "stock", answer)
    left, right = st.columns(2)
    note = f"{topics_line(stock, charts.MAX_TOPICS)} Click a bar for its tokens."
    with left, card("Ask again for the topics that run low", note):
        plot(charts.topics_by_state(stock), "topics", "Tokens by topic and state", choose_topic)
    with right, card("Spend what has the least time left", "Available tokens. Click a bar for its tokens."):
        clock(view)
    stranded(view, stock)
    tokens(view, stock)


def clock(view: View) -> None:
    """Draw the available tokens by time left, or by age."""
    side = choice("By", {"left": "Time left", "age": "Age"}, "left", "clock")
    if side == "age":
        ages = view.read(reads.ages, view.scope)
        of, choose, unit = AGE, choose_age, "days since the opt-in"
        sums = counts(ages["age_days"], ages["count_tokens"], of)
    else:
        ends = view.read(reads.runoff, view.scope).frame
        of, choose, unit = LEFT, choose_left, "days until expiry"
        sums = counts((ends["expires_on"] - pd.Timestamp(view.scope.as_of.date())).dt.days, ends["count_tokens"], of)
    is_soon = [side == "left" and each.first < reads.SOON_DAYS for each in of.values()]
    inks = [EXPIRING if soon else STATES["available"] for soon in is_soon]
    figure = charts.buckets([each.label for each in of.values()], sums, list(of), unit, inks)
    plot(figure, f"clock-{side}", f"Available tokens by {unit}", choose)


def tokens(view: View, stock: pd.DataFrame) -> None:
    """Show the tokens that fit, and export them."""
    bounds = token_bounds()
    found = view.read(reads.tokens, view.scope, bounds, view.key)
    everything = bounds == Bounds()
    count = int(stock["count_tokens"].sum()) if everything else view.read(reads.count_tokens, view.scope, bounds)
    shown = Rows(found, count, "tokens", "whose state ends first", "inventory.token_rows", bounds.values(), "tokens")
    rows(view, shown, "tokens")


show(current())
