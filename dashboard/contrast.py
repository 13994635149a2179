"""The one thing that the theme cannot say: what is written on a filled button."""

import streamlit as st

_STYLE = """<style>
[data-testid="stBaseButton-primary"] *, [data-testid="stBaseButton-primaryFormSubmit"] * {
  color: light-dark(#FFFFFF, #0E1217);
}
</style>"""
"""Streamlit writes white on the accent in both themes; on the bright one of the dark theme that cannot be read."""


def write_on_buttons() -> None:
    """Write dark on filled buttons in the dark theme."""
    st.html(_STYLE)
