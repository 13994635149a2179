"""The decision about a checked campaign: a second person approves it, or sends it back with a reason."""

import streamlit as st

from dashboard.campaigns.desk import desk
from dashboard.campaigns.said import attempt
from dashboard.campaigns.words import Told
from dashboard.guidance import hint
from dashboard.language import say
from dashboard.parts import card
from dashboard.view import View
from dashboard.words import escaped
from pipelines.rights import Role


def show(view: View, told: Told) -> None:
    """Let a second person approve it or send it back; say to everybody else who that is."""
    person, is_blocked = view.who(), told["checked"]["verdict"] == "block"
    title = say("Send it back") if is_blocked else say("Approve it, or send it back")
    with card(title, say("An approval is bound to this text, this audience and these rules.")):
        if not person.may("approve"):
            st.markdown(say("A reviewer or an admin decides that. You are here as {role}.", role=str(person.role)))
            become(view, "reviewer", say("Go on as reviewer"))
        elif person.name == told["author"]:
            st.markdown(say("You wrote it: a second person has to approve it."))
            hint(view, "campaign.second_person")
            become(view, "reviewer", say("Go on as reviewer"))
        elif view.is_today:
            _form(view, told, is_blocked=is_blocked)


def _form(view: View, told: Told, *, is_blocked: bool) -> None:
    # Under the number of its plan: what is pressed for one plan is never done to the next.
    with st.form(f"decide-{told['plan_id']}", border=False):
        reason = st.text_area(
            say("Reason"), key="decide_reason", height=80,
            placeholder=say("Why it may go out, where there are warnings; or what is to be mended"),
        )  # fmt: skip
        with st.container(horizontal=True):
            passes = not is_blocked and st.form_submit_button(
                say("Approve"), type="primary", icon=":material/task_alt:", key="approve"
            )
            returns = st.form_submit_button(say("Send back"), icon=":material/reply:", key="send-back")
    if not passes and not returns:
        return
    refusal = _missing(told, reason, returns=returns) or attempt(lambda: _decide(view, told, reason, returns=returns))
    if refusal:
        st.error(escaped(refusal), icon=":material/edit_note:")
        return
    st.rerun()


def _missing(told: Told, reason: str, *, returns: bool) -> str:
    if reason.strip():
        return ""
    if returns:
        return say("Write what is to be mended: its author reads it.")
    is_warned = told["checked"]["verdict"] == "warn"
    return say("There are warnings: write why it may go out all the same.") if is_warned else ""


def _decide(view: View, told: Told, reason: str, *, returns: bool) -> None:
    with desk(view) as here:
        act = here.send_back if returns else here.approve
        act(told["id"], view.who(), reason, told["plan_id"])


def become(view: View, role: Role, label: str) -> None:
    """Where nobody signs in, offer to go on as somebody else: it is the same person, and the trail names the role."""
    if not view.has_sign_in:
        st.button(label, icon=":material/switch_account:", key=f"become-{role}", on_click=_take_role, args=(role,))


def _take_role(role: Role) -> None:
    st.session_state["role"] = role
