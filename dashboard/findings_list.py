"""The list of findings on the compliance page: filters, groups, one in full, and the reviewer's decision."""

from dataclasses import replace
from typing import Any, Literal

import pandas as pd
import streamlit as st

from dashboard import codes, compliance, reviewing
from dashboard.columns import label_of, moment_format
from dashboard.compliance import SEVERITIES, Chosen
from dashboard.language import plural, say
from dashboard.parts import downloads, height_of, several
from dashboard.reads import MAX_ROWS
from dashboard.theme import SEVERITIES as INKS
from dashboard.view import View, rule_book
from dashboard.words import counted, day, escaped, grouped, joined, titled
from pipelines.errors import ClearToSendError

_SHOWN = ["severity", "rule", "lane", "page_id", "count_messages", "count_people", "last_at", "status", "text"]


def filters(found: pd.DataFrame, days: int) -> Chosen:
    """Draw the page's filters, kept in the URL."""
    severity, rule, lane = st.columns([3, 4, 3], vertical_alignment="bottom")
    labels = {each: INKS[each].label for each in SEVERITIES if each in set(found["severity"])}
    severities = several(severity, say("Severity"), labels, "severity", say("All"))
    rules = rule.multiselect(
        say("Rule"), sorted(found["rule"].unique()), key="rule", bind="query-params", placeholder=say("All rules")
    )
    known = {each: each for each in sorted(found["lane"].unique())}
    return Chosen(days, severities, tuple(rules), several(lane, say("Lane"), known, "lane", say("All lanes")))


def show_groups(view: View, kept: pd.DataFrame) -> pd.Series | None:
    """List the groups of findings, the worst first, and return the one that was picked."""
    st.subheader(say("Worst first"), anchor=False)
    if kept.empty:
        st.info(say("No finding fits. Take a filter away."), icon=":material/filter_alt:")
        return None
    st.caption(
        joined(
            plural(
                "1 group of findings: one rule, one lane, one text.",
                "{count} groups of findings: one rule, one lane, one text.",
                len(kept),
            ),
            "" if len(kept) < MAX_ROWS else say("The {count} worst are listed.", count=grouped(MAX_ROWS)),
            say("Pick a row to read it in full."),
        )
    )
    shown = codes.said(kept[_SHOWN]).assign(
        severity=[INKS[each].says for each in kept["severity"]], last_at=kept["last_at"].dt.tz_localize("UTC")
    )
    picked = st.dataframe(
        shown,
        column_config=_columns(view.zone),
        hide_index=True,
        placeholder="-",
        key="findings-table",
        on_select="rerun",
        selection_mode="single-row",
        height=height_of(len(shown), 10),
    )
    chosen = picked["selection"]["rows"] if picked else []
    return kept.iloc[chosen[0] if chosen and chosen[0] < len(kept) else 0]


def _columns(zone: str) -> dict[str, Any]:
    texts: dict[str, Literal["small", "medium", "large"] | None]
    texts = {"severity": None, "rule": "medium", "lane": None, "page_id": "small", "status": "small", "text": "large"}
    return {
        **{name: st.column_config.TextColumn(label_of(name), width=width) for name, width in texts.items()},
        **{
            name: st.column_config.NumberColumn(label_of(name), format="%,d", width="small")
            for name in ("count_messages", "count_people")
        },
        "last_at": st.column_config.DatetimeColumn(label_of("last_at"), timezone=zone, format=moment_format()),
    }


def detail(view: View, group: pd.Series) -> None:
    """Show one group in full: the text with the span marked, the rule, its source, what to do, and the review."""
    with st.container(border=True):
        messages = counted(int(group["count_messages"]), "message")
        about = say("{messages}, last on {day}", messages=messages, day=day(group["last_at"]))
        st.markdown(f"**{compliance.rule_title(group['rule'])}** · {INKS[group['severity']].says} · {about}")
        if isinstance(group["text"], str):
            with st.container(border=True):
                st.markdown(compliance.marked(group["text"], group["span_from"], group["span_to"]))
        why, todo = st.columns(2)
        why.markdown(titled(say("Why"), escaped(group["reason"])))
        cited = compliance.sources(rule_book(), group["rule"], group["source"])
        why.markdown(titled(say("Where it is written"), cited))
        todo.markdown(titled(say("What to do"), escaped(group["advice"])))
        with todo:
            review(view, group)


def review(view: View, group: pd.Series) -> None:
    """Let a reviewer decide on the group: a written reason and a name, kept in the ledger."""
    if group["status"] != "open":
        decided = say("{status}: {review}", status=say(group["status"]), review=escaped(group["review"]))
        st.markdown(titled(say("Review"), decided))
    person = view.who()
    if not person.may("review"):
        st.caption(say("Whether it may stand is decided by somebody in the role reviewer or admin."))
        return
    is_done = group["status"] == "reviewed"
    with st.form(f"review-{group['group_key']}", border=False, clear_on_submit=True):
        reason = st.text_input(
            say("Reason"), placeholder=say("Why it may stand, or what was done"), key="review_reason"
        )
        # Who has signed in has a name; where nobody has to, one is asked for.
        name = None if view.has_sign_in else st.text_input(say("Your name"), person.name, key="review_name")
        label = say("Open it again") if is_done else say("Mark as reviewed")
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
    note = say("A row for each message and rule. Times are UTC; {masked} are masked.", masked=view.masked)
    with st.container(horizontal=True, gap="xsmall"):
        values = chosen.values(view.scope)
        downloads(view, "compliance.finding_rows", values, "findings", "findings", say("All findings as "), note)
