"""What the pages say of campaigns: states, steps, what to do next and who does it. No Streamlit: a test can ask."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from dashboard.compose.words import moment
from dashboard.language import listed, noted, plural, say
from dashboard.words import escaped, joined
from pipelines.rights import Person

Short = Mapping[str, Any]
"""A campaign as `CampaignHome.every` gives it."""
Told = Mapping[str, Any]
"""A campaign as `CampaignHome.told` gives it."""
Colour = Literal["gray", "orange", "red", "blue", "green"]


@dataclass(frozen=True, slots=True)
class Mark:
    """How a state is shown: a noted text, the name of an icon, and a colour of Streamlit's."""

    label: str
    icon: str
    color: Colour


_MARKS = {
    "draft": Mark(noted("Draft"), "edit", "gray"),
    "sent_back": Mark(noted("Sent back"), "reply", "orange"),
    "blocked": Mark(noted("Blocked by a rule"), "block", "red"),
    "checked": Mark(noted("Waits for approval"), "hourglass_top", "blue"),
    "approved": Mark(noted("Approved"), "task_alt", "green"),
    "sending": Mark(noted("Sending"), "send", "blue"),
    "paused": Mark(noted("Paused"), "pause_circle", "orange"),
    "parked": Mark(noted("Too late, put aside"), "event_busy", "gray"),
    "done": Mark(noted("Done"), "check_circle", "green"),
    "cancelled": Mark(noted("Cancelled"), "cancel", "gray"),
}
STEPS = (noted("Write"), noted("Check"), noted("Approve"), noted("Launch"), noted("Arrive"))
_AT = {"draft": 1, "sent_back": 0, "blocked": 0, "checked": 2, "approved": 3, "sending": 4, "paused": 4, "done": 5}
"""Which step comes next, from 0, in each state that leads on; 5 is past the last."""


def state_of(campaign: Short | Told) -> str:
    """Return a campaign's state as the pages tell it: the ledger's, or sent_back, or blocked."""
    state = str(campaign.get("state") or campaign["status"])
    verdict = campaign.get("verdict") or campaign.get("checked", {}).get("verdict")
    if campaign["was_sent_back"]:
        return "sent_back"
    return "blocked" if state == "checked" and verdict == "block" else state


def mark_of(campaign: Short | Told) -> Mark:
    """Return how its state is shown."""
    return _MARKS[state_of(campaign)]


def steps_line(told: Told) -> str:
    """Return its way through the five steps as Markdown: what is done, what comes next, what is still to come."""
    state = state_of(told)
    at = _AT.get(state, 5 if told["launched_at"] else 0)
    is_over = state in ("parked", "cancelled")
    parts = []
    for number, step in enumerate(STEPS):
        name = say(step)
        if number < at and not (is_over and number == 4):
            parts.append(f":green[:material/check_circle:]&nbsp;{name}")
        elif number == at and not is_over:
            parts.append(f":primary[:material/arrow_circle_right:&nbsp;**{name}**]")
        else:
            parts.append(f":gray[:material/radio_button_unchecked:&nbsp;{name}]")
    return " &emsp; ".join(parts)


_NEXT = {
    "draft": noted("Next: check it. That plans a lane for everyone, and reads every text against the rules."),
    "sent_back": noted("{by} sent it back: *{why}*  \nNext: {author} mends that, and has it checked again."),
    "blocked": noted("It cannot be approved: a finding blocks it. Next: {author} mends the text or the lanes."),
    "mine": noted("You wrote it, so a second person approves it, or sends it back."),
    "checked": noted("Next: somebody other than {author} approves it, or sends it back."),
    "approved": noted("Next: somebody who may send launches it."),
    "sending": noted("It goes out by itself. There is nothing to do but watch, or to pause it."),
    "paused": noted("Next: mend what it was paused for and resume it, or cancel it."),
    "parked": noted("*{why}*  \nNext: copy it, and give the copy another time."),
    "cancelled": noted("{by} cancelled it: *{why}*  \nNothing more goes out."),
    "done": noted("Every message of it was sent or given up. What came of it stands below."),
}


def next_step(told: Told, person: Person, zone: str) -> str:
    """Say what is to be done next, and by whom, in a sentence or two of Markdown."""
    state = state_of(told)
    is_mine = state == "checked" and told["author"] == person.name
    names = {"by": escaped(told["by"]), "why": escaped(told["why"]), "author": escaped(told["author"])}
    first = say(_NEXT["mine" if is_mine else state], **names)
    return joined(first, _begins(told, zone) if state in ("approved", "sending") else "")


def _begins(told: Told, zone: str) -> str:
    start: datetime | None = told["start_at"]
    return say("Nothing goes out before {moment}.", moment=moment(start, zone)) if start else ""


def answer(every: Sequence[Short], drafts: int) -> str:
    """Answer "What goes out, and what waits?" in one sentence."""
    count = Counter(map(state_of, every))
    told = (
        (count["sending"], plural("1 is sending", "{count} are sending", count["sending"])),
        (count["paused"], plural("1 is paused", "{count} are paused", count["paused"])),
        (count["approved"], plural("1 can be launched", "{count} can be launched", count["approved"])),
        (count["checked"], plural("1 waits for approval", "{count} wait for approval", count["checked"])),
        (count["blocked"], plural("1 is blocked by a rule", "{count} are blocked by a rule", count["blocked"])),
    )
    parts = [words for number, words in told if number]
    if parts:
        all_of_them = plural("1 campaign", "{count} campaigns", len(every))
        return say("Of {campaigns}, **{parts}**.", campaigns=all_of_them, parts=listed(parts))
    if every or drafts:
        return say("Nothing is going out, and nothing waits for anybody.")
    return say("There is no campaign yet. Write the first one: nothing goes out before a second person approved it.")


def waits_for(every: Sequence[Short], person: Person) -> list[tuple[Short, str]]:
    """Return the campaigns that wait for this person, the longest waiting first, each with what it needs."""
    needs = [(each, _needs(each, person)) for each in sorted(every, key=lambda each: each["state_at"])]
    return [(each, what) for each, what in needs if what]


def _needs(campaign: Short, person: Person) -> str:
    state, is_mine = state_of(campaign), campaign["created_by"] == person.name
    if state == "checked" and not is_mine and person.may("approve"):
        return say("{author} wrote it: approve it, or send it back.", author=escaped(campaign["created_by"]))
    if state == "sent_back" and is_mine:
        return say("{by} sent it back: *{why}*", by=escaped(campaign["state_by"]), why=escaped(campaign["state_why"]))
    if state == "blocked" and is_mine:
        return say("A finding blocks it: mend the text or the lanes.")
    if state == "approved" and is_mine and person.may("send"):
        return say("{by} approved it: launch it.", by=escaped(campaign["state_by"]))
    return ""


def progress(campaign: Short) -> float | None:
    """Return how much of it has come to an end, from 0 to 1; None where nothing was launched, or it broke off."""
    if campaign["state"] == "done":
        return 1.0
    if campaign["ended"] is None or not campaign["people"]:
        return None
    return min(1.0, float(campaign["ended"] / campaign["people"]))
