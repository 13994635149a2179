"""Every chart of the pages: counted rows in, figures out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.marks import Mark, end_labels, line, verticals, within
from dashboard.reach import Reach
from dashboard.reads import Runoff
from dashboard.words import grouped, share

MAX_TOPICS = 8
MAX_KINDS = 7
_WIDTHS = {"hour": 3_600_000, "day": 86_400_000, "week": 604_800_000}  # of a bar on an axis of time, in ms
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
                f"{ink.label}<br><b>{grouped(count)}</b> · {share(count, reach.contacts)}"
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
        x_title="people",
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
            hovertemplate="%{x|%a %-d %b %Y} (UTC)<br>%{y:,} tokens expire<extra></extra>",
        )
    )
    sums = [
        (first + timedelta(days=horizon), f"<b>{grouped(sum(counts[:horizon]))}</b><br>in {horizon} days")
        for horizon in range(30, days + 1, 30)
    ]
    verticals(figure, [*sums, *within(marks, first, first + timedelta(days=days))], last=first + timedelta(days=days))
    return theme.finish(
        figure,
        height=280,
        y_title="tokens expiring a day",
        x_axis={"tickformat": "%-d %b", "nticks": 7},
        y_axis=_COUNTS | ({"range": [0, 4], "dtick": 1} if max(counts, default=0) < 4 else {}),  # no half tokens
        lines_on_top=2,
    )


def windows_closing(frame: pd.DataFrame, from_at: datetime, zone: str) -> go.Figure:
    """Windows by the hour in which they close, in the viewer's zone. Columns: hour (UTC), count_windows."""
    hours = pd.date_range(pd.Timestamp(from_at).floor("h"), periods=25, freq="h")
    figure = go.Figure(
        go.Bar(
            x=_local(hours, zone),
            y=frame.set_index("hour")["count_windows"].reindex(hours, fill_value=0),
            customdata=hours.strftime("%H:%M UTC, %-d %b"),
            offset=0,
            width=_WIDTHS["hour"] * 0.85,
            marker=theme.fill(theme.LANES["window"]),
            hovertemplate="hour from %{x|%H:%M} (%{customdata})<br>%{y:,} windows close<extra></extra>",
        )
    )
    return theme.finish(
        figure,
        height=280,
        y_title="windows closing an hour",
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
        y_title="tokens",
        x_axis={
            "tickformat": "%-d %b<br>%Y",
            "nticks": 6,
            "tickangle": 0,
            "hoverformat": "%a %-d %b %Y (end of day, UTC)",
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
                name=ink.label,
                customdata=[[topic, state] for topic in counts.index],
                marker=theme.fill(ink),
                hovertemplate=f"%{{customdata[0]}}<br>%{{x:,}} {ink.label}<extra></extra>",
            )
    order = {"categoryorder": "array", "categoryarray": [_short(topic) for topic in topics], "autorange": "reversed"}
    return theme.finish(
        figure,
        height=320,
        x_title="tokens",
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
            hovertemplate="%{x}<br>%{y:,} tokens<extra></extra>",
        )
    )
    return theme.finish(
        figure,
        height=300,
        x_title=x_title,
        y_title="available tokens",
        x_axis={"tickangle": 0, "type": "category"},
        y_axis={"range": [0, 1.12 * max([*counts, 1])], "tickformat": ",", "nticks": 5},
    )


def events_by_time(frame: pd.DataFrame, bucket: str, gaps: pd.DataFrame, zone: str) -> go.Figure:
    """Events by kind over time, stacked, silent stretches shaded. Columns: bucket (UTC), kind, count_events."""
    largest = frame.groupby("kind")["count_events"].sum().sort_values(ascending=False).index[:MAX_KINDS]
    named = frame.assign(kind=frame["kind"].where(frame["kind"].isin(largest), "other"))
    sums = named.groupby(["kind", "bucket"], as_index=False)["count_events"].sum()
    kinds = [*largest, *({"other"} & set(sums["kind"]))]
    inks = [
        theme.Ink(kind.replace("_", " "), theme.SERIES[n], theme.SERIES_PATTERNS[n]) for n, kind in enumerate(kinds)
    ]
    bars = [_bars(ink, sums[sums["kind"] == kind], bucket, zone) for ink, kind in zip(inks, kinds, strict=True)]
    return theme.finish(
        go.Figure(bars),
        height=320,
        y_title=f"events {'an' if bucket == 'hour' else 'a'} {bucket}",
        x_axis={"tickformat": "%H:%M<br>%-d %b" if bucket == "hour" else "%-d %b<br>%Y", "nticks": 8},
        y_axis=_COUNTS,
        legend=True,
        barmode="stack",
        shapes=[_shade(gap, bucket, zone) for _, gap in gaps[gaps["to_at"] > frame["bucket"].min()].iterrows()],
    )


def delivery_lag(frame: pd.DataFrame, bucket: str, zone: str) -> go.Figure:
    """Mean delay from an event to its delivery by Meta. Columns: bucket (UTC) and the sums of lag."""
    sums = frame.groupby("bucket", as_index=False)[["sum_delivery_lag_ms", "count_lagged", "count_late"]].sum()
    sums = sums[sums["count_lagged"] > 0]
    utc = pd.DatetimeIndex(sums["bucket"])
    figure = go.Figure(
        go.Scatter(
            x=_shown(utc, bucket, zone),
            y=sums["sum_delivery_lag_ms"] / sums["count_lagged"] / 1000,
            mode="lines+markers" if len(sums) <= 40 else "lines",
            line={"color": theme.ACCENT, "width": 2},
            customdata=list(zip(_named(utc, bucket), sums["count_lagged"], sums["count_late"], strict=True)),
            hovertemplate="%{customdata[0]}<br>%{y:.2f} s on average over %{customdata[1]:,} events"
            "<br>%{customdata[2]:,} of them later than a minute<extra></extra>",
        )
    )
    return theme.finish(
        figure,
        height=280,
        y_title="seconds, mean",
        x_axis={"tickformat": "%H:%M<br>%-d %b" if bucket == "hour" else "%-d %b<br>%Y", "nticks": 6},
        y_axis={"rangemode": "tozero", "nticks": 5},
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
        name=ink.label,
        stackgroup="stock",
        mode="lines",
        line={"width": 0.8, "color": ink.color},
        fillcolor=ink.color,
        fillpattern=hatching,
        hovertemplate=f"%{{y:,}} {ink.label}<extra></extra>",
    )


def _bars(ink: theme.Ink, rows: pd.DataFrame, bucket: str, zone: str) -> go.Bar:
    utc = pd.DatetimeIndex(rows["bucket"])
    return go.Bar(
        x=_shown(utc, bucket, zone),
        y=rows["count_events"],
        name=ink.label,
        customdata=_named(utc, bucket),
        offset=0,
        width=_WIDTHS[bucket] * 0.85,
        marker=theme.fill(ink),
        hovertemplate=f"%{{customdata}}<br>%{{y:,}} {ink.label}<extra></extra>",
    )


def _local(utc: pd.DatetimeIndex, zone: str) -> pd.DatetimeIndex:
    return utc.tz_localize("UTC").tz_convert(zone).tz_localize(None)


def _shown(utc: pd.DatetimeIndex, bucket: str, zone: str) -> pd.DatetimeIndex:
    """Hours stand in the viewer's zone; days and weeks are UTC's own."""
    return _local(utc, zone) if bucket == "hour" else utc


def _named(utc: pd.DatetimeIndex, bucket: str) -> pd.Index:
    return utc.strftime("%-d %b %Y, %H:%M UTC" if bucket == "hour" else f"{bucket} from %-d %b %Y (UTC)")


def _short(topic: str) -> str:
    return topic if len(topic) <= 26 else f"{topic[:25]}…"


def _shade(gap: pd.Series, bucket: str, zone: str) -> dict[str, Any]:
    """Shade a silent stretch."""
    x0, x1 = _shown(pd.DatetimeIndex([gap["from_at"], gap["to_at"]]), bucket, zone)
    color = theme.STATES["expired"].color
    where = {"x0": x0, "x1": x1, "y0": 0, "y1": 1, "yref": "paper", "layer": "below"}
    return {"type": "rect", "fillcolor": color, "opacity": 0.25, "line": {"width": 1, "color": color}} | where
