"""Compliance: which messages broke Meta's rules, why, and where it is written."""

import pandas as pd
import streamlit as st

from dashboard import compliance, reviewing
from dashboard.figures import exposure_figures
from dashboard.findings_list import detail, export_rows, filters, show_groups
from dashboard.findings_overview import overview
from dashboard.language import noted, say
from dashboard.parts import choice, figures, header
from dashboard.view import View, current
from pipelines.lint.risk import Exposure, risk_parts, risk_score

_QUESTION = noted("Which messages broke Meta's rules?")
_DAYS = {30: noted("30 days"), 90: noted("90 days"), 400: noted("13 months")}


def show(view: View) -> None:
    """Draw the page."""
    state = view.read(compliance.audit_state)
    if state is None:
        header(view, say(_QUESTION), say("The messages in the logs have not been checked yet."))
        st.code(f"clear-to-send lint --history --home {view.home}", language=None, wrap_lines=True)
        return
    top = st.container()
    days = choice(say("Look back"), _DAYS, 90, "span")
    found = compliance.with_reviews(view.read(compliance.groups, view.scope, days), reviewing.reviews(view.home))
    weeks = view.read(compliance.weekly, view.scope, days)
    exposure = exposed(view, days, found, weeks)
    parts = risk_parts(exposure)
    score = risk_score(parts)
    with top:
        header(view, say(_QUESTION), compliance.answer(exposure, days, score))
        st.caption(compliance.checked_line(state, view.moment))
    figures(exposure_figures(weeks, exposure, score))
    if found.empty:
        st.success(
            say("Nothing to mend. Check a draft before it goes out: page Check a draft."), icon=":material/check:"
        )
        return
    chosen = filters(found, days)
    kept = chosen.keeps(found)
    overview(view, chosen, kept, parts)
    picked = show_groups(view, kept)
    if picked is not None:
        detail(view, picked)
    export_rows(view, chosen, kept)


def exposed(view: View, days: int, found: pd.DataFrame, weeks: pd.DataFrame) -> Exposure:
    """Count what the risk score is made of."""
    reviewed = tuple(found.loc[found["status"] == "reviewed", "group_key"])
    count_unreviewed = view.read(compliance.unreviewed, view.scope, days, reviewed)
    return compliance.exposure(weeks, count_unreviewed, view.read(compliance.enforcement, view.scope, days))


show(current())
