"""The entries of the trail on the page: what is looked for, a page of sentences, and each entry in full on demand."""

import json
from collections.abc import Mapping

import streamlit as st

from dashboard.audit import trail
from dashboard.audit.address import Looked, day, follow, go, go_home, slot
from dashboard.audit.words import act, actor, moment, sentence
from dashboard.language import plural, say
from dashboard.view import View
from dashboard.words import escaped
from pipelines.audit.story import told
from pipelines.audit.words import short
from pipelines.ledger.chain import Entry


def filters(view: View, looked: Looked, names: Mapping[str, str]) -> None:
    """Draw what can be looked for; the address says what is."""
    known = trail.named(view.home, view.who())
    with st.grid(6, min_column_width=150, vertical_alignment="bottom"):
        _choice(say("Campaign"), "campaign", looked.campaign, names, say("All campaigns"))
        people = {name: actor(name) for name in known.actors}
        _choice(say("Who"), "who", looked.who, people, say("Everybody"))
        _choice(say("What"), "act", looked.act, {name: act(name) for name in known.actions}, say("Everything"))
        day(say("From"), "since", looked.since, view.moment.date())
        day(say("Until"), "until", looked.until, view.moment.date())
        st.button(
            say("Clear"),
            on_click=go_home,
            icon=":material/filter_alt_off:",
            width="stretch",
            disabled=looked == Looked(),
            help=say("Clear all filters of this page"),
        )


def listed(view: View, looked: Looked, names: Mapping[str, str]) -> None:
    """Show a page of the entries that fit, newest first."""
    by, sought = view.who(), looked.sought(None if view.is_today else view.scope.as_of)
    found = trail.found(view.home, sought, looked.below, by)
    if not found.entries:
        st.info(say("No entry fits. Take a filter away."), icon=":material/filter_alt:")
        return
    count = trail.count(view.home, sought, by)
    st.caption(plural("1 entry, open it for all that it says.",
                      "{count} entries, newest first; open one for all that it says.", count))  # fmt: skip
    with st.container(gap="xsmall"):
        for entry in found.entries:
            with st.expander(label(view, entry, sentence(entry, told(entry), names))):
                in_full(entry, names, looked)
    _turn(view, looked, found.entries[-1].entry_id, newer=found.newer, older=found.older)


def label(view: View, entry: Entry, said: str) -> str:
    """Return the line under which an entry stands: when, what, and the beginning of its hash."""
    return f":gray[{moment(entry.at, view.zone)}] · {said} :gray[`{short(entry.hash)}`]"


def in_full(entry: Entry, names: Mapping[str, str], looked: Looked) -> None:
    """Show all that an entry says, as it was hashed."""
    about = [
        say("Entry {number}, {moment} UTC", number=entry.entry_id, moment=f"{entry.at:%Y-%m-%d %H:%M:%S}"),
        say("Page {page}", page=escaped(entry.page_id)) if entry.page_id else "",
        say("Campaign {campaign}", campaign=escaped(entry.campaign_id)) if entry.campaign_id else "",
    ]
    st.caption(" · ".join(each for each in about if each))
    if entry.campaign_id in names and not looked.campaign:
        st.button(
            say("Its campaign's whole story"), key=f"audit_story_{entry.entry_id}", type="tertiary",
            icon=":material/history:", on_click=go, kwargs={"campaign": entry.campaign_id},
        )  # fmt: skip
    st.code(json.dumps(told(entry), ensure_ascii=False, indent=2), language=None, wrap_lines=True)
    st.caption(say("Hash of this entry, and of the one before it, which it covers:"))
    st.code(f"{entry.hash}\n{entry.previous_hash}", language=None, wrap_lines=True)


def _choice(label: str, name: str, value: str, options: Mapping[str, str], none: str) -> None:
    st.session_state[slot(name)] = value or None
    st.selectbox(
        label, list(dict.fromkeys([*options, *([value] if value else [])])), key=slot(name), placeholder=none,
        format_func=lambda each: options.get(each, each), on_change=follow, args=(name,),
    )  # fmt: skip


def _turn(view: View, looked: Looked, last: int, *, newer: bool, older: bool) -> None:
    """Draw the way to the pages before and after."""
    with st.container(horizontal=True):
        if newer and looked.below is not None:
            sought = looked.sought(None if view.is_today else view.scope.as_of)
            before = trail.newer(view.home, sought, looked.below, view.who())
            st.button(say("Newer"), icon=":material/chevron_left:", on_click=go, kwargs={"below": before})
        if older:
            st.button(say("Older"), icon=":material/chevron_right:", on_click=go, kwargs={"below": last})
