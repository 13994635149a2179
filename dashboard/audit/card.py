"""One message on the page, followed back: its text, the permission it rests on, who let it go, what came of it."""

from collections.abc import Iterator
from datetime import datetime

import streamlit as st

from dashboard.audit import trail
from dashboard.audit.address import Looked, follow, go, slot
from dashboard.audit.words import moment, state, unlinked
from dashboard.compose.words import lane_label
from dashboard.language import noted, plural, say
from dashboard.view import View
from dashboard.words import escaped, joined
from pipelines.audit.lineage import Lineage, LineageRow
from pipelines.audit.words import short

_CAME = (
    ("echo_at", noted("Echoed by Meta")),
    ("delivered_at", noted("Delivered")),
    ("read_at", noted("Read")),
    ("replied_at", noted("Answered")),
    ("stopped_at", noted("Took a permission back")),
)


def search(looked: Looked) -> None:
    """Draw the field that names a message."""
    st.session_state[slot("send")] = looked.send
    st.text_input(
        say("One message"), key=slot("send"), on_change=follow, args=("send",), icon=":material/search:",
        placeholder=say("Follow one message: the number of its send, or its mid"), label_visibility="collapsed",
    )  # fmt: skip


def card(view: View, looked: Looked) -> None:
    """Draw the card of the message that the address names."""
    told = trail.lineage(view.warehouse, view.home, looked.send, view.who())
    row = told.row
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(say("Message {number}", number=row.send_id), anchor=False)
            st.button(say("Close"), icon=":material/close:", on_click=go, kwargs={"send": ""})
        st.caption(
            say("Of {campaign} to {person}, by {lane}, variant {variant}.",
                campaign=f"*{escaped(told.campaign_name)}*", person=escaped(row.psid or row.person),
                lane=escaped(lane_label(row.lane)), variant=escaped(row.variant))
        )  # fmt: skip
        with st.container(border=True):
            if told.text is None:
                st.caption(escaped(told.text_note))
            else:
                st.text(told.text)
        for title, text in steps(told, view.zone):
            name, said = st.columns([1, 4])
            name.markdown(f"**{title}**")
            said.markdown(text)
        if not looked.campaign:
            st.button(say("Its campaign's whole story"), icon=":material/history:", type="tertiary", on_click=go,
                      kwargs={"campaign": row.campaign_id, "send": row.send_id})  # fmt: skip


def steps(told: Lineage, zone: str) -> Iterator[tuple[str, str]]:
    """Give each step of its way, in order, as (title, Markdown)."""
    row = told.row
    yield say("Permission"), _permission(row, zone)
    yield say("Plan"), _by(told.plan_made_by, told.plan_made_at, zone, short(row.plan_hash) if row.plan_id else "")
    why = say("Reason: {why}", why=escaped(row.approval_reason)) if row.approval_reason else ""
    yield say("Approval"), joined(_by(row.approved_by, row.approved_at, zone), why)
    entry = say("Entry {number} of the chain.", number=row.launch_entry) if row.launch_entry else ""
    yield say("Launch"), joined(_by(row.launched_by, row.launched_at, zone), entry)
    yield say("Result"), _result(row, zone)
    if not told.knows_logs:
        yield say("Logs"), say("There is no warehouse: what the logs tell is not known.")
        return
    for name, title in _CAME:
        at: datetime | None = getattr(row, name)
        if at or name in ("echo_at", "delivered_at", "read_at"):
            yield say(title), _exactly(at, zone) if at else say("Nothing in the logs.")


def _permission(row: LineageRow, zone: str) -> str:
    until = say("Good until {moment}.", moment=_exactly(row.permission_ends_at, zone)) if row.permission_ends_at else ""
    if row.permission_at is None:
        known = bool(row.token_key) or row.lane == "standard_window"
        text = (say("Nothing in the logs that are loaded.") if known
                else say("What the message says: this lane needs no act of the person."))  # fmt: skip
        return joined(text, until)
    agreed = " / ".join(each for each in (row.agreed_title, row.agreed_payload) if each) if row.token_key else ""
    parts = (
        say("Agreed to “{words}”.", words=escaped(agreed)) if agreed else "",
        say("In the logs: {event}, {moment}, {file}, line {line}.", event=escaped(str(row.permission_event)),
            moment=_exactly(row.permission_at, zone), file=f"`{row.permission_file}`", line=row.permission_line),
        until,
        say("Token, as md5: {token}", token=f"`{row.token_key}`") if row.token_key else "",
    )  # fmt: skip
    return joined(*parts)


def _exactly(at: datetime, zone: str) -> str:
    return moment(at, zone, "%H:%M:%S")


def _by(who: str | None, at: datetime | None, zone: str, digest: str = "") -> str:
    if not who or at is None:
        return say("None.")
    text = say("By {who}, {moment}.", who=f"**{unlinked(who)}**", moment=_exactly(at, zone))
    return f"{text} `{digest}`" if digest else text


def _result(row: LineageRow, zone: str) -> str:
    calls = plural("after 1 call", "after {count} calls", row.attempts)
    at = _exactly(row.state_at, zone)
    parts = [say("**{state}**, {moment}, {calls}.", state=state(row.state), moment=at, calls=calls)]
    if row.words or row.reason:
        parts.append(f"{escaped(row.words or '')} [{escaped(row.reason or '-')}]".strip())
    if row.settled_by:
        parts.append(say("Settled by {who}.", who=unlinked(row.settled_by)))
    parts += [f"{name} `{value}`" for name, value in (("mid", row.mid), ("trace", row.trace)) if value]
    return joined(*parts)
