"""Data health: whether the numbers of the other pages can be trusted."""

from datetime import timedelta

import pandas as pd
import streamlit as st

from dashboard import charts, reads
from dashboard.figures import health_figures
from dashboard.parts import Rows, card, choice, figures, header, plot, rows, table
from dashboard.view import View, current
from dashboard.webhook_section import alarms, reaching
from dashboard.words import counted, health_answer

_RANGES = {"1": "24 hours", "7": "7 days", "30": "30 days", "400": "13 months"}  # by days back
_BUCKETS = {"1": "hour", "7": "hour", "30": "day", "400": "week"}


def show(view: View) -> None:
    """Draw the page."""
    balance = view.read(reads.balance, view.scope)
    gaps = view.read(reads.gaps, view.scope, view.scope.as_of - timedelta(days=28))
    answer = health_answer(balance, len(gaps), int(gaps["count_hours"].sum()))
    header(view, "Can these numbers be trusted?", answer)
    health = alarms(view)
    figures(health_figures(view, balance))
    with card(
        "A healthy stream keeps its rhythm; a hole in it is a webhook that did not arrive",
        "Events by kind. Shaded: hours without any event where at least three of the four weeks before had some.",
    ):
        days = choice("Range", _RANGES, "30", "range")
        bucket = _BUCKETS[days]
        events = view.read(reads.events_by_time, view.scope, view.scope.as_of - timedelta(days=int(days)), bucket)
        plot(charts.events_by_time(events, bucket, gaps, view.zone), "events", answer)
    left, right = st.columns(2)
    with left, card("Late deliveries make windows look closed", "Mean time from an event to its delivery by Meta."):
        plot(charts.delivery_lag(events, bucket, view.zone), "lag", "Mean delivery lag")
    with right:
        silence(view, gaps)
    reaching(view, health)
    files(view, balance)
    rejected(view)


def silence(view: View, gaps: pd.DataFrame) -> None:
    """List the gaps, and the events without a time."""
    title = f"{counted(len(gaps), 'gap')} in the last four weeks"
    with card(title, "Ask whoever runs the webhook what happened then. Load the missing logs, and the gap closes."):
        if len(gaps):
            table(view, gaps, "gaps", most=3)
        timeless = view.read(reads.timeless, view.scope)
        if len(timeless):
            st.caption("Events for which the log gives no time; they count, but belong to no hour:")
            table(view, timeless, "timeless", most=3)


def files(view: View, balance: reads.Balance) -> None:
    """Show the balance sheet of each file."""
    st.subheader("Some files do not add up" if balance.count_unbalanced else "Every file adds up", anchor=False)
    found = view.read(reads.sources, view.scope)
    order = "the last loaded first; lines = with events + duplicate + rejected"
    rows(view, Rows(found, balance.count_files, "files", order, "health.sources", {}, "files"), "files")


def rejected(view: View) -> None:
    """Show the rejects with the line itself."""
    st.subheader("Rejects, as they came", anchor=False)
    reasons = view.read(reads.reject_reasons, view.scope)
    counts = dict(zip(reasons["reason"], reasons["count_rejects"].astype(int), strict=True))
    if not counts:
        st.caption("No line was rejected.")
        return
    reason = st.selectbox("Reason", [*counts], None, key="reason", bind="query-params", placeholder="Every reason")
    found = view.read(reads.rejects, view.scope, reason, view.key)
    count = counts[reason] if reason else sum(counts.values())
    order = f"by file and line; {view.masked} are masked"
    rows(view, Rows(found, count, "rejects", order, "health.rejects", {"reason": reason}, "rejects"), "rejects")


show(current())
