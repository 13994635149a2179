"""Every chart of the pages: DataFrames in, figures out."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.reads import Reach, Runoff
from dashboard.words import grouped, share

Mark = tuple[date, str]
"""A day and what the policy changed on it."""
_UTC_DAY = "%{x|%a %-d %b %Y} (UTC)"
_WIDTHS = {"hour": 3_600_000, "day": 86_400_000, "week": 604_800_000}  # of a bar on an axis of time, in ms
MAX_TOPICS = 12
MAX_KINDS = 7


def reach_waterfall(reach: Reach, chosen: str) -> go.Figure:
    """From all contacts down to those whom no lane reaches; each bar is one lane, customdata names it."""
    counts = {"contacts": reach.contacts, "window": reach.window, "token": reach.token, "human_agent": reach.human_agent, "none": reach.none}
    lanes = list(counts)
    left = [reach.contacts]  # what remains right of each step
    for lane in lanes[1:-1]:
        left.append(left[-1] - counts[lane])
    bases = [0, *left[1:], 0]
    inks = [theme.LANES[lane] for lane in lanes]
    figure = go.Figure(
        go.Bar(
            y=[f"{ink.label}<br><b>{grouped(counts[lane])}</b> · {share(counts[lane], reach.contacts)}" for lane, ink in zip(lanes, inks, strict=True)],
            x=[counts[lane] for lane in lanes],
            base=bases,
            orientation="h",
            customdata=lanes,
            marker={
                "color": [ink.color for ink in inks],
                "opacity": [1.0 if lane in (chosen, "contacts") else 0.72 for lane in lanes],
                "line": {"width": 1.5, "color": [ink.color for ink in inks]},
                "pattern": theme.fill(inks[0])["pattern"] | {"shape": [ink.pattern for ink in inks]},
            },
            hovertemplate="%{y}<extra></extra>",
        )
    )
    for step, remaining in enumerate([reach.contacts, *left[1:]]):
        figure.add_shape(type="line", x0=remaining, x1=remaining, y0=step, y1=step + 1, layer="below", line={"color": theme.MUTED, "width": 1, "dash": "dot"})
    figure.update_yaxes(autorange="reversed", ticklabelstandoff=8, showgrid=False)
    figure.update_xaxes(rangemode="tozero", nticks=6, tickformat=",")
    return theme.finish(figure, height=300, x_title="people")


def runoff_by_day(runoff: Runoff, marks: Sequence[Mark] = (), days: int = 90) -> go.Figure:
    """Tokens that end unused today and on each of the next days, with the sums of 30, 60 and 90 days."""
    counts = runoff.ahead(days)
    first = runoff.as_of.date()
    figure = go.Figure(
        go.Bar(
            x=[first + timedelta(days=ahead) for ahead in range(days)],
            y=counts,
            marker=theme.fill(theme.EXPIRING),
            hovertemplate=f"{_UTC_DAY}<br>%{{y:,}} tokens expire<extra></extra>",
        )
    )
    for horizon in range(30, days + 1, 30):
        _vertical(figure, first + timedelta(days=horizon), f"<b>{grouped(sum(counts[:horizon]))}</b><br>in {horizon} days", side="left")
    _policy(figure, marks, first, first + timedelta(days=days))
    figure.update_xaxes(tickformat="%-d %b", nticks=7)
    figure.update_yaxes(rangemode="tozero", tickformat=",", nticks=5)
    return theme.finish(figure, height=290, y_title="tokens expiring a day", marked=True).update_layout(margin_t=66)


def windows_closing(frame: pd.DataFrame, from_at: datetime, zone: str) -> go.Figure:
    """Windows by the hour in which they close, in the viewer's zone. Columns: hour (UTC), count_windows."""
    first = pd.Timestamp(from_at).floor("h")
    hours = pd.date_range(first, periods=25, freq="h")
    counts = frame.set_index("hour")["count_windows"].reindex(hours, fill_value=0)
    local = hours.tz_localize("UTC").tz_convert(zone).tz_localize(None)
    figure = go.Figure(
        go.Bar(
            x=local,
            y=counts,
            customdata=hours.strftime("%H:%M UTC, %-d %b"),
            offset=0,
            width=_WIDTHS["hour"] * 0.85,
            marker=theme.fill(theme.LANES["window"]),
            hovertemplate="hour from %{x|%H:%M} (%{customdata})<br>%{y:,} windows close<extra></extra>",
        )
    )
    figure.update_xaxes(tickformat="%H:%M", nticks=8)
    figure.update_yaxes(rangemode="tozero", tickformat=",", nticks=5)
    return theme.finish(figure, height=290, y_title="windows closing an hour", marked=True)


def stock_by_day(frame: pd.DataFrame, marks: Sequence[Mark] = ()) -> go.Figure:
    """Tokens by state at the end of each day, stacked. Columns: day, state, count_tokens."""
    figure = go.Figure()
    states = [state for state in theme.STATES if state in set(frame["state"])]
    states += sorted(set(frame["state"]) - set(states))
    for state in states:
        ink = theme.state_ink(state)
        rows = frame[frame["state"] == state]
        figure.add_scatter(
            x=rows["day"],
            y=rows["count_tokens"],
            name=ink.label,
            stackgroup="stock",
            mode="lines",
            line={"width": 0.8, "color": ink.color},
            fillcolor=ink.color,
            fillpattern={"shape": ink.pattern, "fgcolor": "rgba(255,255,255,0.4)", "bgcolor": ink.color, "size": 7, "solidity": 0.15},
            hovertemplate=f"%{{y:,}} {ink.label}<extra></extra>",
        )
    few = len(states) <= 4
    if few:
        _label_ends(figure, frame, states)
    if len(frame):
        _policy(figure, marks, frame["day"].min().date(), frame["day"].max().date())
    figure.update_xaxes(tickformat="%-d %b<br>%Y", nticks=8, hoverformat="%a %-d %b %Y (end of day, UTC)")
    figure.update_yaxes(rangemode="tozero", tickformat=",", nticks=5)
    return theme.finish(figure, height=340, y_title="tokens", legend=not few, marked=True).update_layout(hovermode="x unified")


def topics_by_state(frame: pd.DataFrame) -> go.Figure:
    """Tokens by topic, stacked by state; the topics with the most come first. Columns: topic, state, count_tokens."""
    sums = frame.groupby("topic")["count_tokens"].sum().sort_values(ascending=False)
    topics = list(sums.index[:MAX_TOPICS])
    figure = go.Figure()
    for state, ink in theme.STATES.items():
        rows = frame[(frame["state"] == state) & frame["topic"].isin(topics)].groupby("topic")["count_tokens"].sum().reindex(topics).dropna()
        if len(rows):
            figure.add_bar(
                y=[_short(topic) for topic in rows.index],
                x=rows,
                orientation="h",
                name=ink.label,
                customdata=[[topic, state] for topic in rows.index],
                marker=theme.fill(ink),
                hovertemplate=f"%{{customdata[0]}}<br>%{{x:,}} {ink.label}<extra></extra>",
            )
    figure.update_layout(barmode="stack")
    figure.update_yaxes(categoryorder="array", categoryarray=[_short(topic) for topic in topics], autorange="reversed", showgrid=False, ticklabelstandoff=8)
    figure.update_xaxes(tickformat=",", nticks=5, rangemode="tozero")
    return theme.finish(figure, height=max(280, 90 + 34 * len(topics)), x_title="tokens", legend=True)


def buckets(labels: Sequence[str], counts: Sequence[int], slugs: Sequence[str], x_title: str, inks: Sequence[theme.Ink]) -> go.Figure:
    """Tokens by bucket of time; customdata names the bucket for the drill-down."""
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
    figure.update_yaxes(range=[0, 1.12 * max([*counts, 1])], tickformat=",", nticks=5)
    figure.update_xaxes(tickangle=0)
    return theme.finish(figure, height=300, x_title=x_title, y_title="available tokens")


def events_by_time(frame: pd.DataFrame, bucket: str, gaps: pd.DataFrame, zone: str) -> go.Figure:
    """Events by kind over time, stacked, with the silent stretches shaded. Columns: bucket (UTC), kind, count_events."""
    largest = frame.groupby("kind")["count_events"].sum().sort_values(ascending=False).index[:MAX_KINDS]
    named = frame.assign(kind=frame["kind"].where(frame["kind"].isin(largest), "other"))
    sums = named.groupby(["kind", "bucket"], as_index=False)["count_events"].sum()
    figure = go.Figure()
    for number, kind in enumerate([*largest, *({"other"} & set(sums["kind"]))]):
        rows = sums[sums["kind"] == kind]
        utc = pd.DatetimeIndex(rows["bucket"])
        ink = theme.Ink(kind, theme.SERIES[number], theme.SERIES_PATTERNS[number])
        figure.add_bar(
            x=_local(utc, zone) if bucket == "hour" else utc,
            y=rows["count_events"],
            name=kind.replace("_", " "),
            customdata=utc.strftime("%-d %b %Y, %H:%M UTC" if bucket == "hour" else f"{bucket} from %-d %b %Y UTC"),
            offset=0,
            width=_WIDTHS[bucket] * 0.85,
            marker=theme.fill(ink),
            hovertemplate=f"%{{customdata}}<br>%{{y:,}} × {kind}<extra></extra>",
        )
    for gap in gaps.itertuples():
        ends = pd.DatetimeIndex([gap.from_at, gap.to_at])
        x0, x1 = _local(ends, zone) if bucket == "hour" else ends
        figure.add_vrect(x0=x0, x1=x1, fillcolor=theme.STATES["expired"].color, opacity=0.18, line_width=0, layer="below")
    figure.update_layout(barmode="stack")
    figure.update_xaxes(tickformat="%H:%M<br>%-d %b" if bucket == "hour" else "%-d %b<br>%Y", nticks=8)
    figure.update_yaxes(rangemode="tozero", tickformat=",", nticks=5)
    return theme.finish(figure, height=340, y_title=f"events a{'n' * (bucket == 'hour')} {bucket}", legend=True)


def delivery_lag(frame: pd.DataFrame, bucket: str, zone: str) -> go.Figure:
    """Mean delay between an event and its delivery by Meta. Columns: bucket (UTC), sum_delivery_lag_ms, count_lagged."""
    sums = frame.groupby("bucket", as_index=False)[["sum_delivery_lag_ms", "count_lagged", "count_late"]].sum()
    sums = sums[sums["count_lagged"] > 0]
    utc = pd.DatetimeIndex(sums["bucket"])
    figure = go.Figure(
        go.Scatter(
            x=_local(utc, zone) if bucket == "hour" else utc,
            y=sums["sum_delivery_lag_ms"] / sums["count_lagged"] / 1000,
            mode="lines+markers" if len(sums) <= 40 else "lines",
            line={"color": theme.ACCENT, "width": 2},
            customdata=list(zip(utc.strftime("%-d %b %Y, %H:%M UTC"), sums["count_lagged"], sums["count_late"], strict=True)),
            hovertemplate="%{customdata[0]}<br>%{y:.2f} s on average over %{customdata[1]:,} events<br>%{customdata[2]:,} later than a minute<extra></extra>",
        )
    )
    figure.update_xaxes(tickformat="%H:%M<br>%-d %b" if bucket == "hour" else "%-d %b<br>%Y", nticks=6)
    figure.update_yaxes(rangemode="tozero", nticks=5)
    return theme.finish(figure, height=280, y_title="seconds, mean")


def _local(utc: pd.DatetimeIndex, zone: str) -> pd.DatetimeIndex:
    return utc.tz_localize("UTC").tz_convert(zone).tz_localize(None)


def _short(topic: str) -> str:
    return topic if len(topic) <= 26 else f"{topic[:25]}…"


def _label_ends(figure: go.Figure, frame: pd.DataFrame, states: Sequence[str]) -> None:
    """Write each band's name at its right end, in the middle of the band, where it is high enough to be told apart."""
    last = frame[frame["day"] == frame["day"].max()].set_index("state")["count_tokens"]
    total, below = int(last.sum()), 0
    for state in states:
        height = int(last.get(state, 0))
        if total and height / total > 0.05:
            theme.label(figure, x=1, xref="paper", xanchor="left", xshift=6, y=below + height / 2, text=f"{state}<br><b>{grouped(height)}</b>", align="left")
        below += height
    figure.update_layout(margin_r=90)


def _vertical(figure: go.Figure, day: date, text: str, side: str) -> None:
    figure.add_shape(type="line", x0=day, x1=day, y0=0, y1=1, yref="paper", line={"color": theme.MUTED, "width": 1, "dash": "dot"})
    theme.label(figure, x=day, y=1, yref="paper", text=text, xanchor="right" if side == "left" else "left", yanchor="bottom")


def _policy(figure: go.Figure, marks: Sequence[Mark], first: date, last: date) -> None:
    """Draw the policy's dates that lie in the shown range as labelled lines."""
    for day, text in marks:
        if first <= day <= last:
            _vertical(figure, day, text, side="left" if (day - first) * 2 > (last - first) else "right")
