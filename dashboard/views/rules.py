"""The rule book: what holds on a day, what changed between two days, and what that change would have done."""

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from dashboard import compliance, rules
from dashboard.linting import linter
from dashboard.parts import card, header, table
from dashboard.view import View, current, rule_book


def show(view: View) -> None:
    """Draw the page."""
    book, today = rule_book(), view.scope.as_of.date()
    stale = rules.stale_rules(book, view.scope.as_of)
    header(view, "Which rules hold, and since when?", rules.book_answer(book, today, stale))
    if len(stale):
        with card("Read these pages again", f"Nobody has verified these rules for {rules.STALE_DAYS} days."):
            table(view, stale, "stale")
    between(view, today)
    book_of(view, today)


def between(view: View, today: date) -> None:
    """Show what changed between two days, and judge the last quarter's messages by both."""
    with card("See a change before it hits you", "What changed between two days (UTC), and what that would have done."):
        left, right = st.columns(2)
        earlier = left.date_input("From", today - timedelta(days=365), key="rules_from", bind="query-params")
        later = right.date_input("To", today, key="rules_to", bind="query-params")
        found = rules.changes_between(rule_book(), earlier, later)
        if found.empty:
            st.info("No rule changed between these days.", icon=":material/check:")
            return
        table(view, found, "changes", most=10)
        if st.toggle("Judge the last quarter's messages by both days", key="effect", bind="query-params"):
            judged(view, earlier, later)


def judged(view: View, earlier: date, later: date) -> None:
    """Show what the change would have done to the messages of the last quarter."""
    if view.read(compliance.audit_state) is None:
        st.info("The messages in the logs have not been checked yet: `clear-to-send lint --history`.")
        return
    scope = replace(view.scope, as_of=view.scope.as_of.replace(second=0, microsecond=0))
    sent = view.read(rules.sent_texts, scope, scope.as_of - timedelta(days=rules.QUARTER_DAYS))
    found = _effect(sent, earlier, later)
    st.markdown(rules.effect_answer(found, earlier, later))
    if len(found.rows):
        table(view, found.rows, "effect")


def book_of(view: View, today: date) -> None:
    """Show the rule book as of any day, narrowed by words."""
    with card("Look a rule up", "The rule book as of a day, each value with its source and the day it was verified."):
        left, right = st.columns([1, 3])
        on = left.date_input("As of", today, key="rules_on", bind="query-params")
        words = right.text_input(
            "Words", key="rules_words", bind="query-params", placeholder="tag, window, otn, days ..."
        )
        rows = rules.rules_of(rule_book(), on)
        if words and len(rows):
            fits = rows.astype(str).agg(" ".join, axis=1).str.lower()
            rows = rows[[all(word in line for word in words.lower().split()) for line in fits]]
        st.caption(f"{len(rows)} rules")
        table(view, rows, "rules", most=14)


@st.cache_data(show_spinner="Judging the messages by both days", max_entries=20, ttl="1h")
def _effect(sent: pd.DataFrame, earlier: date, later: date) -> rules.Effect:
    return rules.effect(linter().lint, sent, earlier, later)


show(current())
