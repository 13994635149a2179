"""The launch: one dialog that names people and tokens as they are now, and one click, however often it is pressed."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.campaigns.desk import desk
from dashboard.campaigns.said import Said, attempt, say_once
from dashboard.campaigns.words import Told
from dashboard.compose.words import REASONS, by_lane, lane_label, moment
from dashboard.language import plural, say
from dashboard.view import View
from dashboard.words import escaped, joined
from pipelines.dispatch.canary import CANARIES
from pipelines.plan.launching import Foreseen

_FEW = 5
"""Ways in which people stand otherwise than at the check, named one by one."""


def launch_dialog(view: View, told: Told, asked: dict[str, Any], close: Callable[[], None]) -> None:
    """Draw the dialog; of a campaign that somebody launched meanwhile, say so on its page instead."""
    if told["launched_at"]:
        close()
        st.info(escaped(launched_line(view, told)), icon=":material/info:")
        return
    st.dialog(say("Launch this campaign?"), icon=":material/rocket_launch:", on_dismiss=close)(_confirm)(
        view, told, asked, close
    )


def _confirm(view: View, told: Told, asked: dict[str, Any], close: Callable[[], None]) -> None:
    """Count anew once, say what would happen, and do it."""
    if "foreseen" not in asked:
        with st.spinner(say("Counting who gets it now")):
            asked["refusal"] = attempt(lambda: asked.update(foreseen=_foresee(view, told["id"])))
    foreseen: Foreseen | None = asked.get("foreseen")
    hindrance = asked["refusal"] or (foreseen.hindrance if foreseen else "")
    if foreseen is None or hindrance:
        st.error(escaped(hindrance), icon=":material/block:")
        return
    st.markdown(gets_it(foreseen))
    for each in facts(foreseen, told, view.zone):
        st.markdown(f"- {each}")
    people = foreseen.checked.counts.people
    label = plural("Launch to 1 person", "Launch to {count} people", people)
    if not st.button(label, type="primary", icon=":material/rocket_launch:", key="launch", disabled=not people):
        return
    refusal = attempt(lambda: _launch(view, told["id"]))
    if refusal and not _is_launched(view, told["id"]):
        st.error(escaped(refusal), icon=":material/block:")
        return
    close()
    st.rerun()


def _foresee(view: View, campaign_id: str) -> Foreseen:
    with desk(view) as here:
        return here.foresee(campaign_id, view.who())


def _launch(view: View, campaign_id: str) -> None:
    with desk(view) as here:
        launched = here.launch(campaign_id, view.who())
    said = plural(
        "Launched: 1 message is reserved. It goes out by itself.",
        "Launched: {count} messages are reserved. They go out by themselves.",
        launched.reserved,
    )
    say_once(Said(campaign_id, "success", said))


def _is_launched(view: View, campaign_id: str) -> bool:
    """Say whether it goes out already, and keep the sentence that says who launched it."""
    with desk(view) as here:
        told = here.told(campaign_id, view.who())
    if not told["launched_at"]:
        return False
    say_once(Said(campaign_id, "info", launched_line(view, told)))
    return True


def launched_line(view: View, told: Told) -> str:
    """Say who launched it and when, to whoever pressed the button after that."""
    when = moment(told["launched_at"], view.zone)
    if told["launched_by"] == view.who().name:
        return say("You launched it on {when}. It goes out once, however often the button is pressed.", when=when)
    return say("Already launched by {by} on {when}. It goes out once.", by=told["launched_by"], when=when)


def gets_it(foreseen: Foreseen) -> str:
    """Say how many people get it now, by which lanes, and how many tokens that spends."""
    counts = foreseen.checked.counts
    if not counts.people:
        return say("**Nobody** would get it now, so there is nothing to launch.")
    who = plural("**1 person** gets it now", "**{count} people** get it now", counts.people)
    spends = plural("It spends **1 one-time token**.", "It spends **{count} one-time tokens**.", counts.tokens)
    lanes = say("{who}: {lanes}.", who=who, lanes=by_lane(counts.lanes))
    return joined(lanes, spends if counts.tokens else say("It spends no token."))


def facts(foreseen: Foreseen, told: Told, zone: str) -> list[str]:
    """Return what else is to be known before the click: canary, unproven lanes, quiet hours, what changed."""
    checked = foreseen.checked
    said = [
        plural(
            "The first message of each lane goes alone; the rest follows once it was accepted.",
            "The first {count} of each lane go alone; the rest follows once they were accepted.",
            CANARIES,
        )
    ]
    said += [escaped(each["words"]) for each in checked.unproven]
    if told["start_at"]:
        said.append(say("Nothing goes out before {moment}.", moment=moment(told["start_at"], zone)))
    if checked.waiting:
        said.append(
            plural(
                "1 of them is in the quiet hours, and gets it after them.",
                "{count} of them are in their quiet hours, and get it after them.",
                checked.waiting,
            )
        )
    return said + [_change(each) for each in foreseen.changes[:_FEW]]


def _change(change: dict[str, Any]) -> str:
    return say(
        "Since the check, {people}: {was} then, {now} now.",
        people=plural("1 person", "{count} people", change["people"]),
        was=_fate(change["was"]),
        now=_fate(change["is_"]),
    )


def _fate(fate: str) -> str:
    if fate == "not_meant":
        return say("not meant")
    return escaped(say(REASONS[fate]) if fate in REASONS else lane_label(fate))
