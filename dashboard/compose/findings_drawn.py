"""A verdict and its findings as pages draw them: worst first, the span marked, what would pass, who says so."""

from collections.abc import Sequence

import streamlit as st

from dashboard import compliance
from dashboard.compose.findings import Told, about
from dashboard.language import plural, say
from dashboard.theme import SEVERITIES
from dashboard.words import escaped

_BOXES = {"block": st.error, "warn": st.warning, "pass": st.success}
_ICONS = {"block": ":material/block:", "warn": ":material/warning:", "pass": ":material/check:"}


def verdict_box(verdict: str, text: str) -> None:
    """Say in a box of the verdict's colour what was decided; `text` is Markdown."""
    _BOXES[verdict](text, icon=_ICONS[verdict])


def draw_findings(found: Sequence[Told], count_variants: int, first: int) -> None:
    """Draw the first findings at once; the others are a click away."""
    for each in found[:first]:
        _finding(each, count_variants)
    if len(found) > first:
        with st.expander(plural("1 finding more", "{count} findings more", len(found) - first)):
            for each in found[first:]:
                _finding(each, count_variants)


def _finding(finding: Told, count_variants: int) -> None:
    with st.container(border=True, gap="xsmall"):
        where = about(finding, count_variants=count_variants)
        title = f"**{compliance.rule_title(finding.rule)}** · {say(SEVERITIES[finding.severity].label)}"
        st.markdown(f"{title} · {where}" if where else title)
        if finding.text and finding.span:
            st.markdown(compliance.marked(finding.text, *finding.span))
        st.markdown(escaped(finding.reason))
        st.markdown(say("**What would pass:** {advice}", advice=escaped(finding.advice)))
        if finding.source:
            st.markdown(f":small[{say('Source: {source}', source=escaped(finding.source))}]")
