"""The charts of a campaign's results: shares with their intervals in, figures out."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard import theme
from dashboard.campaigns.results_words import LABELS, percent
from dashboard.compose.words import lane_label
from dashboard.language import say
from dashboard.words import grouped
from pipelines.audit.intervals import Share
from pipelines.audit.results import Baseline, Measure, Results

_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x", "star")
_Point = tuple[str, Share, int]
"""A label, a share, and which ink and symbol it has."""


def shares_by_group(of: Results, measure: Measure) -> go.Figure:
    """One measure by lane and variant, each with its interval."""
    order = list(of.variants)
    shown = [
        (f"{lane_label(row.lane)} · {row.variant}", row.shares[measure], order.index(row.variant)) for row in of.rows
    ]
    return _dots([each for each in shown if each[1].of], say("% of those who got it"))


def held_against(baseline: Sequence[Baseline]) -> go.Figure:
    """What those held out did, and those it was meant for, each with its interval."""
    shown: list[_Point] = []
    for each in baseline:
        label = say(LABELS[each.measure])
        shown.append((f"{label} · {say('meant for')}", each.sent, 0))
        shown.append((f"{label} · {say('held out')}", each.held, len(theme.SERIES) - 1))
    return _dots(shown, say("% of the people"))


def _dots(shown: Sequence[_Point], title: str) -> go.Figure:
    """Draw a dot for each share on a line as long as its interval."""
    values = [100 * (share.part or 0.0) for _, share, _ in shown]
    colors = [theme.SERIES[number % len(theme.SERIES)] for *_, number in shown]
    figure = go.Figure(
        go.Scatter(
            y=[f"{label}<br><b>{percent(share)}</b>" for label, share, _ in shown],
            x=values,
            mode="markers",
            cliponaxis=False,  # a share of nothing lies on the axis, and is to be seen
            marker={
                "size": 11,
                "color": colors,
                "symbol": [_SYMBOLS[number % len(_SYMBOLS)] for *_, number in shown],
            },
            error_x=_whiskers(shown),
            customdata=[
                (grouped(share.count), grouped(share.of), f"{100 * share.low:.1f}", f"{100 * share.high:.1f}")
                for _, share, _ in shown
            ],
            hovertemplate=say(
                "%{y}<br>%{customdata[0]} of %{customdata[1]}"
                "<br>%{customdata[2]} to %{customdata[3]} % in 95 cases of 100<extra></extra>"
            ),
        )
    )
    return theme.finish(
        figure,
        height=80 + 46 * max(len(shown), 1),
        x_title=title,
        x_axis={"rangemode": "tozero", "nticks": 6, "ticksuffix": " %"},
        y_axis={"autorange": "reversed", "showgrid": False, "ticklabelstandoff": 8, "type": "category"},
    )


def _whiskers(shown: Sequence[_Point]) -> dict[str, Any]:
    """Return how far each interval reaches to both sides of its share."""
    shares = [(100 * share.low, 100 * (share.part or 0.0), 100 * share.high) for _, share, _ in shown]
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - part for _, part, high in shares],
        "arrayminus": [part - low for low, part, _ in shares],
        "color": theme.MUTED,
        "thickness": 2,
        "width": 6,
    }
