"""The list of findings on the compliance page: filters, groups, one in full, and the reviewer's decision."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import compliance, reviewing
from dashboard.compliance import SEVERITIES, Chosen
from dashboard.parts import downloads
from dashboard.reads import MAX_ROWS
from dashboard.theme import SEVERITIES as INKS
from dashboard.view import View, rule_book
from dashboard.words import counted, day, escaped, grouped
from pipelines.errors import ClearToSendError

_SHOWN = ["severity", "rule", "lane", "page_id", "count_messages", "count_people", "last_at", "status", "text"]


def filters(found: pd.DataFrame, days: int) -> Chosen:
    """Draw the page's filters, kept in the URL."""
    severity, rule, lane = st.columns([3, 4, 3], vertical_alignment="bottom")
    severities = severity.multiselect(
        "Severity",
        [each for each in SEVERITIES if each in set(found["severity"])],
        key="severity",
        bind="query-params",
        placeholder="All",
        format_func=lambda each: INKS[each].label,
    )
    rules = rule.multiselect(
        "Rule", sorted(found["rule"].unique()), key="rule", bind="query-params", placeholder="All rules"
    )
    lanes = lane.multiselect(
        "Lane", sorted(found["lane"].unique()), key="lane", bind="query-params", placeholder="All lanes"
    )
    return Chosen(days, tuple(severities), tuple(rules), tuple(lanes))


def show_groups(view: View, kept: pd.DataFrame) -> pd.Series | None:
    """List the groups of findings, the worst first, and return the one that was picked."""
    st.subheader("Worst first", anchor=False)
    if kept.empty:
        st.info("No finding fits. Take a filter away.", icon=":material/filter_alt:")
        return None
    cut = "" if len(kept) < MAX_ROWS else f" The {grouped(MAX_ROWS)} worst are listed."
    st.caption(
        f"{counted(len(kept), 'group')} of findings: one rule, one lane, one text.{cut} Pick a row to read it in full."
    )
    shown = kept[_SHOWN].assign(
        severity=[INKS[each].label for each in kept["severity"]], last_at=kept["last_at"].dt.tz_localize("UTC")
    )
    picked = st.dataframe(
        shown,
        column_config={
            "severity": st.column_config.TextColumn("Severity"),
            "rule": st.column_config.TextColumn("Rule", width="medium"),
            "lane": st.column_config.TextColumn("Lane"),
            "page_id": st.column_config.TextColumn("Page", width="small"),
            "count_messages": st.column_config.NumberColumn("Messages", format="%,d", width="small"),
            "count_people": st.column_config.NumberColumn("People", format="%,d", width="small"),
            "last_at": st.column_config.DatetimeColumn("Last sent", timezone=view.zone, format="D MMM YYYY, HH:mm"),
            "status": st.column_config.TextColumn("Review", width="small"),
            "text": st.column_config.TextColumn("Text", width="large"),
        },
        hide_index=True,
        placeholder="-",
        key="findings-table",
        on_select="rerun",
        selection_mode="single-row",
        height=38 + 35 * min(max(len(shown), 1), 10),
    )
    chosen = picked["selection"]["rows"] if picked else []
    return kept.iloc[chosen[0] if chosen and chosen[0] < len(kept) else 0]


def detail(view: View, group: pd.Series) -> None:
    """Show one group in full: the text with the span marked, the rule, its source, what to do, and the review."""
    with st.container(border=True):
        about = f"{counted(int(group['count_messages']), 'message')}, last on {day(group['last_at'])}"
        st.markdown(f"**{compliance.rule_title(group['rule'])}** · {INKS[group['severity']].label} · {about}")
        if isinstance(group["text"], str):
            with st.container(border=True):
                st.markdown(compliance.marked(group["text"], group["span_from"], group["span_to"]))
        why, todo = st.columns(2)
        why.markdown(f"**Why**  \n{escaped(group['reason'])}")
        why.markdown("**Where it is written**  \n" + compliance.sources(rule_book(), group["rule"], group["source"]))
        todo.markdown(f"**What to do**  \n{escaped(group['advice'])}")
        with todo:
            review(view, group)


def review(view: View, group: pd.Series) -> None:
    """Let a reviewer decide on the group: a written reason and a name, kept in the ledger."""
    if group["status"] != "open":
        st.markdown(f"**Review**  \n{escaped(group['status'])}: {escaped(group['review'])}")
    person = view.who()
    if not person.may("review"):
        st.caption("Whether it may stand is decided by somebody in the role reviewer or admin.")
        return
    is_done = group["status"] == "reviewed"
    with st.form(f"review-{group['group_key']}", border=False, clear_on_submit=True):
        reason = st.text_input("Reason", placeholder="Why it may stand, or what was done", key="review_reason")
        # Who has signed in has a name; where nobody has to, one is asked for.
        name = None if view.has_sign_in else st.text_input("Your name", person.name, key="review_name")
        label = "Open it again" if is_done else "Mark as reviewed"
        if st.form_submit_button(label, icon=":material/undo:" if is_done else ":material/task_alt:"):
            try:
                by = view.who() if name is None else replace(view.who(), name=name)
                one = group.to_frame().T
                reviewing.decide(view.home, one, "reopened" if is_done else "reviewed", reason, by, view.moment)
            except ClearToSendError as error:
                st.error(str(error), icon=":material/edit_note:")
            else:
                st.rerun()


def export_rows(view: View, chosen: Chosen, kept: pd.DataFrame) -> None:
    """Offer every finding that fits, a row each, as a file."""
    if kept.empty:
        return
    note = f"A row for each message and rule. Times are UTC; {view.masked} are masked."
    with st.container(horizontal=True, gap="xsmall"):
        values = chosen.values(view.scope)
        downloads(view, "compliance.finding_rows", values, "findings", "findings", "All findings as ", note)
