"""A campaign as it goes out: how far, how fast, what it waits for, what went wrong. Drawn anew every two seconds."""

from datetime import datetime

import streamlit as st

from dashboard.campaigns import watch_words as words
from dashboard.campaigns.failures import Trouble, troubles
from dashboard.campaigns.kept import detail_of, joined_of, standing_of
from dashboard.campaigns.settle import settle_form
from dashboard.guidance import hint
from dashboard.language import plural, say
from dashboard.parts import card, table
from dashboard.view import View
from dashboard.words import escaped, grouped
from pipelines.audit.ahead import ahead
from pipelines.audit.watching import Detail, Standing
from pipelines.errors import ClearToSendError

_EVERY_S = 2.0
_PAUSED_EVERY_S = 5.0
_FEW = 6
"""Reasons that are told one by one without being asked for the rest."""


def show(view: View, campaign_id: str) -> None:
    """Draw the part, and draw it again by itself for as long as something can change."""
    at, _ = standing_of(view, campaign_id)
    sending = at.record.state == "sending"
    every = None if at.is_over else _EVERY_S if sending else _PAUSED_EVERY_S
    st.fragment(_watch, run_every=every)(view, campaign_id, at.record.state, at.is_over)


def _watch(view: View, campaign_id: str, drawn_state: str, drawn_over: bool) -> None:
    try:
        at, now = standing_of(view, campaign_id)
        if (at.record.state, at.is_over) == (drawn_state, drawn_over):
            _draw(view, at, now)
            return
    except ClearToSendError as error:  # by itself a fragment would end in a trace
        st.error(escaped(str(error)), icon=":material/error:")
        return
    st.rerun()  # the page around it shows the state, too


def _draw(view: View, at: Standing, now: datetime) -> None:
    if not at.planned:
        st.info(say("Nothing was reserved to be sent."))
        return
    seen = detail_of(view, at, now)
    if paused := words.paused(at, view.zone):
        st.warning(paused, icon=":material/pause_circle:")
    if not at.is_over and (braked := words.braked(at, view.zone)):
        st.warning(braked, icon=":material/speed:")
    _progress(view, at, seen, now)
    if not at.is_over:  # then the results tell it
        _funnel(view, at, seen)
    _failures(seen)
    _unconfirmed(view, at, now)


def _progress(view: View, at: Standing, seen: Detail, now: datetime) -> None:
    part, text = words.progress(at)
    st.progress(min(part, 1.0), text=text)
    of = ahead(at, seen, now)
    figures = [(say("Accepted"), grouped(at.count("accepted")))]
    if at.record.state == "sending":
        figures += [(say("Messages a second"), words.rate(of)), (say("Time left"), words.time_left(of))]
    figures += [
        (say("Waiting"), grouped(at.count("queued", "sending"))),
        (say("Not sent"), grouped(at.count("refused", "failed", "cancelled"))),
        (say("Unconfirmed"), grouped(at.count("unconfirmed"))),
    ]
    with st.grid(len(figures), min_column_width=120, gap="xsmall"):
        for label, value in figures:
            st.metric(label, value, border=True, height="stretch")
    if at.record.state != "done":
        st.markdown(words.outlook(of, view.zone))
    if not at.is_over:
        _waiters(view, at, seen)


def _waiters(view: View, at: Standing, seen: Detail) -> None:
    """Say what each lane has shown, and who is asleep."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("  \n".join(words.canary(lane) for lane in at.canaries), width="content")
        hint(view, "campaign.canary", say("Canary?"))
    if seen.quiet:
        with card(say("Waiting for the end of their quiet hours"), say("By each person's own clock.")):
            for each in seen.quiet:
                st.markdown(f"- {words.quiet(each, view.zone)}")
            hint(view, "campaign.quiet_hours")


def _funnel(view: View, at: Standing, seen: Detail) -> None:
    told = joined_of(view, at)
    with card(say("How far it came, by lane and variant"), words.logs_line(told, view.zone)):
        table(view, words.funnel(seen, told), "campaign-funnel")


def _failures(seen: Detail) -> None:
    found = troubles(seen)
    if not found:
        return
    people = sum(each.people for each in found)
    if all(each.is_over for each in found):
        title = plural("1 person did not get it", "{count} people did not get it", people)
    else:
        title = plural("1 person did not get it, or not yet", "{count} people did not get it, or not yet", people)
    with card(title, say("By reason, with what to do about it.")):
        for each in found[:_FEW]:
            _trouble(each)
        if found[_FEW:]:
            more = plural("1 more reason", "{count} more reasons", len(found) - _FEW)
            with st.expander(more, key="more_failures"):
                for each in found[_FEW:]:
                    _trouble(each)


def _trouble(of: Trouble) -> None:
    people = plural("1 person", "{count} people", of.people)
    st.markdown(f"**{people}** · {of.state}: {of.why}  \n{say('To do')}: {of.to_do}")


def _unconfirmed(view: View, at: Standing, now: datetime) -> None:
    lost = {lane: number for (lane, state), number in at.counts.items() if state == "unconfirmed"}
    if not lost:
        settle_form(view, at)  # says that the last of them was settled
        return
    with card(say("Nobody knows whether these arrived"), say("They count as neither sent nor failed until then.")):
        st.markdown(words.unconfirmed(lost, at.record.state, now, at.record.not_after))
        hint(view, "campaign.unconfirmed")
        settle_form(view, at)
