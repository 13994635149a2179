"""The pieces that pages are put together from: header, figures, charts, rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import codes
from dashboard.columns import columns_of, scaled
from dashboard.exports import Format, export
from dashboard.language import Option, in_every_language, say, worded
from dashboard.scope import Values
from dashboard.stranded import stranded_by_kind
from dashboard.view import View, rule_book
from dashboard.words import grouped, rows_line, signed

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
            st.badge(say("Sample data"), icon=":material/science:", color="orange")
        if not view.has_sign_in:
            st.badge(say("No sign-in: this machine only"), icon=":material/lock_open:", color="gray")
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
            st.markdown(say("What can replace it:"))
            st.markdown(each.replacements())


def plot(figure: go.Figure, key: str, alt: str, on_click: Callable[[Any], None] | None = None) -> None:
    """Draw a chart, and call on_click with the customdata of a clicked point."""
    options: dict[str, Any] = {"config": {"displayModeBar": False}, "key": key, "alt": alt}
    if on_click:
        options |= {"on_select": partial(_clicked, key, on_click), "selection_mode": "points"}
    st.plotly_chart(figure, **options)


def choice(label: str, options: Mapping[Option, str], default: Option, key: str, *, show_label: bool = False) -> Option:
    """Draw a row of buttons of which one is always on, kept in the URL; `options` maps values to noted texts."""
    _read_address(key, options)
    chosen = st.segmented_control(
        label,
        list(options),
        default=default,
        key=key,
        bind="query-params",
        format_func=worded(options),
        required=True,
        label_visibility="visible" if show_label else "collapsed",
    )
    return default if chosen is None else chosen


def several(
    place: DeltaGenerator, label: str, options: Mapping[Option, str], key: str, placeholder: str
) -> tuple[Option, ...]:
    """Draw a choice of any number, kept in the URL; `options` maps values to noted texts. None chosen means all."""
    _read_address(key, options, many=True)
    return tuple(
        place.multiselect(
            label,
            list(options),
            key=key,
            bind="query-params",
            placeholder=placeholder,
            format_func=worded(options),
        )
    )


def _read_address(key: str, options: Mapping[Option, str], *, many: bool = False) -> None:
    """Choose what an address names in another language's words: links go between readers."""
    asked = () if key in st.session_state else set(st.query_params.get_all(key))
    if foreign := [each for each, text in options.items() if asked and asked & (in_every_language(text) - {say(text)})]:
        st.session_state[key] = foreign if many else foreign[0]


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
                note = say(
                    "All {count} rows. Times are UTC; {masked} are masked.",
                    count=grouped(shown.count),
                    masked=view.masked,
                )
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
        _localized(scaled(codes.said(frame))),
        column_config=columns_of(frame, view.zone),
        hide_index=True,
        placeholder="-",
        key=f"{key}-table",
        height=height_of(len(frame), most),
    )


def height_of(rows: int, most: int) -> int:
    """Return how high a table of so many rows is, in pixels, and at most `most` rows of it: by the theme's font."""
    return 2 + 33 * (1 + max(min(rows, most), 1))


def _localized(frame: pd.DataFrame) -> pd.DataFrame:
    """Tell Streamlit that times are UTC, so that it shows them in the viewer's zone."""
    times = frame.select_dtypes("datetime")
    return frame.assign(**{str(column): times[column].dt.tz_localize("UTC") for column in times})
