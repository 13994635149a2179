"""Whether the trail can be trusted: the verdict in a sentence, faults in words, the head, and how far a check is."""

import streamlit as st

from dashboard.app import clock
from dashboard.audit import check, trail
from dashboard.audit.check import Walk
from dashboard.language import plural, say
from dashboard.parts import Figure, figures, header
from dashboard.view import View
from dashboard.words import ago, escaped, grouped, joined
from pipelines.audit.words import short
from pipelines.ledger.chain import Head

_AGAIN = "audit_again"
_PATIENCE = 0.4
"""So many seconds a page waits for the verdict: a chain of some thousand entries has it by then."""


def verdict(view: View) -> None:
    """Draw question and answer; a page that is opened has the chain walked if it grew since the last time."""
    by = view.who()
    head = check.head(view.home, by)
    checked = check.standing(view.home, by).checked
    is_opening = _AGAIN not in st.session_state  # the button's state goes when somebody leaves the page
    if is_opening and (checked is None or checked.head != head):
        check.begin(view.home, by, clock, _PATIENCE)
    walk = check.standing(view.home, by)
    header(view, say("Can this trail be trusted?"), answer(walk, head, view))
    if walk.goes_on:
        going(view)
    _faults(walk)
    _figures(view, head)
    _head(view, head, walk)


def answer(walk: Walk, head: Head, view: View) -> str:
    """Say in a sentence whether it can, as of when."""
    checked = walk.checked
    if checked is None and walk.goes_on:
        walked = _entries(head.entries)
        return say("{entries} are being walked: the answer stands here once that is done.", entries=walked)
    if checked is None:
        return say("The chain was not checked yet.")
    count, found = checked.verdict.entries, checked.verdict
    if not found.ok:
        faults = plural("1 fault was found", "{count} faults were found", len(found.faults))
        text = say("**No: the chain does not hold.** In {entries} {faults}; what each means stands below.",
                   entries=_entries(count), faults=faults)  # fmt: skip
    elif not count:
        text = say("Nothing was done yet: the chain is empty.")
    elif found.notes:
        text = say("**Yes: each of {entries} fits the one before it.**", entries=_entries(count))
    else:
        text = say("**Yes: each of {entries} fits the one before it,** and the head that is kept apart says the same.",
                   entries=_entries(count))  # fmt: skip
    when = say("Checked {ago}.", ago=ago(checked.at, max(view.moment, checked.at)))
    more = head.entries - count
    return joined(text, when, plural("1 entry came since.", "{count} entries came since.", more) if more > 0 else "")


@st.fragment(run_every=1.0)
def going(view: View) -> None:
    """Show how far the walk is; once it is over, the page is drawn anew."""
    walk = check.standing(view.home, view.who())
    if not walk.goes_on:
        st.rerun()
    words = say("Checked so far: {walked} of {of}", walked=grouped(walk.walked), of=grouped(walk.of))
    st.progress(min(walk.walked / max(walk.of, 1), 1.0), words)


def _entries(count: int) -> str:
    return plural("1 entry", "{count} entries", count)


def _faults(walk: Walk) -> None:
    if walk.failure:
        st.error(escaped(walk.failure), icon=":material/error:")
    if walk.checked and not walk.checked.verdict.ok:
        with st.container(border=True):
            st.markdown(say("**What does not fit**"))
            st.markdown("\n".join(f"- {escaped(each)}" for each in walk.checked.verdict.faults))
            st.caption(say("Keep the ledger's file as it is, and compare with a backup and with exports."))
    for note in walk.checked.verdict.notes if walk.checked else ():
        st.caption(f":material/info: {escaped(note)}")


def _figures(view: View, head: Head) -> None:
    lately = trail.lately(view.home, view.scope.as_of, view.who())
    week, before = sum(lately.entries[-7:]), sum(lately.entries[-14:-7])
    since = say("since the week before")
    figures([
        Figure(say("Entries"), head.entries, good=None, note=say("One chain for all Pages and campaigns.")),
        Figure(say("Last 7 days"), week, week - before, since, series=lately.entries, good=None),
        Figure(say("Refusals, 28 days"), lately.refusals, good=None, note=say("Approvals, launches and resumes.")),
        Figure(say("Exports, 28 days"), lately.exports, good=None, note=say("Evidence that was handed out.")),
    ])  # fmt: skip


def _head(view: View, head: Head, walk: Walk) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button(say("Check again"), icon=":material/fact_check:", key=_AGAIN, disabled=walk.goes_on):
            check.begin(view.home, view.who(), clock, _PATIENCE)
            st.rerun()
        with st.popover(say("Head {hash}", hash=f"`{short(head.hash)}`"), icon=":material/tag:"):
            st.caption(say("Keep number and hash: as long as both are still in the chain, nothing before was altered."))
            st.code(f"{head.entries}\n{head.hash}", language=None, wrap_lines=True)
            st.caption(say("A file that was exported is proven on the command line:"))
            st.code(f"clear-to-send audit verify --file FILE --home {view.home}", language=None, wrap_lines=True)
