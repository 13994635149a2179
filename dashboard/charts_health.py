"""The charts of data health: the rhythm of the stream, and how late it is."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts import local
from dashboard.language import noted, say

MAX_KINDS = 7
_WIDTHS = {"hour": 3_600_000, "day": 86_400_000, "week": 604_800_000}  # of a bar on an axis of time, in ms
_COUNTS: dict[str, Any] = {"rangemode": "tozero", "tickformat": ",", "nticks": 5}
_EVENTS_EACH = {"hour": noted("events an hour"), "day": noted("events a day"), "week": noted("events a week")}
_FROM = {
    "hour": noted("%-d %b %Y, %H:%M UTC"),
    "day": noted("day from %-d %b %Y (UTC)"),
    "week": noted("week from %-d %b %Y (UTC)"),
}


def events_by_time(frame: pd.DataFrame, bucket: str, gaps: pd.DataFrame, zone: str) -> go.Figure:
    """Events by kind over time, stacked, silent stretches shaded. Columns: bucket (UTC), kind, count_events."""
    largest = frame.groupby("kind")["count_events"].sum().sort_values(ascending=False).index[:MAX_KINDS]
    named = frame.assign(kind=frame["kind"].where(frame["kind"].isin(largest), "other"))
    sums = named.groupby(["kind", "bucket"], as_index=False)["count_events"].sum()
    kinds = [*largest, *({"other"} & set(sums["kind"]))]
    inks = [
        theme.Ink(say(kind).replace("_", " "), theme.SERIES[n], theme.SERIES_PATTERNS[n])
        for n, kind in enumerate(kinds)
    ]
    bars = [_bars(ink, sums[sums["kind"] == kind], bucket, zone) for ink, kind in zip(inks, kinds, strict=True)]
    return theme.finish(
        go.Figure(bars),
        height=320,
        y_title=say(_EVENTS_EACH[bucket]),
        x_axis={"tickformat": _ticks(bucket), "nticks": 8},
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
            hovertemplate=say(
                "%{customdata[0]}<br>%{y:.2f} s on average over %{customdata[1]:,} events"
                "<br>%{customdata[2]:,} of them later than a minute<extra></extra>"
            ),
        )
    )
    return theme.finish(
        figure,
        height=280,
        y_title=say("seconds, mean"),
        x_axis={"tickformat": _ticks(bucket), "nticks": 6},
        y_axis={"rangemode": "tozero", "nticks": 5},
    )


def _bars(ink: theme.Ink, rows: pd.DataFrame, bucket: str, zone: str) -> go.Bar:
    utc = pd.DatetimeIndex(rows["bucket"])
    return go.Bar(
        x=_shown(utc, bucket, zone),
        y=rows["count_events"],
        name=ink.says,
        customdata=_named(utc, bucket),
        offset=0,
        width=_WIDTHS[bucket] * 0.85,
        marker=theme.fill(ink),
        hovertemplate="%{customdata}<br>%{y:,} %{fullData.name}<extra></extra>",
    )


def _shown(utc: pd.DatetimeIndex, bucket: str, zone: str) -> pd.DatetimeIndex:
    """Hours stand in the viewer's zone; days and weeks are UTC's own."""
    return local(utc, zone) if bucket == "hour" else utc


def _named(utc: pd.DatetimeIndex, bucket: str) -> pd.Index:
    return utc.strftime(say(_FROM[bucket]))


def _ticks(bucket: str) -> str:
    return say("%H:%M<br>%-d %b") if bucket == "hour" else say("%-d %b<br>%Y")


def _shade(gap: pd.Series, bucket: str, zone: str) -> dict[str, Any]:
    """Shade a silent stretch."""
    x0, x1 = _shown(pd.DatetimeIndex([gap["from_at"], gap["to_at"]]), bucket, zone)
    color = theme.STATES["expired"].color
    where = {"x0": x0, "x1": x1, "y0": 0, "y1": 1, "yref": "paper", "layer": "below"}
    return {"type": "rect", "fillcolor": color, "opacity": 0.25, "line": {"width": 1, "color": color}} | where
