"""One campaign's whole story on the page: how it stands, its evidence as files, and each step in words."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial

import pandas as pd
import streamlit as st

from dashboard.app import clock
from dashboard.audit import trail
from dashboard.audit.address import Looked, go
from dashboard.audit.entries import in_full, label
from dashboard.audit.words import moment, sentence, state, unlinked
from dashboard.columns import moment_format
from dashboard.compose.words import lane_label
from dashboard.language import plural, say
from dashboard.parts import height_of
from dashboard.view import View
from dashboard.words import escaped, grouped
from pipelines.audit.pdf import why_no_pdf
from pipelines.audit.story import Step, Story
from pipelines.audit.words import limits
from pipelines.plan.campaign import Campaign
from pipelines.plan.versions import FIELDS

_SENDS = "audit_sends"


def story(view: View, looked: Looked, names: Mapping[str, str]) -> None:
    """Draw it, oldest first; the filters of the page leave steps out."""
    told = trail.story_of(view.home, looked.campaign, view.who())
    campaign = told.dossier.campaign
    st.subheader(escaped(campaign.name), anchor=False)
    st.markdown(
        say(
            "It is **{state}** since {moment}, by {who}: {why}. Written by {author} for Page {page}.",
            state=state(campaign.state),
            moment=moment(campaign.state_at, view.zone),
            who=unlinked(campaign.state_by),
            why=escaped(campaign.state_why),
            author=unlinked(campaign.created_by),
            page=escaped(campaign.page_id),
        )
    )
    files(view, looked.campaign)
    # What stopped everything is among the steps, and is about no campaign by itself.
    sought = replace(looked.sought(None if view.is_today else view.scope.as_of), campaign_id="")
    shown = [step for step in told.steps if any(sought.fits(entry) for entry in step.entries)]
    st.caption(
        plural("1 step, oldest first; open it for all that it says.",
               "{count} steps, oldest first; open one for all that it says.", len(shown))
    )  # fmt: skip
    with st.container(gap="xsmall"):
        for step in shown:
            with st.expander(label(view, step.entry, _said(step, names))):
                _more(view, step)
                in_full(step.entry, names, looked)
    _standings(told)
    _sends(view, told)


def files(view: View, campaign_id: str) -> None:
    """Offer the evidence as a zip, and the report as PDF. Each of them is written down in the chain."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        has_ids = view.who().may("see_ids") and st.toggle(
            say("With ids"), key="audit_ids", help=say("People by their page-scoped ids instead of pseudonyms.")
        )
        for text, kind, make in (
            (say("Evidence (zip)"), "zip", partial(trail.evidence, show_ids=has_ids)),
            (say("Report (PDF)"), "pdf", trail.report_pdf),
        ):
            why = why_no_pdf() if kind == "pdf" else ""
            name = trail.file_name(campaign_id, view.moment, kind)
            st.download_button(
                text, partial(make, view.warehouse, view.home, campaign_id, name, view.who, clock), file_name=name,
                mime=f"application/{kind}", key=f"audit_{kind}", icon=":material/download:", on_click="ignore",
                disabled=bool(why),
            )  # fmt: skip
    if why := why_no_pdf():
        st.caption(f":material/info: {escaped(why)}")
    st.caption(say("The zip holds report, sends, lineage, trail and hashes. Each download is an entry of the chain."))


def _said(step: Step, names: Mapping[str, str]) -> str:
    said = sentence(step.entry, step.detail, names)
    more = len(step.entries)
    return f"{said} ({plural('1 entry', '{count} entries', more)})" if more > 1 else said


def _more(view: View, step: Step) -> None:
    """Show what stood in the campaign after that step, or what its check found."""
    if len(step.entries) > 1:
        since, until = (moment(at, view.zone) for at in (step.since, step.entry.at))
        st.caption(say("Recorded from {since} to {until}. The last entry of them:", since=since, until=until))
    if step.changed is not None:
        changes = [(say(FIELDS[each.field]), each.of, each.was, each.is_) for each in step.changed]
        heads = (say("What changed"), say("Variant"), say("Before"), say("After"))
        st.dataframe(pd.DataFrame(changes, columns=list(heads)), hide_index=True, placeholder="-")
    if step.text is not None:
        _text(step.text)
    elif step.entry.action in ("campaign_written", "campaign_edited"):
        st.caption(say("What stood in it then was not kept: it was edited again before it was checked."))
    if step.plan is not None:
        summary = step.plan.told()
        for each in summary.get("findings", ()):
            st.markdown(f"- `{each['rule']}` ({each['severity']}): {escaped(each['reason'])}")


def _text(content: Campaign) -> None:
    for variant in content.variants:
        with st.container(border=True):
            st.caption(say("Variant {name}, {share} of the people",
                           name=escaped(variant.name), share=f"{variant.share:.0%}"))  # fmt: skip
            st.text(variant.text)
    said = list(limits(content))
    if said:
        st.caption(escaped("; ".join(said)))


def _standings(told: Story) -> None:
    if not told.standings:
        return
    total = sum(each.sends for each in told.standings)
    st.markdown(say("**How its {sends} stand**", sends=plural("1 send", "{count} sends", total)))
    frame = pd.DataFrame([asdict(each) for each in told.standings])
    frame["lane"] = frame["lane"].map(lane_label)
    wide = frame.pivot_table(index="lane", columns="state", values="sends", aggfunc="sum", fill_value=0)
    heads = {"lane": say("Lane")} | {each: state(each) for each in wide.columns}
    st.dataframe(wide.reset_index().rename(columns=heads), hide_index=True)


def _sends(view: View, told: Story) -> None:
    """List sends; the one that is picked is followed back to its permission."""
    states = list(dict.fromkeys(each.state for each in told.standings))
    if not states:
        return
    chosen = st.pills(say("Sends in state"), states, format_func=state, key="audit_state", selection_mode="multi")
    campaign_id = told.dossier.campaign.campaign_id
    rows = trail.sends_of(view.home, campaign_id, tuple(chosen), view.who())
    st.caption(
        say("The first {count}, by number. Pick one to follow it back to what the person asked for.",
            count=grouped(len(rows)))
    )  # fmt: skip
    frame = pd.DataFrame(
        [
            (each.send_id, each.psid or each.person, lane_label(each.lane), each.variant, state(each.state),
             each.state_at, each.words)
            for each in rows
        ],
        columns=["send", "person", "lane", "variant", "state", "at", "why"],
    )  # fmt: skip
    frame["at"] = pd.to_datetime(frame["at"]).dt.tz_localize("UTC")
    st.dataframe(
        frame, hide_index=True, placeholder="-", key=_SENDS, selection_mode="single-row",
        on_select=partial(_pick, [each.send_id for each in rows]), height=height_of(len(rows), 8),
        column_config={
            "send": st.column_config.NumberColumn(say("Send"), format="%d", width="small"),
            "person": st.column_config.TextColumn(say("Person")),
            "lane": st.column_config.TextColumn(say("Lane")),
            "variant": st.column_config.TextColumn(say("Variant"), width="small"),
            "state": st.column_config.TextColumn(say("State")),
            "at": st.column_config.DatetimeColumn(say("Since"), timezone=view.zone, format=moment_format()),
            "why": st.column_config.TextColumn(say("Why"), width="large"),
        },
    )  # fmt: skip


def _pick(numbers: list[int]) -> None:
    picked = st.session_state[_SENDS]["selection"]["rows"]
    if picked and picked[0] < len(numbers):
        go(send=numbers[picked[0]])
