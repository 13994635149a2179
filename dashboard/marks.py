"""What stands on top of a chart: labelled lines, names of bands."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.words import grouped

Mark = tuple[date, str]
"""A day, and what the policy changed on it."""


def label(text: str, **where: Any) -> dict[str, Any]:
    """Return a small text to write into a figure."""
    return {"text": text, "showarrow": False, "font": {"size": 12}} | where


def line(**where: Any) -> dict[str, Any]:
    """Return a dotted line that explains."""
    return {"type": "line", "line": {"color": theme.MUTED, "width": 1, "dash": "dot"}} | where


def end_labels(last: pd.Series, states: Sequence[str]) -> list[dict[str, Any]]:
    """Name each band at its right end, in its middle, where it is high enough to be told apart."""
    total, below, labels = int(last.sum()), 0, []
    for state in states:
        height = int(last.get(state, 0))
        if total and height / total > 0.07:
            where = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 6, "y": below + height / 2, "align": "left"}
            labels.append(label(f"{theme.state_ink(state).says}<br><b>{grouped(height)}</b>", **where))
        below += height
    return labels


def within(marks: Sequence[Mark], first: date, last: date) -> list[Mark]:
    """Return the marks that lie in the shown days."""
    return [mark for mark in marks if first <= mark[0] <= last]


def verticals(figure: go.Figure, marks: Sequence[Mark], last: date | None) -> None:
    """Draw labelled lines, their texts on the side where there is room."""
    if not marks:
        return
    half = (last or marks[-1][0]) - timedelta(days=60)
    texts = [
        label(
            text,
            x=day,
            y=1,
            yref="paper",
            yanchor="bottom",
            xanchor="right" if "<br>" in text or day > half else "left",
        )
        for day, text in marks
    ]
    lines = [line(x0=day, x1=day, y0=0, y1=1, yref="paper") for day, _ in marks]
    figure.update_layout(annotations=[*figure.layout.annotations, *texts], shapes=lines)
