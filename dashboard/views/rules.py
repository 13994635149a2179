"""The rule book: what holds on a day, what changed between two days, and what that change would have done."""

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from dashboard import compliance, rules
from dashboard.language import plural, say
from dashboard.linting import linter
from dashboard.parts import card, header, table
from dashboard.view import View, current, rule_book


def show(view: View) -> None:
    """Draw the page."""
    book, today = rule_book(), view.scope.as_of.date()
    stale = rules.stale_rules(book, view.scope.as_of)
    header(view, say("Which rules hold, and since when?"), rules.book_answer(book, today, stale))
    if len(stale):
        title = say("Read these pages again")
        with card(title, say("Nobody has verified these rules for {days} days.", days=rules.STALE_DAYS)):
            table(view, stale, "stale")
    between(view, today)
    book_of(view, today)


def between(view: View, today: date) -> None:
    """Show what changed between two days, and judge the last quarter's messages by both."""
    note = say("What changed between two days (UTC), and what that would have done.")
    with card(say("See a change before it hits you"), note):
        left, right = st.columns(2)
        earlier = left.date_input(say("From"), today - timedelta(days=365), key="rules_from", bind="query-params")
        later = right.date_input(say("To"), today, key="rules_to", bind="query-params")
        found = rules.changes_between(rule_book(), earlier, later)
        if found.empty:
            st.info(say("No rule changed between these days."), icon=":material/check:")
            return
        table(view, found, "changes", most=10)
        if st.toggle(say("Judge the last quarter's messages by both days"), key="effect", bind="query-params"):
            judged(view, earlier, later)


def judged(view: View, earlier: date, later: date) -> None:
    """Show what the change would have done to the messages of the last quarter."""
    if view.read(compliance.audit_state) is None:
        st.info(say("The messages in the logs have not been checked yet: `clear-to-send lint --history`."))
        return
    as_of = view.scope.as_of.replace(second=0, microsecond=0)
    scope, since = replace(view.scope, as_of=as_of), as_of - timedelta(days=rules.QUARTER_DAYS)
    sent = view.read(rules.sent_texts, scope, since)
    with st.spinner(say("Judging the messages by both days")):
        found = _effect(sent, earlier, later)
    st.markdown(rules.effect_answer(found, earlier, later))
    if len(found.rows):
        table(view, found.rows, "effect")


def book_of(view: View, today: date) -> None:
    """Show the rule book as of any day, narrowed by words."""
    note = say("The rule book as of a day, each value with its source and the day it was verified.")
    with card(say("Look a rule up"), note):
        left, right = st.columns([1, 3])
        on = left.date_input(say("As of"), today, key="rules_on", bind="query-params")
        words = right.text_input(
            say("Words"), key="rules_words", bind="query-params", placeholder=say("tag, window, otn, days ...")
        )
        rows = rules.with_words(rules.rules_of(rule_book(), on), words or "")
        st.caption(plural("1 rule", "{count} rules", len(rows)))
        table(view, rows, "rules", most=14)


@st.cache_data(show_spinner=False, max_entries=20, ttl="1h")
def _effect(sent: pd.DataFrame, earlier: date, later: date) -> rules.Effect:
    return rules.effect(linter().lint, sent, earlier, later)


show(current())
