"""Data health: whether the numbers of the other pages can be trusted."""

from datetime import timedelta

import streamlit as st

from dashboard import charts_health, reads
from dashboard.figures import health_figures
from dashboard.health_rows import files, rejected, silence
from dashboard.language import noted, say
from dashboard.parts import card, choice, figures, header, plot
from dashboard.view import View, current
from dashboard.webhook_section import alarms, reaching
from dashboard.words import health_answer

_RANGES = {
    "1": noted("24 hours"),
    "7": noted("7 days"),
    "30": noted("30 days"),
    "400": noted("13 months"),
}  # by days back
_BUCKETS = {"1": "hour", "7": "hour", "30": "day", "400": "week"}


def show(view: View) -> None:
    """Draw the page."""
    balance = view.read(reads.balance, view.scope)
    gaps = view.read(reads.gaps, view.scope, view.scope.as_of - timedelta(days=28))
    answer = health_answer(balance, len(gaps), int(gaps["count_hours"].sum()))
    header(view, say("Can these numbers be trusted?"), answer)
    health = alarms(view)
    figures(health_figures(view, balance))
    with card(
        say("A healthy stream keeps its rhythm; a hole in it is a webhook that did not arrive"),
        say("Events by kind. Shaded: hours without any event where at least three of the four weeks before had some."),
    ):
        days = choice(say("Range"), _RANGES, "30", "range")
        bucket = _BUCKETS[days]
        events = view.read(reads.events_by_time, view.scope, view.scope.as_of - timedelta(days=int(days)), bucket)
        plot(charts_health.events_by_time(events, bucket, gaps, view.zone), "events", answer)
    left, right = st.columns(2)
    note = say("Mean time from an event to its delivery by Meta.")
    with left, card(say("Late deliveries make windows look closed"), note):
        plot(charts_health.delivery_lag(events, bucket, view.zone), "lag", say("Mean delivery lag"))
    with right:
        silence(view, gaps)
    reaching(view, health)
    files(view, balance)
    rejected(view)


show(current())
