"""The fields of what people read: texts, picture, buttons, quick replies."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from dashboard.compose import form as forms
from dashboard.compose.form import Wording
from dashboard.compose.pen import Pen
from dashboard.compose.words import PURPOSES
from dashboard.language import noted, say
from dashboard.words import escaped
from pipelines.plan.form import Form

_BUTTON_KINDS = {
    "url": noted("Opens an address"),
    "payload": noted("Sends a payload back"),
    "phone": noted("Calls a number"),
}
_VALUES = {"url": noted("Address"), "payload": noted("Payload"), "phone": noted("Telephone number")}
_EXAMPLES = {"url": "https://example.com/shoes", "payload": "restock:size-42", "phone": "+886227208889"}


def message(pen: Pen, pages: list[str], limits: Mapping[str, int]) -> None:
    """Draw them all; `limits` says how many buttons and quick replies fit."""
    pen.text("name", say("Name"), help=say("For you and whoever approves it; readers never see it."))
    page, purpose = st.columns(2)
    with page:
        pen.one("page_id", say("Page"), {"": say("none chosen")} | {each: each for each in pages})
    with purpose:
        named = {key: say(label) for key, label in PURPOSES.items()}
        pen.one("purpose", say("Purpose"), {"": say("none chosen")} | named)
    _texts(pen)
    _buttons(pen, limits["button"])
    _quick_replies(pen, limits["quick_reply"])
    _adding(pen, limits)
    _picture(pen)


def _texts(pen: Pen) -> None:
    found = forms.wordings(pen.sheet.form)
    for number, each in enumerate(found, start=1):
        _text(pen, number, each, found)
    st.caption(
        say(
            "A field such as {{first_name|there}} is filled from a column of the audience's file; "
            "whoever has no value there reads what stands behind the bar. Leave the text, and it is saved and read."
        )
    )


def _text(pen: Pen, number: int, wording: Wording, among: list[Wording]) -> None:
    label = say("Text") if len(among) == 1 else say("Text {name}", name=escaped(wording.name))
    help_ = say("Ctrl+Enter saves it too.")
    pen.area(f"{wording.place}text", label, height=120, placeholder=say("What people will read."), help=help_)
    if len(among) == 1:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pen.text(f"{wording.place}name", say("Name of the wording"), width=150)
        if len(among) > 2 or number == 1:
            give = partial(_give_share, number=number)
            pen.percent(f"{wording.place}share", say("Read by, in %"), give, width=150)
        else:
            st.caption(
                say("Read by all others: {percent} %", percent=round(100 * (pen.find("variant[2].share") or 0))),
                width="content",
            )
        drop = partial(forms.drop_wording, number=number)
        pen.button(f"drop-text-{number}", say("Take this text out"), drop, icon=":material/delete:")


def _give_share(form: Form, percent: int | None, number: int) -> None:
    forms.give_share(form, number, percent or 0)


def _picture(pen: Pen) -> None:
    pen.text(
        "image.url",
        say("Picture"),
        placeholder="https://example.com/shoes.jpg",
        help=say("An https address. With a text it goes out as a card, which has room for two short lines."),
    )
    if pen.find("image.attachment_id"):
        pen.text("image.attachment_id", say("Picture that Meta has saved, by its id"))
    pen.tell("image", say("Picture"))


def _buttons(pen: Pen, limit: int) -> None:
    found = forms.rows(pen.sheet.form, "button")
    for number, button in enumerate(found, start=1):
        place, kind = f"button[{number}].", forms.button_kind(button)
        with st.container(border=True, gap="xsmall"):
            title, does = st.columns(2)
            with title:
                pen.text(f"{place}title", say("Button {number}", number=number))
            with does:
                kinds = {key: say(label) for key, label in _BUTTON_KINDS.items()}
                pen.turn(f"{place}kind", say("What it does"), kinds, kind, partial(_turn, number=number))
            pen.text(f"{place}{kind}", say(_VALUES[kind]), keep_empty=True, placeholder=_EXAMPLES[kind])
            drop = partial(forms.drop_row, table="button", number=number)
            pen.button(f"drop-button-{number}", say("Take this button out"), drop, icon=":material/delete:")
    pen.tell("button", say("Buttons"))
    pen.tell(f"button[{limit + 1}]", say("Buttons"))


def _adding(pen: Pen, limits: Mapping[str, int]) -> None:
    """Offer what can be added, as long as it fits."""
    form = pen.sheet.form
    with st.container(horizontal=True):
        if len(forms.wordings(form)) < forms.MOST_WORDINGS:
            pen.button("add-text", say("Try another wording"), forms.add_wording, icon=":material/call_split:")
        if len(forms.rows(form, "button")) < limits["button"]:
            add = partial(forms.add_row, table="button", url="")
            pen.button("add-button", say("Add a button"), add, icon=":material/add:")
        if len(forms.rows(form, "quick_reply")) < limits["quick_reply"]:
            add = partial(forms.add_row, table="quick_reply")
            pen.button("add-reply", say("Add a quick reply"), add, icon=":material/add:")


def _turn(form: Form, kind: str, number: int) -> None:
    forms.turn_button(form["button"][number - 1], kind)


def _quick_replies(pen: Pen, limit: int) -> None:
    found = forms.rows(pen.sheet.form, "quick_reply")
    for number, _ in enumerate(found, start=1):
        place = f"quick_reply[{number}]."
        with st.container(border=True, gap="xsmall"):
            title, payload = st.columns(2)
            with title:
                pen.text(f"{place}title", say("Quick reply {number}", number=number))
            with payload:
                pen.text(f"{place}payload", say("Payload"), help=say("What your webhook gets when it is tapped."))
            drop = partial(forms.drop_row, table="quick_reply", number=number)
            pen.button(f"drop-reply-{number}", say("Take this reply out"), drop, icon=":material/delete:")
    pen.tell("quick_reply", say("Quick replies"))
    pen.tell(f"quick_reply[{limit + 1}]", say("Quick replies"))
