"""All campaigns: what goes out, what waits for whoever looks, what is being written, and every one there is."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.campaigns import words
from dashboard.campaigns.actions import asking, offer
from dashboard.campaigns.desk import desk
from dashboard.campaigns.first import example, steps
from dashboard.campaigns.said import attempt
from dashboard.columns import moment_format
from dashboard.compose.words import moment
from dashboard.language import plural, say
from dashboard.parts import card, header, height_of
from dashboard.view import View
from dashboard.words import ago, escaped, joined
from pipelines import composing
from pipelines.campaign_home import CampaignHome
from pipelines.composing import Draft
from pipelines.errors import ClearToSendError
from pipelines.ledger.campaigns import Stop

_MOST_ROWS = 12
_OPENED = "campaign-opened"


def show(view: View) -> None:
    """Draw the page; it follows what others do."""
    _board(view)
    asking(view)


@st.fragment(run_every=2.0)
def _board(view: View) -> None:
    try:
        _boards(view)
    except ClearToSendError as error:  # by itself a fragment would end in a trace
        st.error(escaped(str(error)), icon=":material/error:")


def _boards(view: View) -> None:
    by = view.who()
    with desk(view) as here:
        page = view.scope.page_id
        every = [each for each in here.every(by) if page in (None, each["page_id"])]
        stop = here.stopped(by)
        drafts = composing.drafts(here, by) if by.may("write") else []
    header(view, say("What goes out, and what waits?"), words.answer(every, len(drafts)))
    stopped(view, stop)
    _buttons(view, every, stop)
    _queue(view, every)
    _drafts(view, drafts)
    if not every:
        _first(view)
    _all(view, every)


def stopped(view: View, stop: Stop | None, campaign_id: str = "") -> None:
    """Say that everything is stopped, and offer to lift it, on this campaign's page; nothing while it is not."""
    if stop is None:
        return
    why, when = escaped(stop.why), moment(stop.at, view.zone)
    told = say("Everything is stopped: {by} did it on {when}, *{why}*. No campaign can be launched or resumed.",
               by=escaped(stop.by), when=when, why=why)  # fmt: skip
    with st.container(border=True):
        st.error(told, icon=":material/front_hand:")
        offer(view, "release", campaign_id)
        if not view.who().may("operate"):
            st.caption(say("An admin can let campaigns start again."))


def _buttons(view: View, every: Sequence[words.Short], stop: Stop | None) -> None:
    if not view.is_today:
        past_day()
    with st.container(horizontal=True):
        if view.who().may("write"):
            is_past = not view.is_today
            if st.button(say("New campaign"), type="primary", icon=":material/add:", key="new", disabled=is_past):
                form = {"page_id": view.scope.page_id} if view.scope.page_id else {}
                write(view, lambda here: composing.begin(here, view.who(), form))
            with st.popover(say("Copy one"), icon=":material/content_copy:", disabled=is_past or not every):
                _copy(view, every)
        if stop is None:
            offer(view, "stop")


def past_day() -> None:
    """Say why nothing can be done."""
    st.info(
        say("This is a past day. Campaigns are shown as they stand now, and nothing can be done from here: "
            "clear the day in the sidebar first."),
        icon=":material/history:",
    )  # fmt: skip


def _copy(view: View, every: Sequence[words.Short]) -> None:
    names = {each["campaign_id"]: str(each["name"]) for each in reversed(every)}
    chosen = st.selectbox(
        say("Campaign to copy"), list(names), format_func=lambda each: names.get(each, ""), key="copied"
    )
    if st.button(say("Copy it"), key="copy") and chosen:
        write(view, lambda here: composing.copy(here, chosen, view.who()))


def write(view: View, begin: Callable[[CampaignHome], str]) -> None:
    """Begin a draft by `begin`, which takes the home and returns its id, and open it."""
    made: list[str] = []

    def act() -> None:
        with desk(view) as here:
            made.append(begin(here))

    refusal = attempt(act)
    if refusal:
        st.error(escaped(refusal), icon=":material/block:")
    else:
        go("draft", made[0])


def go(kind: str, name: str) -> None:
    """Open a draft or a campaign: the address says which."""
    for other in ("draft", "campaign"):
        st.query_params.pop(other, None)
    st.query_params[kind] = name
    st.rerun()


def _queue(view: View, every: Sequence[words.Short]) -> None:
    waiting = words.waits_for(every, view.who())
    if not waiting:
        return
    st.subheader(say("Waits for you"), anchor=False)
    for each, what in waiting:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            _badge(each)
            st.markdown(f"**{escaped(each['name'])}**  \n{what}", width="stretch")
            if st.button(say("Open"), key=f"open-{each['campaign_id']}", icon=":material/arrow_forward:"):
                go("campaign", each["campaign_id"])


def _badge(campaign: words.Short) -> None:
    mark = words.mark_of(campaign)
    st.badge(say(mark.label), icon=f":material/{mark.icon}:", color=mark.color)


def _drafts(view: View, drafts: Sequence[Draft]) -> None:
    if not drafts:
        return
    with card(say("Being written"), say("Saved as they are typed. Whoever may write can go on with each of them.")):
        for each in drafts:
            _draft(view, each)


def _draft(view: View, draft: Draft) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        name = escaped(str(draft.form.get("name") or say("Without a name yet")))
        saved = say("saved {ago} by {by}", ago=ago(draft.saved_at, view.moment), by=escaped(draft.saved_by))
        st.markdown(f"**{name}** :gray[{saved}]", width="stretch")
        if st.button(say("Go on"), key=f"draft-{draft.draft_id}", icon=":material/edit:", disabled=not view.is_today):
            go("draft", draft.draft_id)
        label, key = say("Discard"), f"discard-{draft.draft_id}"
        with st.popover(label, icon=":material/delete:", disabled=not view.is_today):
            st.markdown(say("What was typed here is gone then. A campaign that was made of it stays."))
            if st.button(say("Discard it"), key=key):
                _discard(view, draft.draft_id)


def _discard(view: View, draft_id: str) -> None:
    def act() -> None:
        with desk(view) as here:
            composing.discard(here, draft_id, view.who())

    refusal = attempt(act)
    if refusal:
        st.error(escaped(refusal), icon=":material/block:")
    else:
        st.rerun(scope="fragment")


def _first(view: View) -> None:
    """Say how a campaign goes, and offer an example to whoever may write one."""
    steps()
    form = example(view) if view.who().may("write") and view.is_today else None
    if form and st.button(say("Begin with an example"), icon=":material/lightbulb:", key="example"):
        write(view, lambda here: composing.begin(here, view.who(), form))


def _all(view: View, every: Sequence[words.Short]) -> None:
    if not every:
        return
    count = plural("1 campaign, the newest first.", "{count} campaigns, the newest first.", len(every))
    newest = list(reversed(every))
    told, find = st.columns([3, 2], vertical_alignment="bottom")
    told.subheader(say("Every campaign"), anchor=False)
    told.caption(joined(count, say("Click a name to open it.")))
    with find:
        _find(newest)
    st.dataframe(
        frame_of(newest),
        column_config=_columns(view.zone),
        hide_index=True,
        placeholder="-",
        key="campaigns-table",
        height=height_of(len(newest), _MOST_ROWS),
    )
    clicked = st.session_state.get(_OPENED)
    if clicked is not None:
        go("campaign", newest[clicked["row"]]["campaign_id"])


def _find(newest: Sequence[words.Short]) -> None:
    """Let one be found by its name: a table's buttons cannot be pressed by the keyboard."""
    names = {each["campaign_id"]: f"{each['name']} · {say(words.mark_of(each).label)}" for each in newest}
    chosen = st.selectbox(
        say("Find a campaign"), list(names), index=None, format_func=lambda each: names.get(each, ""), key="found",
        placeholder=say("Find one by its name"), label_visibility="collapsed",
    )  # fmt: skip
    if chosen:
        go("campaign", chosen)


def frame_of(every: Sequence[words.Short]) -> pd.DataFrame:
    """Return a row per campaign, as the table shows it."""
    return pd.DataFrame({
        "name": [each["name"] for each in every],
        "state": [say(words.mark_of(each).label) for each in every],
        "people": pd.array([each["people"] for each in every], dtype="Int64"),
        "progress": [words.progress(each) for each in every],
        "since": pd.to_datetime([each["state_at"] for each in every]).tz_localize("UTC"),
        "by": [each["state_by"] for each in every],
        "author": [each["created_by"] for each in every],
    })  # fmt: skip


def _columns(zone: str) -> dict[str, Any]:
    text = st.column_config.TextColumn
    return {
        "name": st.column_config.ButtonColumn(
            say("Name"), width="medium", type="tertiary", alignment="left", key=_OPENED
        ),
        "state": text(say("State")),
        "people": st.column_config.NumberColumn(say("People"), format="%,d", width="small"),
        "progress": st.column_config.ProgressColumn(say("Progress"), format="percent", min_value=0, max_value=1),
        "since": st.column_config.DatetimeColumn(say("Since"), timezone=zone, format=moment_format()),
        "by": text(say("By")),
        "author": text(say("Written by")),
    }
