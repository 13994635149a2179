"""Compliance: which messages broke Meta's rules, why, and where it is written."""

import pandas as pd
import streamlit as st

from dashboard import compliance, reviewing
from dashboard.findings_list import detail, export_rows, filters, show_groups
from dashboard.findings_overview import overview
from dashboard.parts import Figure, choice, figures, header
from dashboard.view import View, current
from dashboard.words import ago
from pipelines.lint.risk import Exposure, risk_parts, risk_score

_QUESTION = "Which messages broke Meta's rules?"
_DAYS = {30: "30 days", 90: "90 days", 400: "13 months"}


def show(view: View) -> None:
    """Draw the page."""
    state = view.read(compliance.audit_state)
    if state is None:
        header(view, _QUESTION, "The messages in the logs have not been checked yet.")
        st.code(f"clear-to-send lint --history --home {view.home}", language="shell", wrap_lines=True)
        return
    top = st.container()
    days = choice("Look back", _DAYS, 90, "span")
    found = compliance.with_reviews(view.read(compliance.groups, view.scope, days), reviewing.reviews(view.home))
    weeks = view.read(compliance.weekly, view.scope, days)
    exposure = exposed(view, days, found, weeks)
    parts = risk_parts(exposure)
    score = risk_score(parts)
    with top:
        header(view, _QUESTION, compliance.answer(exposure, days, score))
        late = " New events came since: load again, or run `clear-to-send lint --history`." if state.is_behind else ""
        st.caption(f"Checked {ago(state.audited_at, view.moment)} by the rules of each message's own day.{late}")
    series = {name: [int(count) for count in weeks[name]] for name in ("count_messages", "block", "warn")}
    figures(
        [
            Figure("Messages checked", exposure.messages, series=series["count_messages"], good=None),
            Figure("Break a rule", exposure.blocking, series=series["block"], note="Meta may refuse or punish these."),
            Figure("Want a look", exposure.warned, series=series["warn"], note="Only a reader can tell."),
            Figure("Not reviewed", exposure.unreviewed, note="Messages that break a rule, with no decision on them."),
            Figure("Risk score", score, note="0 to 100; its parts are below. Meta publishes no threshold: ours are."),
        ]
    )
    if found.empty:
        st.success("Nothing to mend. Check a draft before it goes out: page Check a draft.", icon=":material/check:")
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
