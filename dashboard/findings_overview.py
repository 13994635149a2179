"""The charts of the compliance page: by week, by rule and lane, and what the risk score is made of."""

from functools import partial

import pandas as pd
import streamlit as st

from dashboard import charts_compliance as charts
from dashboard import compliance
from dashboard.compliance import Chosen
from dashboard.language import noted, say
from dashboard.parts import card, choice, plot
from dashboard.view import View, rule_book
from dashboard.words import joined
from pipelines.lint.risk import Part

_FINDINGS_BY = {"rule": noted("Findings by rule"), "lane": noted("Findings by lane")}


def overview(view: View, chosen: Chosen, kept: pd.DataFrame, parts: list[Part]) -> None:
    """Draw the charts: by week, by rule and lane, and what the score is made of."""
    weeks = view.read(compliance.by_week, view.scope, chosen)
    if len(weeks):
        title = say("Stop what still goes out: findings of this week are tomorrow's strikes")
        with card(title, say("By the week of sending.")):
            figure = charts.findings_by_week(weeks, compliance.tag_marks(rule_book()))
            plot(figure, "findings-weeks", say("Findings by week"))
    left, right = st.columns(2)
    note = say("Messages with a finding, by rule or by lane. Click a bar for its findings.")
    with left, card(say("Begin with the rule on top"), note):
        column = choice(say("Grouped by"), {"rule": noted("Rule"), "lane": noted("Lane")}, "rule", "by")
        if len(kept):
            figure = charts.findings_by(column, kept)
            plot(figure, f"findings-{column}", say(_FINDINGS_BY[column]), partial(_choose, column))
    with (
        right,
        card(say("Bring the score down where it is high"), say("Points of the risk score over the days looked at.")),
    ):
        plot(charts.risk(parts), "risk", say("What the risk score is made of"))
        st.caption(joined(*(_told(part) for part in parts)))


def _told(part: Part) -> str:
    return say("{part}: {points}. {why}", part=say(part.name), points=part.points, why=part.why)


def _choose(column: str, clicked: str) -> None:
    """Narrow the page to the rule or lane of a bar."""
    st.session_state[column] = [clicked]
