"""Erasing a person from the page: who it is, what is held, one confirmation; and whom Meta means by its own ids."""

import streamlit as st

from dashboard import reads
from dashboard.language import noted, say, worded
from dashboard.parts import card
from dashboard.privacy import forgetting
from dashboard.scope import Scope
from dashboard.view import View
from pipelines.errors import ClearToSendError

_ALL = noted("All Pages")


def forget_form(view: View) -> None:
    """Ask for an id and a Page, and show what is held before anything happens."""
    with view.warehouse.cursor() as cursor:
        pages = reads.pages(cursor, Scope(view.moment))
    with st.form("forget", border=False, clear_on_submit=True):
        left, right = st.columns(2)
        psid = left.text_input(say("Page-scoped id (PSID)"), placeholder="24000000000000001")
        page = right.selectbox(say("On"), [_ALL, *pages], format_func=worded({each: each for each in (_ALL, *pages)}))
        if st.form_submit_button(say("Look what is held"), icon=":material/search:") and psid.strip():
            confirm(view, psid.strip(), None if page == _ALL else page, pages)


def confirm(view: View, psid: str, page: str | None, pages: list[str]) -> None:
    """Name what will be erased, and do it only then."""
    # Not as a decorator, which would know no reader yet, and so no language.
    st.dialog(say("Forget this person?"))(_confirm)(view, psid, page, pages)


def _confirm(view: View, psid: str, page: str | None, pages: list[str]) -> None:
    try:
        with view.warehouse.cursor() as cursor:
            st.markdown(forgetting.holding(cursor, view.home, psid, page, view.who()).words())
        if st.button(say("Erase for good"), type="primary", icon=":material/delete_forever:"):
            forgetting.forget(view.home, psid, page, view.who(), view.moment, pages)
            st.rerun()
    except ClearToSendError as error:
        st.error(str(error), icon=":material/block:")


def meta(view: View) -> None:
    """Ask whom Meta's requests mean: its ids are the app's, not those of a conversation."""
    for each in forgetting.unknown(view.home, view.who()):
        with card(
            say("Meta asks to erase its user {id}", id=each.app_user_id),
            say("That id stands in no log: say who it is."),
        ):
            left, right = st.columns(2)
            page = left.text_input(say("Page"), key=f"page-{each.code}")
            psid = right.text_input(say("Page-scoped id (PSID)"), key=f"psid-{each.code}")
            if st.button(say("Erase this person"), key=f"who-{each.code}", disabled=not (page and psid)):
                forgetting.say_who(view.home, each.code, {page.strip(): psid.strip()}, view.who(), view.moment)
                st.rerun()
            if st.button(say("Nobody of that id is held"), key=f"none-{each.code}"):
                forgetting.say_who(view.home, each.code, {}, view.who(), view.moment)
                st.rerun()
