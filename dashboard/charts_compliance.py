"""The charts of the compliance page: counted findings in, figures out."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.compliance import SEVERITIES, rule_title
from dashboard.language import say
from dashboard.marks import Mark, verticals, within
from dashboard.words import grouped
from pipelines.lint.risk import Part

MAX_BARS = 10
_WEEK = 604_800_000  # ms


def findings_by_week(frame: pd.DataFrame, marks: Sequence[Mark] = ()) -> go.Figure:
    """Messages with findings by week of sending, stacked by severity. Columns: week, severity, count_messages."""
    bars = [
        go.Bar(
            x=rows["week"],
            y=rows["count_messages"],
            name=theme.SEVERITIES[severity].says,
            offset=0,
            width=0.85 * _WEEK,
            marker=theme.fill(theme.SEVERITIES[severity]),
            hovertemplate=say("week from %{x|%-d %b %Y} (UTC)<br>%{y:,} messages<extra>%{fullData.name}</extra>"),
        )
        for severity in SEVERITIES
        if len(rows := frame[frame["severity"] == severity])
    ]
    figure = go.Figure(bars)
    first, last = frame["week"].min().date(), frame["week"].max().date()
    verticals(figure, within(marks, first, last), last=last)
    return theme.finish(
        figure,
        height=300,
        y_title=say("messages a week"),
        x_axis={"tickformat": say("%-d %b<br>%Y"), "nticks": 8},
        y_axis={"rangemode": "tozero", "tickformat": ",", "nticks": 5},
        legend=True,
        barmode="stack",
        lines_on_top=1,
    )


def findings_by(column: str, groups: pd.DataFrame) -> go.Figure:
    """Messages with findings by rule or lane, the worst on top; customdata is the rule or lane of a bar."""
    sums = groups.groupby([column, "severity"])["count_messages"].sum().unstack(fill_value=0)
    sums = sums.reindex(columns=[each for each in SEVERITIES if each in sums])
    order = sums.sort_values(list(sums.columns), ascending=False).head(MAX_BARS)
    named = [_short(rule_title(each) if column == "rule" else say(each)) for each in order.index]
    figure = go.Figure(
        [
            go.Bar(
                y=named,
                x=order[severity],
                name=theme.SEVERITIES[severity].says,
                orientation="h",
                customdata=list(order.index),
                marker=theme.fill(theme.SEVERITIES[severity]),
                hovertemplate=say("%{customdata}<br>%{x:,} messages<extra></extra>"),
            )
            for severity in order.columns
        ]
    )
    return theme.finish(
        figure,
        height=120 + 26 * len(order),
        x_title=say("messages"),
        x_axis={"rangemode": "tozero", "tickformat": ",", "nticks": 5},
        y_axis={"autorange": "reversed", "showgrid": False, "ticklabelstandoff": 8},
        legend=True,
        barmode="stack",
    )


def risk(parts: Sequence[Part]) -> go.Figure:
    """What the risk score is made of: points of each part against the most it can have."""
    named = [_in_two_lines(say(part.name)) for part in parts]
    rest = theme.fill(theme.Ink("", theme.MUTED)) | {"opacity": 0.18}
    figure = go.Figure(
        [
            go.Bar(
                y=named,
                x=[part.points for part in parts],
                orientation="h",
                text=[say("{points} of {most}", points=grouped(part.points), most=part.most) for part in parts],
                textposition="outside",
                customdata=[part.why for part in parts],
                marker=theme.fill(theme.SEVERITIES["block"]),
                hovertemplate="%{customdata}<extra></extra>",
            ),
            go.Bar(
                y=named,
                x=[part.most - part.points for part in parts],
                orientation="h",
                marker=rest,
                hoverinfo="skip",
            ),
        ]
    )
    return theme.finish(
        figure,
        height=250,
        x_title=say("points of 100"),
        x_axis={"range": [0, 48], "nticks": 5},
        y_axis={"autorange": "reversed", "showgrid": False, "ticklabelstandoff": 8},
        barmode="stack",
    )


def _in_two_lines(name: str) -> str:
    return name.replace(" that ", "<br>that ").replace(" and blocks", "<br>and blocks")


def _short(name: str) -> str:
    return name if len(name) <= 44 else f"{name[:43]}…"
