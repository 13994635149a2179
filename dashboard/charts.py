"""The charts of overview and inventory: counted rows in, figures out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.language import say
from dashboard.marks import Mark, end_labels, line, verticals, within
from dashboard.reach import Reach
from dashboard.reads import Runoff
from dashboard.words import grouped, share

MAX_TOPICS = 8
_HOUR = 3_600_000  # ms
_COUNTS: dict[str, Any] = {"rangemode": "tozero", "tickformat": ",", "nticks": 5}


def reach_waterfall(reach: Reach, chosen: str) -> go.Figure:
    """From all contacts down to those whom no lane reaches; customdata names a bar's lane, and `chosen` stands out."""
    counts = [reach.contacts, reach.window, reach.token, reach.human_agent, reach.none]
    left = [reach.contacts]  # who remains, after each step
    for count in counts[1:-1]:
        left.append(left[-1] - count)
    inks = list(theme.LANES.values())
    figure = go.Figure(
        go.Bar(
            y=[
                f"{ink.says}<br><b>{grouped(count)}</b> · {share(count, reach.contacts)}"
                for ink, count in zip(inks, counts, strict=True)
            ],
            x=counts,
            base=[0, *left[1:], 0],
            orientation="h",
            customdata=list(theme.LANES),
            marker=theme.fill(inks[0])
            | {
                "color": [ink.color for ink in inks],
                "opacity": [1.0 if lane in (chosen, "contacts") else 0.7 for lane in theme.LANES],
                "line": {"width": 1.5, "color": [ink.color for ink in inks]},  # a lane of few people stays visible
                "pattern": theme.fill(inks[0])["pattern"] | {"shape": [ink.pattern for ink in inks]},
            },
            hovertemplate="%{y}<extra></extra>",
        )
    )
    steps = [line(x0=people, x1=people, y0=step, y1=step + 1, layer="below") for step, people in enumerate(left)]
    return theme.finish(
        figure,
        height=300,
        x_title=say("people"),
        x_axis={"rangemode": "tozero", "nticks": 6, "tickformat": ","},
        y_axis={"autorange": "reversed", "ticklabelstandoff": 8, "showgrid": False},
        shapes=steps,
    )


def runoff_by_day(runoff: Runoff, marks: Sequence[Mark] = (), days: int = 90) -> go.Figure:
    """Tokens that end unused today and on each of the next days, with the sums of 30, 60 and 90 days."""
    counts, first = runoff.ahead(days), runoff.as_of.date()
    figure = go.Figure(
        go.Bar(
            x=[first + timedelta(days=ahead) for ahead in range(days)],
            y=counts,
            marker=theme.fill(theme.EXPIRING),
            hovertemplate=say("%{x|%a %-d %b %Y} (UTC)<br>%{y:,} tokens expire<extra></extra>"),
        )
    )
    sums = [
        (
            first + timedelta(days=horizon),
            say("<b>{count}</b><br>in {days} days", count=grouped(sum(counts[:horizon])), days=horizon),
        )
        for horizon in range(30, days + 1, 30)
    ]
    verticals(figure, [*sums, *within(marks, first, first + timedelta(days=days))], last=first + timedelta(days=days))
    return theme.finish(
        figure,
        height=280,
        y_title=say("tokens expiring a day"),
        x_axis={"tickformat": say("%-d %b"), "nticks": 7},
        y_axis=_COUNTS | ({"range": [0, 4], "dtick": 1} if max(counts, default=0) < 4 else {}),  # no half tokens
        lines_on_top=2,
    )


def windows_closing(frame: pd.DataFrame, from_at: datetime, zone: str) -> go.Figure:
    """Windows by the hour in which they close, in the viewer's zone. Columns: hour (UTC), count_windows."""
    hours = pd.date_range(pd.Timestamp(from_at).floor("h"), periods=25, freq="h")
    figure = go.Figure(
        go.Bar(
            x=local(hours, zone),
            y=frame.set_index("hour")["count_windows"].reindex(hours, fill_value=0),
            customdata=hours.strftime(say("%H:%M UTC, %-d %b")),
            offset=0,
            width=_HOUR * 0.85,
            marker=theme.fill(theme.LANES["window"]),
            hovertemplate=say("hour from %{x|%H:%M} (%{customdata})<br>%{y:,} windows close<extra></extra>"),
        )
    )
    return theme.finish(
        figure,
        height=280,
        y_title=say("windows closing an hour"),
        x_axis={"tickformat": "%H:%M", "nticks": 8},
        y_axis=_COUNTS,
        lines_on_top=2,
    )


def stock_by_day(frame: pd.DataFrame, marks: Sequence[Mark] = ()) -> go.Figure:
    """Tokens by state at the end of each day, stacked. Columns: day, state, count_tokens."""
    known = [state for state in theme.STATES if state in set(frame["state"])]
    states = known + sorted(set(frame["state"]) - set(known))
    figure = go.Figure([_area(theme.state_ink(state), frame[frame["state"] == state]) for state in states])
    few = len(states) <= 4
    last = frame[frame["day"] == frame["day"].max()].set_index("state")["count_tokens"]
    if few:
        figure.update_layout(annotations=end_labels(last, states))
    marked = within(marks, frame["day"].min().date(), frame["day"].max().date()) if len(frame) else []
    verticals(figure, marked, last=frame["day"].max().date() if len(frame) else None)
    return theme.finish(
        figure,
        height=320,
        y_title=say("tokens"),
        x_axis={
            "tickformat": say("%-d %b<br>%Y"),
            "nticks": 6,
            "tickangle": 0,
            "hoverformat": say("%a %-d %b %Y (end of day, UTC)"),
        },
        y_axis=_COUNTS,
        legend=not few,
        lines_on_top=1 if marked else 0,
        right=90 if few else 16,
        hovermode="x unified",
    )


def topics_by_state(frame: pd.DataFrame) -> go.Figure:
    """The topics with the most tokens, by state; customdata is [topic, state]. Columns: topic, state, count_tokens."""
    sums = frame.groupby("topic")["count_tokens"].sum().sort_values(ascending=False)
    topics = list(sums.index[:MAX_TOPICS])
    figure = go.Figure()
    for state, ink in theme.STATES.items():
        of_state = frame[(frame["state"] == state) & frame["topic"].isin(topics)]
        counts = of_state.groupby("topic")["count_tokens"].sum().reindex(topics).dropna()
        if len(counts):
            figure.add_bar(
                y=[_short(topic) for topic in counts.index],
                x=counts,
                orientation="h",
                name=ink.says,
                customdata=[[topic, state] for topic in counts.index],
                marker=theme.fill(ink),
                hovertemplate="%{customdata[0]}<br>%{x:,} %{fullData.name}<extra></extra>",
            )
    order = {"categoryorder": "array", "categoryarray": [_short(topic) for topic in topics], "autorange": "reversed"}
    return theme.finish(
        figure,
        height=320,
        x_title=say("tokens"),
        x_axis=_COUNTS,
        y_axis=order | {"showgrid": False, "ticklabelstandoff": 8},
        legend=True,
        barmode="stack",
    )


def buckets(
    labels: Sequence[str], counts: Sequence[int], slugs: Sequence[str], x_title: str, inks: Sequence[theme.Ink]
) -> go.Figure:
    """Available tokens by bucket of time; customdata names the bucket for the drill-down."""
    figure = go.Figure(
        go.Bar(
            x=list(labels),
            y=list(counts),
            customdata=list(slugs),
            text=[grouped(count) for count in counts],
            textposition="outside",
            cliponaxis=False,
            marker={"color": [ink.color for ink in inks], "line": {"width": 0}},
            hovertemplate=say("%{x}<br>%{y:,} tokens<extra></extra>"),
        )
    )
    return theme.finish(
        figure,
        height=300,
        x_title=x_title,
        y_title=say("available tokens"),
        x_axis={"tickangle": 0, "type": "category"},
        y_axis={"range": [0, 1.12 * max([*counts, 1])], "tickformat": ",", "nticks": 5},
    )


def _area(ink: theme.Ink, rows: pd.DataFrame) -> go.Scatter:
    hatching = {
        "shape": ink.pattern,
        "fgcolor": "rgba(255,255,255,0.4)",
        "bgcolor": ink.color,
        "size": 7,
        "solidity": 0.15,
    }
    return go.Scatter(
        x=rows["day"],
        y=rows["count_tokens"],
        name=ink.says,
        stackgroup="stock",
        mode="lines",
        line={"width": 0.8, "color": ink.color},
        fillcolor=ink.color,
        fillpattern=hatching,
        hovertemplate="%{y:,} %{fullData.name}<extra></extra>",
    )


def local(utc: pd.DatetimeIndex, zone: str) -> pd.DatetimeIndex:
    """Return moments in the viewer's zone, naive as plotly wants them."""
    return utc.tz_localize("UTC").tz_convert(zone).tz_localize(None)


def _short(topic: str) -> str:
    return topic if len(topic) <= 26 else f"{topic[:25]}…"
