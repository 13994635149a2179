"""What data health lists: gaps in the stream, the balance sheet of each file, and what could not be read."""

import pandas as pd
import streamlit as st

from dashboard import reads
from dashboard.language import plural, say
from dashboard.parts import Rows, card, rows, table
from dashboard.view import View


def silence(view: View, gaps: pd.DataFrame) -> None:
    """List the gaps, and the events without a time."""
    title = plural("1 gap in the last four weeks", "{count} gaps in the last four weeks", len(gaps))
    note = say("Ask whoever runs the webhook what happened then. Load the missing logs, and the gap closes.")
    with card(title, note):
        if len(gaps):
            table(view, gaps, "gaps", most=3)
        timeless = view.read(reads.timeless, view.scope)
        if len(timeless):
            st.caption(say("Events for which the log gives no time; they count, but belong to no hour:"))
            table(view, timeless, "timeless", most=3)


def files(view: View, balance: reads.Balance) -> None:
    """Show the balance sheet of each file."""
    title = say("Some files do not add up") if balance.count_unbalanced else say("Every file adds up")
    st.subheader(title, anchor=False)
    found = view.read(reads.sources, view.scope)
    order = say("the last loaded first; lines = with events + duplicate + rejected")
    rows(view, Rows(found, balance.count_files, say("files"), order, "health.sources", {}, "files"), "files")


def rejected(view: View) -> None:
    """Show the rejects with the line itself."""
    st.subheader(say("Rejects, as they came"), anchor=False)
    reasons = view.read(reads.reject_reasons, view.scope)
    counts = dict(zip(reasons["reason"], reasons["count_rejects"].astype(int), strict=True))
    if not counts:
        st.caption(say("No line was rejected."))
        return
    reason = st.selectbox(
        say("Reason"), [*counts], None, key="reason", bind="query-params", placeholder=say("Every reason")
    )
    found = view.read(reads.rejects, view.scope, reason, view.key)
    count = counts[reason] if reason else sum(counts.values())
    order = say("by file and line; {masked} are masked", masked=view.masked)
    rows(view, Rows(found, count, say("rejects"), order, "health.rejects", {"reason": reason}, "rejects"), "rejects")
