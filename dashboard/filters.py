"""The filters of the token inventory: drawn, kept in the URL, and set by a click on a bar."""

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import reads
from dashboard.buckets import AGE, LEFT, Bucket
from dashboard.language import say
from dashboard.parts import several
from dashboard.scope import Bounds, Scope
from dashboard.theme import STATES
from dashboard.view import View

_KEYS = ("topic", "kind", "state", "left", "age")


def token_scope(view: View) -> Scope:
    """Draw the page's filters and return the narrowed scope."""
    choices = view.read(reads.choices, view.scope)
    topic, kind, state, clear = st.columns([3, 2, 3, 1], vertical_alignment="bottom")
    topics = topic.multiselect(
        say("Topic"),
        sorted(choices["topic"].dropna().unique()),
        key="topic",
        bind="query-params",
        placeholder=say("All topics"),
    )
    known = {each: each for each in sorted(choices["kind"].unique())}
    kinds = several(kind, say("Kind"), known, "kind", say("All kinds"))
    labels = {each: ink.label for each, ink in STATES.items() if each in set(choices["state"])}
    states = several(state, say("State"), labels, "state", say("All states"))
    clear.button(
        say("Clear"),
        on_click=_clear,
        icon=":material/filter_alt_off:",
        width="stretch",
        help=say("Clear all filters of this page"),
    )
    return replace(view.scope, topics=tuple(topics), kinds=kinds, states=states)


def token_bounds() -> Bounds:
    """Draw the filters of the rows by time left and age, and return their bounds."""
    left, age = st.columns(2)
    left_slug = _bucket(left, say("Time left, in days"), "left", LEFT)
    age_slug = _bucket(age, say("Age, in days"), "age", AGE)
    bounds = Bounds()
    if left_slug:
        bounds = replace(bounds, left_from=LEFT[left_slug].first, left_to=LEFT[left_slug].end)
    if age_slug:
        bounds = replace(bounds, age_from=AGE[age_slug].first, age_to=AGE[age_slug].end)
    return bounds


def choose_topic(clicked: list[str]) -> None:
    """Narrow the page to the topic and the state of a bar."""
    st.session_state["topic"], st.session_state["state"] = [clicked[0]], [clicked[1]]


def choose_left(slug: str) -> None:
    """Narrow the rows to a bar of time left."""
    st.session_state["left"], st.session_state["state"] = slug, ["available"]


def choose_age(slug: str) -> None:
    """Narrow the rows to a bar of age."""
    st.session_state["age"], st.session_state["state"] = slug, ["available"]


def _bucket(column: DeltaGenerator, label: str, key: str, buckets: dict[str, Bucket]) -> str | None:
    """Draw one choice among buckets, and return its slug."""
    return column.selectbox(
        label,
        list(buckets),
        index=None,
        key=key,
        bind="query-params",
        placeholder=say("Any"),
        format_func=lambda slug: buckets[slug].label,
    )


def _clear() -> None:
    for key in _KEYS:
        st.session_state[key] = [] if key in ("topic", "kind", "state") else None
