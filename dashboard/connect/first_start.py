"""The first steps in a home where nothing is loaded: what can be done, what is done already; it moves on by itself."""

from pathlib import Path

import streamlit as st

from dashboard.app import clock
from dashboard.connect.connection import Connection
from dashboard.connect.parts import draw_settings, draw_steps
from dashboard.connect.steps import RECEIVING, steps_of
from dashboard.guidance import hint_at
from dashboard.home import follower_of
from dashboard.language import plural, say
from dashboard.live import live_line
from dashboard.view import rule_book
from dashboard.words import escaped, joined
from pipelines.errors import ClearToSendError, HomeMissing
from pipelines.settings import Settings

Stamp = tuple[int, int] | None
_MOST_COUNTED = 1000
"""A folder of more files than that is not counted to its end every two seconds."""


def first_start(folder: Path) -> None:
    """Show the three ways to a first chart."""
    st.title(say("Nothing is loaded yet"), anchor=False)
    st.markdown(
        say(
            "Clear to Send shows how many people your Page may still message, out of the webhook logs that Meta sent "
            "you. Three ways lead to a first chart in `{folder}`.",
            folder=folder,
        )
    )
    sample, own = st.columns(2, border=True)
    with sample:
        st.markdown(say("**1. Look around first**"))
        st.caption(say("Makes logs of two Pages over 14 months, loads them, and opens these pages on them."))
        st.code("clear-to-send demo", language=None, wrap_lines=True)
    with own:
        st.markdown(say("**2. Load your own logs**"))
        _kinds()
        st.code(f"clear-to-send load PATH --home {folder}", language=None, wrap_lines=True)
        hint_at(clock(), "start.logs", say("Where do they come from?"))
    st.subheader(say("3. Or receive webhooks live"), anchor=False)
    _live(folder, stamp_of(folder))


def _kinds() -> None:
    st.caption(
        say("A file, a folder or a pattern: JSON Lines, plain, .gz or .zst, as received or wrapped by a log shipper.")
    )


@st.fragment(run_every=2.0)
def _live(folder: Path, drawn: Stamp) -> None:
    """Say what is there, every two seconds, and draw the page anew once there may be something to show."""
    if stamp_of(folder) != drawn:
        st.rerun()
    now = clock()
    st.caption(watched(folder))
    try:
        known = Connection.of(folder, rule_book(), now)
    except HomeMissing:
        st.code(f"clear-to-send serve --home {folder}", language=None, wrap_lines=True)
    except ClearToSendError as error:
        st.error(escaped(str(error)), icon=":material/error:")
    else:
        draw_settings(known)
        draw_steps([each for each in steps_of(known) if each.name in RECEIVING], now, "3.")


def watched(folder: Path) -> str:
    """Say what is in the home so far, and what happens with it."""
    follower = follower_of(_paths(folder).warehouse_path)
    if follower is not None and (follower.state.is_loading or follower.state.error):
        return live_line(follower.state, follower.clock())
    logs = _paths(folder).logs_path
    count = sum(1 for _, _ in zip(logs.rglob("*.json*"), range(_MOST_COUNTED), strict=False))
    if not count:
        return say(":material/visibility: No logs are here yet. This page moves on by itself once something is loaded.")
    found = plural("1 log file is in `{logs}`.", "{count} log files are in `{logs}`.", count, logs=logs)
    if follower is not None:
        return joined(f":material/sync: {found}", say("They are being read."))
    how = say("Load them: `clear-to-send load {logs} --home {home}`.", logs=logs, home=folder)
    return joined(f":material/folder: {found}", how)


def stamp_of(folder: Path) -> Stamp:
    """Return what changes when a load may have brought something; an app that loads itself redraws by its own count."""
    file = _paths(folder).warehouse_path
    try:
        found = file.stat()
    except OSError:
        return None
    return (0, 0) if follower_of(file) else (found.st_mtime_ns, found.st_size)


def _paths(folder: Path) -> Settings:
    """Return settings that know where things lie; the file that could say more may be missing, or wrong."""
    return Settings.model_construct(home=folder)
