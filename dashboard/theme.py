"""One look for every chart: a colour and a pattern for each state and lane, the same in light and dark.

Every colour stands out from both grounds by 3 to 1, and every two states differ for colour-blind eyes too; the pattern
tells them apart without any colour. Text, grids and grounds are left to Streamlit's theme, which knows the mode.
"""

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from dashboard.language import noted, say

LIGHT_GROUND = "#FFFFFF"
DARK_GROUND = "#0E1217"
ACCENT = "#0E7490"
"""What can be clicked."""
MUTED = "#7A8794"
"""Lines that explain: connectors, policy dates, horizons."""


@dataclass(frozen=True, slots=True)
class Ink:
    """How one kind of thing is drawn: pattern is plotly's name of a hatching, '' for none."""

    label: str
    color: str
    pattern: str = ""

    @property
    def says(self) -> str:
        """The label in the viewer's language."""
        return say(self.label)


STATES = {
    "available": Ink(noted("available"), "#089A67"),
    "reserved": Ink(noted("reserved"), "#2666E3", "."),
    "spent": Ink(noted("spent"), "#5C6368"),
    "expired": Ink(noted("expired"), "#B53D14", "/"),
    "revoked": Ink(noted("revoked"), "#CF76A9", "x"),
    "stranded": Ink(noted("stranded"), "#8D469C", "\\"),
}
"""Token states in the order of their stacks: what may still be used lies at the bottom."""
EXPIRING = Ink(noted("about to expire"), "#C98506")

LANES = {
    "contacts": Ink(noted("All contacts"), "#5C6368"),
    "window": Ink(noted("Window open"), ACCENT),
    "token": Ink(noted("Token held"), "#089A67"),
    "human_agent": Ink(noted("Human agent only"), "#C98506", "/"),
    "none": Ink(noted("Out of reach"), "#7A8794", "x"),
}
"""Steps of the reach, in the order in which they are taken off."""

SEVERITIES = {
    "block": Ink(noted("breaks a rule"), "#B53D14"),
    "warn": Ink(noted("wants a look"), "#C98506", "/"),
    "note": Ink(noted("worth knowing"), "#7A8794", "."),
}
"""Findings, worst first: what breaks a rule lies at the bottom of a stack."""

SERIES = ("#0E7490", "#C98506", "#8D469C", "#089A67", "#2666E3", "#B53D14", "#CF76A9", "#5C6368")
SERIES_PATTERNS = ("", "/", "", "\\", "x", "", ".", "")


def state_ink(state: str) -> Ink:
    """Return how a state is drawn; one that this version does not know is grey."""
    return STATES.get(state, Ink(state, MUTED, "-"))


def fill(ink: Ink) -> dict[str, Any]:
    """Return the `marker` of a bar in that ink."""
    return {
        "color": ink.color,
        "line": {"width": 0},
        "pattern": {
            "shape": ink.pattern,
            "fillmode": "overlay",
            "fgcolor": "rgba(255,255,255,0.55)",
            "size": 6,
            "solidity": 0.22,
        },
    }


_AXIS = {"automargin": True, "fixedrange": True, "zeroline": False}


def finish(
    figure: go.Figure,
    *,
    height: int,
    x_axis: dict[str, Any],
    y_axis: dict[str, Any],
    x_title: str = "",
    y_title: str = "",
    legend: bool = False,
    lines_on_top: int = 0,
    right: int = 16,
    **layout: Any,
) -> go.Figure:
    """Give a figure the common layout, in one go: plotly is slow at many small updates.

    Titles carry the units; `lines_on_top` leaves room for that many lines of labels above the axes, in pixels `right`
    for labels at the right end.
    """
    notes: list[Any] = list(figure.layout.annotations)
    if y_title:  # above the axis and not along it: it reads without turning the head
        where = {"x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yref": "paper", "yanchor": "bottom"}
        notes.append(
            {"text": y_title, "showarrow": False, "font": {"size": 12}, "yshift": 6 + 17 * lines_on_top} | where
        )
    figure.layout = {  # not update_layout, which looks every key up and takes most of a chart's time
        "height": height + 28 * legend,
        "margin": {"l": 8, "r": right, "t": 14 + 18 * bool(y_title) + 17 * lines_on_top, "b": 8 + 34 * legend},
        "showlegend": legend,
        "legend": _LEGEND,
        "bargap": 0.18,
        "barcornerradius": 2,
        "dragmode": False,
        "hoverlabel": {"align": "left"},
        "xaxis": _AXIS | x_axis | ({"title": {"text": x_title, "standoff": 8}} if x_title else {}),
        "yaxis": _AXIS | y_axis,
        "annotations": notes,
        **layout,
        "shapes": [*figure.layout.shapes, *layout.get("shapes", ())],
    }
    return figure


_LEGEND = {
    "orientation": "h",
    "yref": "container",
    "y": 0,
    "yanchor": "bottom",
    "x": 0,
    "xanchor": "left",
    "traceorder": "normal",
    "title": {"text": ""},
}
