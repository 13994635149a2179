"""What is done to a campaign by a click: asked once in a dialog, done once in the ledger, refused in a sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard.campaigns.desk import desk
from dashboard.campaigns.launch import launch_dialog
from dashboard.campaigns.said import Said, attempt, say_once
from dashboard.campaigns.words import Told
from dashboard.language import noted, say
from dashboard.view import View
from dashboard.words import escaped
from pipelines.campaign_home import CampaignHome
from pipelines.rights import Person, Right

ASK = "_campaign_ask"
"""Under this key the session holds what is asked: a dialog outlives the redrawing of its page for new data."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something to do, with its words (noted texts) and the right that it takes."""

    label: str
    icon: str
    right: Right
    title: str
    means: str
    do: Callable[[CampaignHome, str, Person, str], object]


ACTS = {
    "pause": Act(
        noted("Pause"), "pause", "pause", noted("Pause this campaign?"),
        noted("What is on its way arrives. The rest waits until somebody resumes it."),
        lambda here, campaign_id, by, why: here.pause(campaign_id, by, why),
    ),
    "resume": Act(
        noted("Resume"), "play_arrow", "send", noted("Resume this campaign?"),
        noted("It goes on with those who wait, by the rules of now; the brake on its Page is taken off."),
        lambda here, campaign_id, by, why: here.resume(campaign_id, by, why),
    ),
    "cancel": Act(
        noted("Cancel it"), "cancel", "send", noted("Cancel this campaign for good?"),
        noted("What is on its way arrives. Nothing more goes out, and reserved tokens are free again."),
        lambda here, campaign_id, by, why: here.cancel(campaign_id, by, why),
    ),
    "stop": Act(
        noted("Stop everything"), "front_hand", "pause", noted("Stop every campaign?"),
        noted("All that send are paused at once, and none can be launched or resumed until that is lifted."),
        lambda here, _, by, why: here.pause_all(by, why),
    ),
    "release": Act(
        noted("Let campaigns start again"), "lock_open", "operate", noted("Let campaigns start again?"),
        noted("None resumes by itself: each that was paused is resumed on its own page."),
        lambda here, _, by, why: here.release_all(by, why),
    ),
}  # fmt: skip


def offer(view: View, name: str, campaign_id: str = "") -> None:
    """Draw the button that asks for an act, for whoever may do it; on a past day it cannot be pressed."""
    act = ACTS[name]
    if not view.who().may(act.right):
        return
    if st.button(say(act.label), icon=f":material/{act.icon}:", key=f"ask-{name}", disabled=not view.is_today):
        ask(name, campaign_id)
        st.rerun()  # the whole page: a dialog stands outside of the part that draws itself anew


def ask(name: str, campaign_id: str = "") -> None:
    """Open the dialog of an act, or of "launch"."""
    st.session_state[ASK] = {"name": name, "campaign": campaign_id}


def close() -> None:
    """Let nothing be asked any more."""
    st.session_state.pop(ASK, None)


def asking(view: View, told: Told | None = None) -> None:
    """Draw the dialog that is open on this page, if one is; `told` is the campaign of the page, None on the list."""
    asked: dict[str, Any] | None = st.session_state.get(ASK)
    if asked is None or asked["campaign"] != (told["id"] if told else "") or not view.is_today:
        return
    if asked["name"] == "launch":
        launch_dialog(view, told or {}, asked, close)
        return
    act = ACTS[asked["name"]]
    st.dialog(say(act.title), icon=f":material/{act.icon}:", on_dismiss=close)(_reason)(view, asked)


def _reason(view: View, asked: dict[str, Any]) -> None:
    """Ask why, and do it."""
    act = ACTS[asked["name"]]
    st.markdown(say(act.means))
    with st.form(f"why-{asked['name']}", border=False):
        why = st.text_input(say("Why? It is written into the trail."), key=f"why-{asked['name']}-text")
        is_meant = st.form_submit_button(say(act.label), type="primary", icon=f":material/{act.icon}:")
    if not is_meant:
        return
    refusal = attempt(lambda: _do(view, act, asked["campaign"], why))
    if refusal:
        st.error(escaped(refusal), icon=":material/block:")
        return
    close()
    st.rerun()


def _do(view: View, act: Act, campaign_id: str, why: str) -> None:
    with desk(view) as here:
        act.do(here, campaign_id, view.who(), why)


def check(view: View, campaign_id: str, label: str) -> None:
    """Draw the button that checks a campaign, for whoever may write."""
    if not view.who().may("write"):
        return
    if not st.button(label, icon=":material/fact_check:", key="check", disabled=not view.is_today):
        return
    with st.spinner(say("Choosing a lane for everyone, and reading every text")):
        refusal = attempt(lambda: _check(view, campaign_id))
    if refusal:
        say_once(Said(campaign_id, "error", refusal))
    st.rerun()


def _check(view: View, campaign_id: str) -> None:
    with desk(view) as here:
        here.check(campaign_id, view.who())
