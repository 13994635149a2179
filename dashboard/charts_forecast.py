"""The charts of the forecast page: stored bands and exact run-offs in, figures out."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.language import noted, say
from dashboard.marks import Mark, label, line, verticals, within
from dashboard.words import grouped

INKS = {
    "held": theme.STATES["available"],
    "died": theme.STATES["expired"],
    "gained": theme.Ink(noted("opt-ins"), theme.ACCENT),
    "spent": theme.STATES["spent"],
}
_BANDS = (("low_95", "high_95", 95, 0.14), ("low_80", "high_80", 80, 0.2), ("low_50", "high_50", 50, 0.3))
_TITLES = {
    "held": noted("tokens held"),
    "died": noted("tokens died unused, since the start"),
    "gained": noted("opt-ins, since the start"),
    "spent": noted("tokens spent, since the start"),
}
_COUNTS: dict[str, Any] = {"rangemode": "tozero", "tickformat": ",", "nticks": 5}


def ahead(bands: pd.DataFrame, measure: str, past: pd.DataFrame, today: date, marks: Sequence[Mark] = ()) -> go.Figure:
    """The middle and the bands of a measure by day, after what was. Columns: day and bands; past: day, count_tokens."""
    ink = INKS[measure]
    figure = go.Figure(_bands(bands, ink))
    if len(past):
        figure.add_scatter(
            x=past["day"],
            y=past["count_tokens"],
            mode="lines",
            line={"color": ink.color, "width": 2},
            hovertemplate=say("%{y:,}<extra>so far</extra>"),
            showlegend=False,
        )
    figure.add_scatter(
        x=bands["day"],
        y=bands["middle"],
        mode="lines",
        name=say("middle"),
        line={"color": ink.color, "width": 2, "dash": "dash"},
        customdata=bands[["low_80", "high_80"]],
        hovertemplate=say("%{y:,.0f} (80 %: %{customdata[0]:,.0f} to %{customdata[1]:,.0f})<extra>foreseen</extra>"),
    )
    last = bands["day"].max().date()
    first = past["day"].min().date() if len(past) else today
    verticals(
        figure, [(today, say("today")), *within(marks, first, last)] if len(past) else within(marks, first, last), last
    )
    return theme.finish(
        figure,
        height=340,
        y_title=say(_TITLES[measure]),
        x_axis=_days() | {"hoverformat": say("%a %-d %b %Y (end of day, UTC)")},
        y_axis=_COUNTS,
        legend=True,
        lines_on_top=1,
        hovermode="x unified",
    )


def runoff(frame: pd.DataFrame, today: date, marks: Sequence[Mark] = ()) -> go.Figure:
    """Tokens held by the day on which they end, for 13 months; those that end by their lane's closing stand out."""
    own = frame["count_tokens"] - frame["count_closing"]
    cliffs = frame[frame["count_closing"] > 0]
    said = say("%{x|%a %-d %b %Y} (UTC)<br>%{y:,} tokens expire<extra></extra>")
    bars = [_ends(frame["day"], own, theme.EXPIRING, said)]
    if len(cliffs):
        said = say("%{x|%a %-d %b %Y} (UTC)<br>%{y:,} tokens end as their lane closes<extra></extra>")
        bars.append(_ends(cliffs["day"], cliffs["count_closing"], theme.STATES["stranded"], said))
    figure = go.Figure(bars)
    last = today + timedelta(days=396)
    named: list[Mark] = [
        (pd.Timestamp(day).date(), say("<b>{count}</b><br>lane closes", count=grouped(int(count))))
        for day, count in zip(cliffs["day"], cliffs["count_closing"], strict=True)
    ]
    verticals(figure, [*named, *within(marks, today, last)], last=last)
    return theme.finish(
        figure,
        height=300,
        y_title=say("tokens ending a day"),
        x_axis=_days() | {"range": [today - timedelta(days=2), last]},
        y_axis=_COUNTS,
        barmode="stack",
        lines_on_top=2 if named else 0,
    )


def life(frame: pd.DataFrame) -> go.Figure:
    """The chance of a token's being used, by its age, for up to eight topics. Columns: topic, age_days, chance."""
    topics = list(frame["topic"].drop_duplicates()[: len(theme.SERIES)])
    figure = go.Figure(
        [
            go.Scatter(
                x=frame.loc[frame["topic"] == topic, "age_days"],
                y=100 * frame.loc[frame["topic"] == topic, "chance"],
                mode="lines",
                name=topic,
                line={"color": theme.SERIES[number], "width": 2, "dash": ("solid", "dash", "dot")[number % 3]},
                hovertemplate=say("%{y:.0f} % at %{x} days<extra>%{fullData.name}</extra>"),
            )
            for number, topic in enumerate(topics)
        ]
    )
    return theme.finish(
        figure,
        height=300,
        x_title=say("age of the token, in days"),
        y_title=say("chance of being used from there on, in %"),
        x_axis={"rangemode": "tozero", "nticks": 7},
        y_axis={"rangemode": "tozero", "nticks": 5, "ticksuffix": say(" %")},
        legend=len(topics) > 1,
    )


def compared(before: pd.DataFrame, after: pd.DataFrame, measure: str) -> go.Figure:
    """The answer to a what-if with its 80 % band, beside what is foreseen without the change."""
    ink = INKS[measure]
    figure = go.Figure(
        [
            *_bands(after, ink, only=80),
            go.Scatter(
                x=after["day"],
                y=after["middle"],
                name=say("with the change"),
                mode="lines",
                line={"color": ink.color, "width": 2.5},
                hovertemplate="%{y:,.0f}<extra>%{fullData.name}</extra>",
            ),
            go.Scatter(
                x=before["day"],
                y=before["middle"],
                name=say("as foreseen"),
                mode="lines",
                line={"color": theme.MUTED, "width": 2, "dash": "dot"},
                hovertemplate="%{y:,.0f}<extra>%{fullData.name}</extra>",
            ),
        ]
    )
    return theme.finish(
        figure,
        height=280,
        y_title=say(_TITLES[measure]),
        x_axis=_days() | {"hoverformat": say("%a %-d %b %Y")},
        y_axis=_COUNTS,
        legend=True,
        hovermode="x unified",
    )


def coverage(frame: pd.DataFrame) -> go.Figure:
    """How often what came lay within each band, by days ahead. Columns: horizon_days, in_50, in_80, in_95."""
    shown = (("in_50", 50, theme.SERIES[1]), ("in_80", 80, theme.SERIES[0]), ("in_95", 95, theme.SERIES[2]))
    figure = go.Figure(
        [
            go.Scatter(
                x=frame["horizon_days"].astype(str),
                y=100 * frame[column],
                mode="lines+markers",
                name=say("{percent} % band", percent=said),
                line={"color": color, "width": 2},
                marker={"size": 8},
                customdata=frame["count_forecasts"],
                hovertemplate=say("%{y:.0f} % of %{customdata:,} outcomes<extra>%{fullData.name}</extra>"),
            )
            for column, said, color in shown
        ]
    )
    figure.update_layout(
        annotations=[
            label(say("{number} %", number=said), x=1, xref="paper", xanchor="left", xshift=6, y=said)
            for _, said, _ in shown
        ]
    )
    return theme.finish(
        figure,
        height=280,
        x_title=say("days ahead"),
        y_title=say("outcomes within the band, in %"),
        x_axis={"type": "category"},
        y_axis={"range": [0, 104], "nticks": 6},
        legend=True,
        right=48,
        shapes=[line(x0=0, x1=1, xref="paper", y0=said, y1=said) for _, said, _ in shown],
    )


def past(frame: pd.DataFrame) -> go.Figure:
    """What was foreseen for a day, and what came. Columns: due_at, actual, middle, naive, low_80, high_80."""
    has_band = frame["low_80"].notna().all()
    spread = {
        "type": "data",
        "symmetric": False,
        "array": frame["high_80"] - frame["middle"],
        "arrayminus": frame["middle"] - frame["low_80"],
        "thickness": 1.5,
    }
    foreseen = _points(
        frame, "middle", say("foreseen, with its 80 % band") if has_band else say("foreseen"), theme.ACCENT, "diamond"
    )
    figure = go.Figure(
        [
            foreseen.update(error_y=spread if has_band else None),
            _points(frame, "naive", say("seasonal naive"), theme.MUTED, "x"),
            _points(frame, "actual", say("came"), theme.STATES["available"].color, "circle").update(
                mode="lines+markers"
            ),
        ]
    )
    return theme.finish(
        figure,
        height=280,
        y_title=say("tokens held"),
        x_axis=_days() | {"hoverformat": say("%a %-d %b %Y")},
        y_axis=_COUNTS,
        legend=True,
        hovermode="x unified",
    )


def _days() -> dict[str, Any]:
    """An axis of days."""
    return {"tickformat": say("%-d %b<br>%Y"), "nticks": 7, "tickangle": 0}


def _points(frame: pd.DataFrame, column: str, name: str, color: str, symbol: str) -> go.Scatter:
    return go.Scatter(
        x=frame["due_at"],
        y=frame[column],
        mode="markers",
        name=name,
        marker={"color": color, "size": 8, "symbol": symbol},
        hovertemplate="%{y:,.0f}<extra>%{fullData.name}</extra>",
    )


def _bands(bands: pd.DataFrame, ink: theme.Ink, only: int = 0) -> list[go.Scatter]:
    """The bands as areas, the widest first, so that the narrower lie on them."""
    red, green, blue = (int(ink.color[at : at + 2], 16) for at in (1, 3, 5))
    shapes = []
    for low, high, percent, weight in _BANDS:
        if only in (0, percent):
            shapes.append(
                go.Scatter(
                    x=[*bands["day"], *bands["day"][::-1]],
                    y=[*bands[high], *bands[low][::-1]],
                    fill="toself",
                    fillcolor=f"rgba({red},{green},{blue},{weight})",
                    line={"width": 0},
                    name=say("{number} %", number=percent),
                    hoverinfo="skip",
                    mode="lines",
                )
            )
    return shapes


def _ends(days: pd.Series, counts: pd.Series, ink: theme.Ink, said: str) -> go.Bar:
    return go.Bar(
        x=days,
        y=counts,
        width=86_400_000 * 0.9,
        marker=theme.fill(ink),
        hovertemplate=said,
    )
