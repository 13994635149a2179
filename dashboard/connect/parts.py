"""How the steps of connecting a Page are drawn: each with its verdict, and what to do where something is."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from dashboard.connect.connection import Connection
from dashboard.connect.steps import State, Step
from dashboard.guidance import hint_at
from dashboard.language import noted, say
from dashboard.words import escaped
from pipelines.doctor_check import Check

_STATES: dict[State, tuple[str, str, str]] = {
    "done": (noted("Done"), "check_circle", "green"),
    "to_do": (noted("To do"), "radio_button_unchecked", "orange"),
    "broken": (noted("Broken"), "error", "red"),
}


def draw_steps(steps: Sequence[Step], as_of: datetime, prefix: str = "") -> None:
    """Draw all steps; how to go on stands open where it is next or broken, and folded where it comes later."""
    following = next((each.name for each in steps if each.state == "to_do"), "")
    for number, step in enumerate(steps, start=1):
        title = f"**{prefix}{number} · {step.title}**"
        _step(step, title, as_of, is_open=step.state == "broken" or step.name == following)


def _step(step: Step, title: str, as_of: datetime, *, is_open: bool) -> None:
    word, icon, color = _STATES[step.state]
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(title, width="content")
            st.badge(say(word), icon=f":material/{icon}:", color=color)  # type: ignore[arg-type]
            if step.state == "done":
                st.caption(step.says, width="content")
            hint_at(as_of, step.guide)
        if step.state == "done":
            return
        st.markdown(step.says)
        if is_open:
            _how(step)
        elif step.to_do or step.block:
            with st.expander(say("How to do it")):
                _how(step)


def _how(step: Step) -> None:
    if step.to_do:
        st.markdown(step.to_do)
    if step.block:
        st.code(step.block, language=None, wrap_lines=True)


def draw_settings(known: Connection) -> None:
    """Say where settings stand, and whether the app must be started anew to know them."""
    if known.is_changed:
        words = say("settings.toml was changed after the receiver was started. Stop the app and start it again.")
        st.warning(words, icon=":material/restart_alt:")
    file = known.settings.home / "settings.toml"
    st.caption(
        say(
            "Settings stand in `{file}`, or in the environment, which wins; they count from the next start of the app.",
            file=file,
        )
    )


def draw_checks(checks: Sequence[Check]) -> None:
    """Say what a check found, in the doctor's words."""
    for each in checks:
        icon = ":green[:material/check_circle:]" if each.is_well else ":red[:material/error:]"
        st.markdown(f"{icon} **{escaped(each.name)}**: {escaped(each.says)}")
