"""Pages that follow the data: drawn anew once something is loaded; filters, scroll and typed text stay as they were."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import streamlit as st

from dashboard.home import follower_of
from dashboard.language import say
from dashboard.words import ago, escaped, grouped
from pipelines.follow.state import FollowState
from pipelines.warehouse import Warehouse

_TOOK = "_live_took"
_REST = 5  # a page is redrawn by itself for at most a fifth of the time
_WORTH_A_BAR = 16 << 20  # bytes; what is smaller is loaded before anybody has read of it


@contextmanager
def timed_run() -> Iterator[None]:
    """Measure how long a page takes to draw: a slow one is redrawn by itself less often."""
    began = time.monotonic()
    try:
        yield
    finally:
        st.session_state[_TOOK] = time.monotonic() - began


def keep_live(warehouse: Warehouse, *, is_today: bool, still_in: Callable[[], bool] | None = None) -> None:
    """
    Say how fresh the data is, every two seconds, and redraw the page when there is newer data than it shows.

    Call it in the sidebar, before anything is read. A past day is not redrawn: what happens now does not change it.
    `still_in` says whether whoever looks may still do so; once it says no, the page is run anew: its sign-in then acts.
    """
    _keep_live(warehouse, warehouse.version(), time.monotonic(), is_today, still_in)


@st.fragment(run_every=2.0)
def _keep_live(
    warehouse: Warehouse,
    drawn: int,
    drawn_at: float,
    is_today: bool,
    still_in: Callable[[], bool] | None,
) -> None:
    if still_in is not None and not still_in():
        st.rerun()
    follower = follower_of(warehouse.path)
    if follower is not None:
        st.caption(live_line(follower.state, follower.clock()))
    rested = time.monotonic() - drawn_at >= _REST * float(st.session_state.get(_TOOK, 0.0))
    if is_today and rested and warehouse.version() != drawn:
        st.rerun()


def live_line(state: FollowState, now: datetime) -> str:
    """Say what the follower does, in a line."""
    if state.error:
        return f":material/error: {escaped(state.error)}"
    if state.is_loading and state.bytes_total >= _WORTH_A_BAR:
        told = {"percent": f"{state.share:.0%}", "count": grouped(state.events_of_load)}
        return say(":material/sync: Loading {percent}: {count} new events", **told)
    if state.newest_event_at is None:
        return say(":material/radio_button_checked: Live · nothing has come since the app began")
    lately = _lately(state.newest_event_at, now)
    return say(":material/radio_button_checked: Live · newest event {ago}", ago=lately)


def _lately(then: datetime, now: datetime) -> str:
    passed = now - then
    if timedelta(0) <= passed < timedelta(minutes=1):
        return say("{count} s ago", count=passed.seconds)
    return ago(then, now)
