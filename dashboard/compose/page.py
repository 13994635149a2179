"""A campaign as it is written: a form, saved at each change, and beside it who would get it and what stands against."""

from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from dashboard import reads
from dashboard.campaigns.desk import desk
from dashboard.compose import side
from dashboard.compose.audience import audience, permission, schedule
from dashboard.compose.message import message
from dashboard.compose.options import lanes_on, limits_on, topics_asked, topics_held
from dashboard.compose.pen import Pen, Sheet
from dashboard.compose.words import LANES, lane_label, moment
from dashboard.guidance import hint, of_lane
from dashboard.language import say
from dashboard.parts import header
from dashboard.scope import Scope
from dashboard.view import View, rule_book
from dashboard.words import escaped
from pipelines import composing
from pipelines.errors import ClearToSendError
from pipelines.ledger.drafts import DraftGone
from pipelines.plan.form import read_form

_SLOT = "_compose_sheets"


@dataclass(frozen=True, slots=True)
class Fresh:
    """A draft as the ledger has it, read at `now` (naive UTC)."""

    sheet: Sheet
    now: datetime


def show(view: View, draft_id: str) -> None:
    """Draw the page of one draft."""
    intro = say("Saved as you type. Nothing goes out before it was checked, and approved by a second person.")
    header(view, say("What goes out, and who gets it?"), intro)
    _composer(view, draft_id)


@st.fragment
def _composer(view: View, draft_id: str) -> None:
    """Draw form and preview; a change draws only these anew."""
    try:
        fresh = _read(view, draft_id)
    except DraftGone as error:
        _gone(draft_id, error)
        return
    except ClearToSendError as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    sheet = _sheet(draft_id, fresh)
    _, faults = read_form(sheet.form, rule_book(), fresh.now)
    is_locked = not view.who().may("write")
    pen = Pen(draft_id, sheet, faults, view.zone, is_locked, lambda: _save(view, draft_id))
    left, right = st.columns([6, 5], gap="medium")
    with left:
        _state(pen, fresh)
        _fields(view, pen)
        if not is_locked:
            _buttons(view, draft_id)
    with right:
        side.beside(view, pen, fresh.now)


def _state(pen: Pen, fresh: Fresh) -> None:
    """Say whether all is saved, and whether somebody else has saved something else."""
    sheet = pen.sheet
    if pen.is_locked:
        st.info(say("You may read this draft. It is written by somebody in the role growth or admin."))
    if sheet.problem:
        st.error(say("Not saved: {why}", why=escaped(sheet.problem)), icon=":material/cloud_off:")
    elif fresh.sheet.saved_at != sheet.saved_at:
        at, by = moment(fresh.sheet.saved_at, pen.zone), escaped(fresh.sheet.saved_by)
        st.warning(
            say("{by} saved another version on {at}. What you change here takes its place.", by=by, at=at),
            icon=":material/sync_problem:",
        )
        st.button(say("Show that version"), on_click=sheet.let_go)
    else:
        st.caption(f":material/cloud_done: {say('Saved {at}', at=moment(sheet.saved_at, pen.zone))}")
    if sheet.campaign_id:
        st.caption(
            say("It takes the place of the campaign `{campaign}` once it is checked.", campaign=sheet.campaign_id)
        )


def _fields(view: View, pen: Pen) -> None:
    at, book = view.moment, rule_book()
    scope = Scope(at, pen.find("page_id") or None)
    asked = topics_asked(view.read(reads.choices, scope))
    words, lanes, people, hours = st.tabs([say("Message"), say("Permission"), say("Audience"), say("Schedule")])
    with words:
        message(pen, view.read(reads.pages, Scope(at)), limits_on(book, at))
    with lanes:
        permission(pen, topics_held(view.read(reads.stock, scope)), lanes_on(book, at))
        st.caption(say("What each lane allows:"))
        with st.container(horizontal=True, gap="xsmall"):
            for lane in dict.fromkeys((*LANES, *(pen.find("lanes") or ()))):
                hint(view, of_lane(lane), lane_label(lane))
    with people:
        audience(pen, asked, sees_ids=view.who().may("see_ids"))
    with hours:
        schedule(pen)


def _buttons(view: View, draft_id: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        check = st.button(
            say("Check it"), type="primary", icon=":material/fact_check:", key=f"compose-{draft_id}-check"
        )
        with st.popover(say("Discard"), icon=":material/delete:"):
            st.markdown(say("The draft is thrown away for everybody. A campaign made of it earlier stays."))
            discard = st.button(say("Throw it away"), key=f"compose-{draft_id}-discard")
    try:
        if check:
            with desk(view) as here:
                campaign_id = composing.submit(here, draft_id, view.who())
            _leave(draft_id, campaign_id)
        if discard:
            with desk(view) as here:
                composing.discard(here, draft_id, view.who())
            _leave(draft_id, "")
    except ClearToSendError as error:
        st.error(escaped(str(error)), icon=":material/error:")


def _leave(draft_id: str, campaign_id: str) -> None:
    """Go on to the campaign, or back to the list."""
    _sheets().pop(draft_id, None)
    st.query_params.pop("draft", None)
    if campaign_id:
        st.query_params["campaign"] = campaign_id
    st.rerun()


def _gone(draft_id: str, error: DraftGone) -> None:
    """Say that a draft is not there, and where to go."""
    st.info(escaped(str(error)), icon=":material/move_item:")
    if st.button(say("Open the campaign") if error.campaign_id else say("All campaigns")):
        _leave(draft_id, error.campaign_id)


def _sheet(draft_id: str, fresh: Fresh) -> Sheet:
    """Return what this session has of a draft: what it is typing, or else what the ledger has."""
    kept = _sheets().get(draft_id)
    if kept and (kept.problem or kept.is_open):
        return kept
    if kept:
        fresh.sheet.edition = kept.edition + 1
    _sheets()[draft_id] = fresh.sheet
    return fresh.sheet


def _sheets() -> dict[str, Sheet]:
    """Return the drafts that this session has open, by their ids."""
    return st.session_state.setdefault(_SLOT, {})  # type: ignore[no-any-return]


def _read(view: View, draft_id: str) -> Fresh:
    with desk(view) as here:
        opened = composing.draft(here, draft_id, view.who())
        return Fresh(Sheet(opened.form, opened.saved_at, opened.saved_by, opened.campaign_id), here.now)


def _save(view: View, draft_id: str) -> None:
    """Save what this session has of a draft; what keeps it from that is said, and the next change tries again."""
    sheet = _sheets()[draft_id]
    try:
        with desk(view) as here:
            composing.save(here, draft_id, sheet.form, view.who())
            saved = composing.draft(here, draft_id, view.who())
    except ClearToSendError as error:
        sheet.problem = str(error)
    else:
        sheet.saved_at, sheet.saved_by, sheet.problem = saved.saved_at, saved.saved_by, ""
