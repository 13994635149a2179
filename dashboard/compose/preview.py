"""What a draft would do, asked at most once for the same form and the same data; and how its message looks."""

import json
from collections.abc import Callable

import streamlit as st

from dashboard.campaigns.desk import desk
from dashboard.compose.form import find, rows, wordings
from dashboard.compose.words import lane_label
from dashboard.phone import Press, Shown
from dashboard.view import View
from pipelines import composing
from pipelines.composing import Example, Preview
from pipelines.plan.fields import with_fallbacks
from pipelines.plan.form import Form


def preview_of(view: View, form: Form) -> Preview:
    """Return what a form would do now. Raises ClearToSendError."""

    def ask() -> Preview:
        with desk(view) as here:
            return composing.preview(here, form, view.who())

    text = json.dumps(form, sort_keys=True, ensure_ascii=False)
    return _kept(str(view.home), view.warehouse.version(), text, view.who().role or "", ask)


def unbound_preview(view: View, form: Form) -> Preview | None:
    """Return the same with its lanes left open; None where it names none. Raises ClearToSendError."""
    if not find(form, "lanes"):
        return None
    return preview_of(view, {key: value for key, value in form.items() if key != "lanes"})


@st.cache_data(show_spinner=False, max_entries=50, ttl="1m")
def _kept(
    home: str,  # noqa: ARG001  the first four are the cache's key
    version: int,  # noqa: ARG001
    form: str,  # noqa: ARG001
    role: str,  # noqa: ARG001  it decides who is shown by which name
    _ask: Callable[[], Preview],
) -> Preview:
    return _ask()


def example_label(example: Example, *, with_variant: bool) -> str:
    """Name an example: the person, the lane, and the text where there are several."""
    parts = [example.person, lane_label(example.lane), *([example.variant] if with_variant else [])]
    return " · ".join(parts)


def shown_of_form(form: Form, number: int = 0) -> Shown:
    """Return a text of a form that is no campaign yet, as somebody reads it of whom nothing is known."""
    texts = wordings(form)
    text = with_fallbacks(texts[min(number, len(texts) - 1)].text).strip()
    buttons = tuple(Press(with_fallbacks(row.get("title", ""))) for row in rows(form, "button"))
    replies = tuple(Press(row.get("title", "")) for row in rows(form, "quick_reply"))
    picture = find(form, "image.url") or find(form, "image.attachment_id") or ""
    return Shown(text, "", picture, buttons, replies)
