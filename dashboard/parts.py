"""The pieces that pages are put together from: header, figures, charts, rows."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, TypeVar

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard.exports import Format, export
from dashboard.scope import Values
from dashboard.stranded import stranded_by_kind
from dashboard.view import View, rule_book
from dashboard.words import grouped, rows_line, signed

Option = TypeVar("Option", bound=Hashable)
_FORMATS: tuple[tuple[str, Format, str], ...] = (
    ("CSV", "csv", "text/csv"),
    ("Parquet", "parquet", "application/vnd.apache.parquet"),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number on top of a page. `change` is against `since`; `good`: whether growth is good news, None neither."""

    label: str
    value: int
    change: int | None = None
    since: str = ""
    series: Sequence[int] = ()
    good: bool | None = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows behind a page, and how to export all of them: `query` is a name in dashboard/sql."""

    frame: pd.DataFrame
    count: int
    what: str
    order: str
    query: str
    values: Values
    file: str


def header(view: View, question: str, answer: str) -> None:
    """Write the page's question and its answer."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(question, anchor=False, width="content")
        if view.is_demo:
            st.badge("Sample data", icon=":material/science:", color="orange")
        if not view.has_sign_in:
            st.badge("No sign-in: this machine only", icon=":material/lock_open:", color="gray")
    st.markdown(answer)


def figures(shown: Iterable[Figure]) -> None:
    """Draw the numbers on top of a page, each with its change and its sparkline."""
    shown = list(shown)
    if not shown:
        return
    with st.grid(len(shown), min_column_width=150, gap="xsmall"):
        for each in shown:
            st.metric(
                each.label,
                grouped(each.value),
                None if each.change is None else signed(each.change),
                delta_color={True: "normal", False: "inverse", None: "off"}[each.good],  # type: ignore[arg-type]
                delta_description=each.since or None,
                help=each.note or None,
                chart_data=list(each.series) or None,
                chart_type="area",
                border=True,
                height="stretch",
            )


@contextmanager
def card(title: str, note: str) -> Iterator[None]:
    """Frame a chart, or a short table, under a sentence that says what it means and what to do with it."""
    with st.container(border=True, height="stretch", gap="xsmall"):
        st.markdown(f"**{title}**")
        st.caption(note)
        yield


def stranded(view: View, stock: pd.DataFrame) -> None:
    """Say of the stranded tokens in a stock how many they are, and what can replace their lane; nothing without any."""
    for each in stranded_by_kind(stock, rule_book(), view.scope.as_of):
        with card(each.title(view.scope.as_of, today=view.is_today), each.reasons()):
            st.markdown("What can replace it:")
            st.markdown(each.replacements())


def plot(figure: go.Figure, key: str, alt: str, on_click: Callable[[Any], None] | None = None) -> None:
    """Draw a chart, and call on_click with the customdata of a clicked point."""
    options: dict[str, Any] = {"config": {"displayModeBar": False}, "key": key, "alt": alt}
    if on_click:
        options |= {"on_select": partial(_clicked, key, on_click), "selection_mode": "points"}
    st.plotly_chart(figure, **options)


def choice(label: str, options: Mapping[Option, str], default: Option, key: str, *, show_label: bool = False) -> Option:
    """Draw a row of buttons of which one is always on, kept in the URL; `options` maps values to what is written."""
    chosen = st.segmented_control(
        label,
        list(options),
        default=default,
        key=key,
        bind="query-params",
        format_func=lambda each: options[each],
        required=True,
        label_visibility="visible" if show_label else "collapsed",
    )
    return default if chosen is None else chosen


def _clicked(key: str, on_click: Callable[[Any], None]) -> None:
    points = st.session_state[key]["selection"]["points"]
    if points and points[0].get("customdata") is not None:
        on_click(points[0]["customdata"])


def rows(view: View, shown: Rows, key: str) -> None:
    """Show rows and offer all of them as files."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(rows_line(len(shown.frame), shown.count, shown.what, shown.order), width="stretch")
        with st.container(horizontal=True, wrap=False, width="content", gap="xsmall"):
            if shown.count:
                note = f"All {grouped(shown.count)} rows. Times are UTC; {view.masked} are masked."
                downloads(view, shown.query, shown.values, shown.file, key, "", note)
    if shown.count:
        table(view, shown.frame, key)


def downloads(view: View, query: str, values: Values, file: str, key: str, label: str, note: str) -> None:
    """Offer all rows of a query as files, to whoever may have them."""
    if not view.who().may("export"):
        return
    for form_label, form, mime in _FORMATS:
        st.download_button(
            f"{label}{form_label}",
            partial(export, view.warehouse, query, view.scope, values, form, view.who, view.secret),
            file_name=f"{file}.{form}",
            mime=mime,
            key=f"{key}-{form}",
            icon=":material/download:",
            on_click="ignore",
            help=note,
        )


def table(view: View, frame: pd.DataFrame, key: str, most: int = 8) -> None:
    """Show a table at most `most` rows high: times in the viewer's zone, numbers grouped."""
    st.dataframe(
        _localized(frame),
        column_config={column: _column(column, frame[column], view.zone) for column in frame.columns},
        hide_index=True,
        placeholder="-",
        key=f"{key}-table",
        height=38 + 35 * max(min(len(frame), most), 1),
    )


def _localized(frame: pd.DataFrame) -> pd.DataFrame:
    """Tell Streamlit that times are UTC, so that it shows them in the viewer's zone."""
    times = frame.select_dtypes("datetime")
    return frame.assign(**{str(column): times[column].dt.tz_localize("UTC") for column in times})


def _column(name: str, values: pd.Series, zone: str) -> Any:
    label = _LABELS.get(name, name.removeprefix("count_").replace("_", " ").capitalize())
    if name in _DAYS:
        return st.column_config.DateColumn(label, format="D MMM YYYY", help="A day in UTC.")
    if pd.api.types.is_datetime64_any_dtype(values):
        note = f"In {zone} time; exports are in UTC."
        return st.column_config.DatetimeColumn(label, timezone=zone, format="D MMM YYYY, HH:mm", help=note)
    if any(isinstance(value, date) for value in values):
        return st.column_config.DateColumn(label, format="D MMM YYYY", help="A day in UTC.")
    if pd.api.types.is_numeric_dtype(values):
        return st.column_config.NumberColumn(label, format=_NUMBERS.get(name, "%,d"))
    return st.column_config.TextColumn(label, width="large" if name == "line" else None)


_DAYS = {"dry_on"}
_NUMBERS = {
    "gained_week": "%,.1f",
    "spent_week": "%,.1f",
    "mase": "%.2f",
    "error_ratio": "%.2f",
    "in_50": "percent",
    "in_80": "percent",
    "in_95": "percent",
    "mase_naive": "%.2f",
    "bytes_loaded": "bytes",
    "lag_seconds": "duration",
    "source_line": "%d",
}
_LABELS = {
    "asked_at": "Asked",
    "asked_by": "By",
    "gained_week": "Opt-ins a week",
    "spent_week": "Sends a week",
    "died_30": "Die in 30 days",
    "died_60": "Die in 60 days",
    "died_90": "Die in 90 days",
    "saved_90": "Saved by soonest first",
    "dry_on": "Dry around",
    "dry_percent": "Chance of dry, %",
    "pace": "Sends a week to waste none",
    "expected_waste": "Never used, by age",
    "mase": "MASE, opt-ins",
    "error_ratio": "Error",
    "in_50": "In the 50 % band",
    "in_80": "In the 80 % band",
    "in_95": "In the 95 % band",
    "mase_naive": "MASE, as a week ago",
    "in_80_percent": "Held: in the 80 % band, %",
    "optins_by": "Opt-ins by",
    "sends_by": "Sends by",
    "verified_on": "Verified",
    "on": "Since",
    "count_messages": "Messages",
    "page_id": "Page",
    "count_tokens": "Tokens held",
    "next_token_ends_at": "First token ends",
    "window_closes_at": "Window ends",
    "first_seen_at": "First seen",
    "opted_in_at": "Opted in",
    "in_state_since": "In this state since",
    "expires_at": "Expires",
    "occurred_at": "When",
    "source_file": "File",
    "source_line": "Line number",
    "event_lines": "With events",
    "duplicate_lines": "Duplicate",
    "reject_lines": "Rejected",
    "first_event_at": "First event",
    "last_event_at": "Last event",
    "last_loaded_at": "Loaded",
    "from_at": "From",
    "to_at": "To",
    "count_usual": "Usual events",
    "adds_up": "Adds up",
    "bytes_loaded": "Size",
    "lag_seconds": "Last event to load",
}
