"""The charts of the compliance page: by week, by rule and lane, and what the risk score is made of."""

from functools import partial

import pandas as pd
import streamlit as st

from dashboard import charts_compliance as charts
from dashboard import compliance
from dashboard.compliance import Chosen
from dashboard.parts import card, choice, plot
from dashboard.view import View, rule_book
from pipelines.lint.risk import Part


def overview(view: View, chosen: Chosen, kept: pd.DataFrame, parts: list[Part]) -> None:
    """Draw the charts: by week, by rule and lane, and what the score is made of."""
    weeks = view.read(compliance.by_week, view.scope, chosen)
    if len(weeks):
        with card("Stop what still goes out: findings of this week are tomorrow's strikes", "By the week of sending."):
            plot(
                charts.findings_by_week(weeks, compliance.tag_marks(rule_book())), "findings-weeks", "Findings by week"
            )
    left, right = st.columns(2)
    with (
        left,
        card(
            "Begin with the rule on top", "Messages with a finding, by rule or by lane. Click a bar for its findings."
        ),
    ):
        column = choice("By", {"rule": "Rule", "lane": "Lane"}, "rule", "by")
        if len(kept):
            figure = charts.findings_by(column, kept)
            plot(figure, f"findings-{column}", f"Findings by {column}", partial(_choose, column))
    with right, card("Bring the score down where it is high", "Points of the risk score over the days looked at."):
        plot(charts.risk(parts), "risk", "What the risk score is made of")
        st.caption(" ".join(f"{part.name}: {part.points}. {part.why}" for part in parts))


def _choose(column: str, clicked: str) -> None:
    """Narrow the page to the rule or lane of a bar."""
    st.session_state[column] = [clicked]
