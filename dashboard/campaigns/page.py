"""One campaign: where it stands, what comes next and who does it, and the part of the page that its state asks for."""

import streamlit as st

from dashboard.campaigns import decide, results, review, watch, words
from dashboard.campaigns.actions import ask, asking, check, offer
from dashboard.campaigns.board import past_day, stopped, write
from dashboard.campaigns.decide import become
from dashboard.campaigns.desk import Pulse, desk, pulse
from dashboard.campaigns.said import what_came
from dashboard.compose.words import moment
from dashboard.language import plural, say
from dashboard.parts import card, header
from dashboard.view import View
from dashboard.words import escaped
from pipelines import composing
from pipelines.errors import ClearToSendError
from pipelines.ledger.campaigns import Stop


def show(view: View, campaign_id: str) -> None:
    """Draw the page; it follows what others do."""
    st.button(say("All campaigns"), icon=":material/arrow_back:", type="tertiary", key="back", on_click=_leave)
    drawn = pulse(view, campaign_id)
    with desk(view) as here:
        told, stop = here.told(campaign_id, view.who()), here.stopped(view.who())
    _head(view, told)
    what_came(campaign_id, told["since"])
    if not view.is_today:
        past_day()
    _buttons(view, told)
    _part(view, told, stop)
    asking(view, told)
    _follow(view, campaign_id, drawn)


def _leave() -> None:
    st.query_params.pop("campaign", None)


@st.fragment(run_every=2.0)
def _follow(view: View, campaign_id: str, drawn: Pulse) -> None:
    """Draw the page anew once somebody else, or the dispatcher, moved the campaign on."""
    try:
        moved = pulse(view, campaign_id) != drawn
    except ClearToSendError:  # the page itself says what is wrong, once it is drawn again
        return
    if moved:
        st.rerun()


def _head(view: View, told: words.Told) -> None:
    header(view, escaped(told["name"]), words.next_step(told, view.who(), view.zone))
    mark = words.mark_of(told)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(say(mark.label), icon=f":material/{mark.icon}:", color=mark.color)
        st.caption(
            say("since {when}, by {by} · written by {author} · Page {page} · `{id}`",
                when=moment(told["since"], view.zone), by=escaped(told["by"]), author=escaped(told["author"]),
                page=escaped(told["page_id"]), id=told["id"]),
            width="stretch",
        )  # fmt: skip
    st.markdown(words.steps_line(told))


def _buttons(view: View, told: words.Told) -> None:
    """Offer what can be done in its state, beside the decision and the launch, which stand where they are read."""
    campaign_id, state = told["id"], told["status"]
    is_written = state in ("draft", "checked", "approved", "parked") and not told["launched_at"]
    with st.container(horizontal=True):
        if state == "draft":
            check(view, campaign_id, say("Check it"))
        if state in ("sending", "paused"):
            offer(view, "pause" if state == "sending" else "resume", campaign_id)
        if view.who().may("write"):
            is_past = not view.is_today
            if is_written and st.button(say("Edit"), icon=":material/edit:", key="edit", disabled=is_past):
                write(view, lambda here: composing.reopen(here, campaign_id, view.who()))
            if st.button(say("Copy"), icon=":material/content_copy:", key="copy", disabled=is_past):
                write(view, lambda here: composing.copy(here, campaign_id, view.who()))
        if state in ("checked", "approved"):
            check(view, campaign_id, say("Check again"))
        if state not in ("done", "cancelled"):
            offer(view, "cancel", campaign_id)


def _part(view: View, told: words.Told, stop: Stop | None) -> None:
    state = told["status"]
    if state not in ("done", "cancelled"):
        stopped(view, stop, told["id"])
    if state == "approved":
        _launch(view, told, stop)
    if told["launched_at"]:
        _launched(view, told)
        return
    review.show(view, told)
    if state == "checked":
        decide.show(view, told)


def _launched(view: View, told: words.Told) -> None:
    """Watch it while it goes out; once it is over, what came of it stands first."""
    is_over = told["status"] in ("done", "cancelled", "parked")
    if is_over:
        results.show(view, told["id"])
    watch.show(view, told["id"])
    with st.expander(say("What was approved"), icon=":material/task_alt:"):
        _approvals(view, told)
        review.show(view, told)


def _approvals(view: View, told: words.Told) -> None:
    for each in told["approvals"]:
        if each["voided_at"] is None:
            by, when = escaped(each["approved_by"]), moment(each["approved_at"], view.zone)
            why = f" *{escaped(each['reason'])}*" if each["reason"] else ""
            st.markdown(say("{by} approved it on {when}.", by=by, when=when) + why)


def _launch(view: View, told: words.Told, stop: Stop | None) -> None:
    """Offer the launch, to whoever may; say to the others who that is."""
    people = int(told["checked"]["people"])
    with card(say("Launch it"), say("One click reserves every message. Who gets it is counted anew at that moment.")):
        _approvals(view, told)
        if not view.who().may("send"):
            st.markdown(say("Somebody in the role growth or admin launches it."))
            become(view, "growth", say("Go on as growth"))
            return
        st.button(
            plural("Launch to 1 person …", "Launch to {count} people …", people), type="primary",
            icon=":material/rocket_launch:", key="ask-launch", on_click=ask, args=("launch", told["id"]),
            disabled=not view.is_today or stop is not None,
        )  # fmt: skip
        if stop is not None:
            st.caption(say("It cannot be launched while everything is stopped."))
