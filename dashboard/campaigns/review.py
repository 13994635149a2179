"""One page from which a reviewer decides in a minute: text, people, lanes, findings, rules of the day, changes."""

from typing import Any

import streamlit as st

from dashboard.campaigns import brief
from dashboard.campaigns.audience import conditions, limits
from dashboard.campaigns.desk import desk
from dashboard.campaigns.words import Told
from dashboard.compose.findings import told as told_findings
from dashboard.compose.findings_drawn import draw_findings, verdict_box
from dashboard.compose.words import PURPOSES, lane_label
from dashboard.guidance import hint
from dashboard.language import plural, say
from dashboard.parts import card, table
from dashboard.phone import phone
from dashboard.view import View, rule_book
from dashboard.words import escaped
from pipelines.plan.campaign import Campaign
from pipelines.plan.frozen import Example, examples
from pipelines.plan.versions import Versions
from pipelines.pseudonyms import pseudonym
from pipelines.settings import read_settings

_FIRST = 3
"""Findings that are shown at once; the others are a click away."""


def show(view: View, told: Told) -> None:
    """Draw all that there is to judge; of one that was never checked, what its author wrote."""
    with desk(view) as here:
        content = here.content(told["id"], view.who())
        versions = here.changed(told["id"], view.who())
    summary = told["checked"]
    if summary:
        _verdict(summary)
        if summary["verdict"] == "block":
            hint(view, "campaign.blocked")
        _findings(summary, len(content.variants))
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _message(view, told, content)
        _audience(view, content)
    with right:
        if summary:
            _people(view, summary)
    if versions or told["status"] == "checked":
        _changes(view, versions)
    if summary:
        _rules(view, summary)


def _verdict(summary: dict[str, Any]) -> None:
    words = {
        "block": say("A finding blocks it, so it cannot be approved: mend the text or the lanes, and check again."),
        "warn": say("There are warnings: whoever approves it writes down why it may go out all the same."),
        "pass": say("No finding stands against it."),
    }
    verdict = summary["verdict"]
    verdict_box(verdict, words[verdict])


def _message(view: View, told: Told, content: Campaign) -> None:
    """Draw the phone, for one person of the frozen plan, or as somebody reads it of whom nothing is known."""
    names = [each.name for each in content.variants]
    chosen = names[0]
    if len(names) > 1:
        shares = {each.name: f"{each.name}, {100 * each.share:.0f} %" for each in content.variants}
        label = say("Text")
        picked = st.segmented_control(label, names, default=chosen, format_func=shares.__getitem__, key="variant")
        chosen = picked or chosen
    found: list[Example] = []
    if told["plan_hash"]:
        found = view.read(examples, str(read_settings(view.home).plans_path), told["plan_hash"])
    example = brief.example_of(found, chosen)
    sender = say("Page {page}", page=content.page_id)
    st.html(phone(brief.shown(content, chosen, example.values if example else None), sender))
    if example is None:
        st.caption(say("As somebody reads it of whom nothing is known."))
        return
    person = example.psid if view.key is None else pseudonym(view.key, content.page_id, example.psid)
    st.caption(say("As {person} gets it, by: {lane}.", person=escaped(person), lane=lane_label(example.lane)))
    if content.utility:
        st.caption(say("By the utility lane goes the template {name}.", name=escaped(content.utility.template)))


def _people(view: View, summary: dict[str, Any]) -> None:
    with card(say("Who gets it"), say("As the check found it. The launch counts anew, and says what changed.")):
        st.markdown(brief.who(summary))
        lanes, left = brief.lanes_of(summary), brief.left_out(summary)
        if len(lanes):
            table(view, lanes, "review-lanes")
        for each in brief.notes(summary):
            st.markdown(f":orange[:material/warning:] {each}")
        if len(left):
            people = int(left["count_people"].sum())
            with st.expander(plural("1 person is left out", "{count} people are left out", people), expanded=True):
                table(view, left, "review-left", most=6)


def _audience(view: View, content: Campaign) -> None:
    topic = say(" on *{topic}*", topic=escaped(content.topic)) if content.topic else ""
    purpose = say(PURPOSES[content.purpose]) if content.purpose in PURPOSES else content.purpose
    with card(say("Whom it means"), say("As its author asked for it.")):
        st.markdown(f"**{purpose}**{topic}")
        asked = list(conditions(content.audience))
        lines = [say("People who {condition}", condition=each) for each in asked] or [say("Everybody")]
        st.markdown("\n".join(f"- {each}" for each in [*lines, *limits(content, view.zone)]))


def _findings(summary: dict[str, Any], count_variants: int) -> None:
    found = told_findings(summary["findings"])
    if not found:
        return
    st.subheader(plural("1 finding", "{count} findings", len(found)), anchor=False)
    draw_findings(found, count_variants, _FIRST)


def _changes(view: View, versions: Versions | None) -> None:
    with card(say("What changed since the last approved version"), brief.changed_line(versions, view.zone)):
        for field, was, now in brief.changed(versions):
            name, before, after = st.columns([1, 2, 2])
            name.markdown(f"**{escaped(field)}**")
            before.markdown(f":gray[{say('Was')}]  \n{was}")
            after.markdown(f":gray[{say('Is')}]  \n{now}")


def _rules(view: View, summary: dict[str, Any]) -> None:
    rules = brief.rules_applied(rule_book(), summary)
    with st.expander(brief.rules_line(rules, summary), icon=":material/menu_book:"):
        if len(rules):
            table(view, rules, "review-rules")
            st.markdown(brief.sources_of(rule_book(), rules))
