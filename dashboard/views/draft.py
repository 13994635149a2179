"""Check a draft before it goes out: the same rules and the same words as the audit of history."""

import streamlit as st

from dashboard import compliance
from dashboard.compose.findings_drawn import verdict_box
from dashboard.language import listed, noted, say, worded
from dashboard.linting import linter
from dashboard.parts import header
from dashboard.theme import SEVERITIES
from dashboard.view import View, current, rule_book
from dashboard.words import escaped, titled
from pipelines.lint.message import Answer, Message

_LANES = {
    "": noted("Not chosen yet"),
    "standard_window": noted("Open window"),
    "otn": noted("One-time token"),
    "marketing": noted("Marketing token"),
    "utility": noted("Utility template"),
    "tag:HUMAN_AGENT": "HUMAN_AGENT",
    "tag:CONFIRMED_EVENT_UPDATE": "CONFIRMED_EVENT_UPDATE",
    "tag:POST_PURCHASE_UPDATE": "POST_PURCHASE_UPDATE",
    "tag:ACCOUNT_UPDATE": "ACCOUNT_UPDATE",
    "optin_prompt": noted("Title of a token request"),
}


def show(view: View) -> None:
    """Draw the page."""
    header(
        view,
        say("May this message go out?"),
        say("Judged by the rules of the day shown. Nothing is sent, and nothing is kept."),
    )
    text = st.text_area(
        say("Message"), key="draft", height=140, placeholder=say("Write or paste what people will read.")
    )
    left, right = st.columns(2)
    lane = left.selectbox(say("Lane"), list(_LANES), key="draft_lane", format_func=worded(_LANES))
    topic = right.text_input(say("Topic of the token"), key="draft_topic", placeholder="restock:trail-shoes")
    if not text.strip():
        st.info(say("The verdict appears here, with the words it rests on and where the rule is written."))
        return
    message = Message(text, lane or None, topic.strip() or None, sent_at=view.scope.as_of)
    with st.spinner(say("Reading it"), show_time=False):
        (answer,) = linter().lint([message], view.scope.as_of)
    verdict(message, answer)


def verdict(message: Message, answer: Answer) -> None:
    """Show the verdict, then each finding with its span, source and advice."""
    verdict_box(answer.verdict, escaped(answer.explanation))
    left, right = st.columns([1, 3])
    left.metric(say("Promotional"), f"{answer.promotional:.0%}", border=True, help=say("The classifier's probability."))
    if answer.because:
        words = listed(escaped(word) for word in answer.because)
        right.caption(say("Words that moved the classifier most: {words}", words=words))
    for finding in answer.findings:
        with st.container(border=True):
            st.markdown(f"**{compliance.rule_title(finding.rule)}** · {SEVERITIES[finding.severity].says}")
            start, end = finding.span or (None, None)
            st.markdown(compliance.marked(message.text, start, end))
            why, todo = st.columns(2)
            why.markdown(titled(say("Why"), escaped(finding.reason)))
            why.markdown(compliance.sources(rule_book(), finding.rule, finding.source))
            todo.markdown(titled(say("What to do"), escaped(finding.advice)))


show(current())
