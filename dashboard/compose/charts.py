"""The chart of who falls out of a campaign and why: counts in, a figure and its table out."""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.compose.words import REASONS, lane_label
from dashboard.language import noted, say
from dashboard.marks import line
from dashboard.words import grouped, share
from pipelines.plan.planner import Counts

_MEANT = theme.Ink(noted("Meant"), "#5C6368")
_OUT = theme.Ink(noted("Left out"), theme.MUTED, "x")
_LANE_INKS = {
    "standard_window": theme.LANES["window"],
    "otn": theme.LANES["token"],
    "marketing": theme.Ink("", "#8D469C", "\\"),
}
_FREE = theme.Ink("", "#C98506", "/")


@dataclass(frozen=True, slots=True)
class Step:
    """A bar: its label, how many people, where it begins, how it is drawn."""

    label: str
    people: int
    begins: int
    ink: theme.Ink


def steps(counts: Counts) -> list[Step]:
    """Return all who are meant, then who falls out for each reason, then who gets it by each lane."""
    found = [Step(say(_MEANT.label), counts.audience, 0, _MEANT)]
    left = counts.audience
    for each in counts.left_out:
        left -= each["people"]
        found.append(Step(say(REASONS.get(each["reason"], each["reason"])), each["people"], left, _OUT))
    for each in counts.lanes:
        left -= each["people"]
        ink = _LANE_INKS.get(each["lane"], _FREE)
        found.append(Step(say("By {lane}", lane=lane_label(each["lane"])), each["people"], left, ink))
    return found


def waterfall(counts: Counts) -> go.Figure:
    """From all who are meant down to nobody: who falls out and why, and who gets it by which lane."""
    bars = steps(counts)
    figure = go.Figure(
        go.Bar(
            y=[
                f"{each.label}<br><b>{grouped(each.people)}</b> · {share(each.people, counts.audience)}"
                for each in bars
            ],
            x=[each.people for each in bars],
            base=[each.begins for each in bars],
            orientation="h",
            marker=theme.fill(_MEANT)
            | {
                "color": [each.ink.color for each in bars],
                "line": {"width": 1.5, "color": [each.ink.color for each in bars]},  # few people stay visible
                "pattern": theme.fill(_MEANT)["pattern"] | {"shape": [each.ink.pattern for each in bars]},
            },
            hovertemplate="%{y}<extra></extra>",
        )
    )
    edges = [
        line(x0=each.begins, x1=each.begins, y0=number, y1=number + 1, layer="below")
        for number, each in enumerate(bars[:-1])
        if number
    ]
    return theme.finish(
        figure,
        height=70 + 46 * len(bars),
        x_title=say("people"),
        x_axis={"rangemode": "tozero", "nticks": 5, "tickformat": ","},
        y_axis={"autorange": "reversed", "ticklabelstandoff": 8, "showgrid": False},
        shapes=edges,
    )


def _named(step: Step, meant: int) -> str:
    return f"{step.label}<br><b>{grouped(step.people)}</b> · {share(step.people, meant)}"


def table(counts: Counts) -> pd.DataFrame:
    """Return the same as rows: step, people, share of those who are meant."""
    bars = steps(counts)
    return pd.DataFrame(
        {
            say("Step"): [each.label for each in bars],
            say("People"): [each.people for each in bars],
            say("Of those meant"): [share(each.people, counts.audience) for each in bars],
        }
    )
