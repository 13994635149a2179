"""What an entry of the trail says, as a sentence: who did what to which campaign, why, and what changed by it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.compose.words import lane_label
from dashboard.language import listed, noted, plural, say
from dashboard.words import day, escaped, grouped, joined
from pipelines.audit import words
from pipelines.forget_command import erased_words
from pipelines.ledger.chain import Entry

_ENTRIES = {
    "campaign_written": (noted("Written"), noted("{who} wrote {what}.")),
    "campaign_edited": (noted("Edited"), noted("{who} edited {what}.")),
    "campaign_checked": (noted("Checked"), noted("{who} checked {what}.")),
    "campaign_approved": (noted("Approved"), noted("{who} approved {what}.")),
    "campaign_sent_back": (noted("Sent back"), noted("{who} sent {what} back to its author.")),
    "campaign_launched": (noted("Launched"), noted("{who} launched {what}.")),
    "campaign_paused": (noted("Paused"), noted("{who} paused {what}.")),
    "campaign_resumed": (noted("Resumed"), noted("{who} resumed {what}.")),
    "campaign_parked": (noted("Parked, too late"), noted("{who} parked {what}: it is too late to go on.")),
    "campaign_cancelled": (noted("Cancelled"), noted("{who} cancelled {what}.")),
    "campaign_done": (noted("Done"), noted("{who} finished {what}: nothing is left to send.")),
    "campaign_exported": (noted("Exported as evidence"), noted("{who} exported the evidence on {what}.")),
    "report_exported": (noted("Report exported"), noted("{who} exported the report on {what} as PDF.")),
    "approval_refused": (noted("Approval refused"), noted("{who} was refused the approval of {what}.")),
    "send_back_refused": (noted("Sending back refused"), noted("{who} was refused to send {what} back.")),
    "launch_refused": (noted("Launch refused"), noted("{who} was refused the launch of {what}.")),
    "resume_refused": (noted("Resuming refused"), noted("{who} was refused to resume {what}.")),
    "sends_recorded": (noted("Results recorded"), noted("{who} recorded results of {what}.")),
    "sends_lapsed": (noted("Sends given up"), noted("{who} gave up sends of {what} whose time had ended.")),
    "sends_settled": (noted("Unconfirmed sends settled"), noted("{who} settled unconfirmed sends of {what}.")),
    "sends_rechecked": (noted("Queued sends checked anew"), noted("{who} checked what is queued anew.")),
    "everything_stopped": (noted("Everything stopped"), noted("{who} stopped everything.")),
    "everything_released": (noted("Everything released"), noted("{who} let campaigns start again.")),
    "erasure_begun": (noted("Erasure begun"), noted("The erasure that {who} asked for began.")),
    "erasure_done": (noted("Erasure done"), noted("The erasure that {who} asked for is done.")),
    "retention_applied": (noted("Too old, erased"), noted("{who} erased what is kept for so long only.")),
    "subscription_changed": (noted("Subscription changed"), noted("{who} found another answer of Meta for the Page.")),
}
"""By action: what it is called in a list, and what an entry of it says."""

_MACHINES = {
    "dispatcher": noted("The dispatcher"),
    "load": noted("A load"),
    "retention": noted("Retention"),
    "subscription check": noted("The subscription check"),
}
_VERDICTS = {
    "block": noted("A finding blocks it."),
    "warn": noted("There are warnings."),
    "pass": noted("No finding stands against it."),
}
_STATES = {
    each: each
    for each in (
        noted("draft"), noted("checked"), noted("approved"), noted("sending"), noted("paused"), noted("parked"),
        noted("done"), noted("cancelled"), noted("queued"), noted("accepted"), noted("refused"), noted("failed"),
        noted("unconfirmed"),
    )
}  # fmt: skip


def state(name: str) -> str:
    """Return the state of a campaign or a send, as it is said."""
    return say(_STATES.get(name, name))


def moment(at: datetime, zone: str, clock: str = "%H:%M") -> str:
    """Return a moment (naive UTC) by the viewer's clock, to the minute, or as `clock` says."""
    local = at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    return say("{day}, {time}", day=day(local), time=local.strftime(clock))


def actor(name: str) -> str:
    """Return who did it: a person's name as it was written down, a part of the app in words."""
    return say(_MACHINES[name]) if name in _MACHINES else name


def unlinked(name: str) -> str:
    """Return a name so that Markdown shows it as it is, and a mail address as no link."""
    return escaped(name).replace("@", "\N{WORD JOINER}@")


def act(action: str) -> str:
    """Return what was done, as a list of acts calls it."""
    return say(_ENTRIES[action][0]) if action in _ENTRIES else words.action(action)


def sentence(entry: Entry, detail: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return what an entry says, as Markdown. `names` are those of the campaigns, by their ids."""
    who = f"**{unlinked(actor(entry.actor))}**"
    named = entry.campaign_id and names.get(entry.campaign_id, entry.campaign_id)
    what = f"*{escaped(named)}*" if named else say("several campaigns")
    if entry.action not in _ENTRIES:
        return f"{who}: {escaped(words.action(entry.action))}" + (f" · {what}" if named else "")
    why = detail.get("why") or detail.get("reason")
    return joined(
        say(_ENTRIES[entry.action][1], who=who, what=what),
        _more(entry.action, detail),
        say("Reason: {why}", why=escaped(str(why))) if why else "",
    )


def _more(action: str, detail: Mapping[str, Any]) -> str:
    """Return what an entry says beyond who did it; nothing where somebody changed it so that it cannot be read."""
    try:
        return _MORE[action](detail) if action in _MORE else ""
    except (TypeError, ValueError, KeyError, AttributeError):
        return ""


def _answers(detail: Mapping[str, Any]) -> str:
    given = detail.get("answers")
    if not isinstance(given, Mapping):
        return ""
    named = ((say("accepted") if name == "accepted" else str(name), count) for name, count in given.items())
    parts = (f"{escaped(name)}: {grouped(count)}" for name, count in sorted(named, key=lambda each: -each[1]))
    return say("{parts}.", parts=listed(parts))


def _edited(detail: Mapping[str, Any]) -> str:
    voided = detail.get("approvals_voided") or 0
    return plural("1 approval became void.", "{count} approvals became void.", voided) if voided else ""


def _checked(detail: Mapping[str, Any]) -> str:
    lanes = listed(
        f"{escaped(lane_label(each['lane']))}: {grouped(each['people'])}" for each in detail.get("lanes") or ()
    )
    left = sum(each["people"] for each in detail.get("left_out") or ())
    return joined(
        say(_VERDICTS[detail["verdict"]]) if detail.get("verdict") in _VERDICTS else "",
        say("People by lane: {lanes}.", lanes=lanes) if lanes else say("Nobody would get it."),
        plural("1 person is left out.", "{count} people are left out.", left) if left else "",
    )


def _launched(detail: Mapping[str, Any]) -> str:
    return plural("1 send was reserved.", "{count} sends were reserved.", int(detail.get("reserved") or 0))


def _cancelled(detail: Mapping[str, Any]) -> str:
    dropped = int(detail.get("sends_cancelled") or 0)
    return plural("1 queued send was dropped.", "{count} queued sends were dropped.", dropped) if dropped else ""


def _exported(detail: Mapping[str, Any]) -> str:
    shown = say("It names people by their ids.") if detail.get("shows_ids") else ""
    return joined(say("File: {file}.", file=escaped(str(detail.get("file", "-")))), shown)


def _settled(detail: Mapping[str, Any]) -> str:
    settled = detail.get("sends") or 0
    count = len(settled) if isinstance(settled, list) else int(settled)
    if detail.get("by") == "echo":
        return plural("The echo of 1 message came.", "The echoes of {count} messages came.", count)
    if detail.get("arrived"):
        return plural("1 message had arrived.", "{count} messages had arrived.", count)
    return plural("1 message had not arrived.", "{count} messages had not arrived.", count)


def _rechecked(detail: Mapping[str, Any]) -> str:
    withdrawn = sum((detail.get("withdrawn") or {}).values())
    freed = int(detail.get("by_window_instead_of_token") or 0)
    return joined(
        plural("1 send was withdrawn.", "{count} sends were withdrawn.", withdrawn) if withdrawn else "",
        plural("1 goes by an open window and keeps its token.",
               "{count} go by open windows and keep their tokens.", freed) if freed else "",
    )  # fmt: skip


def _lapsed(detail: Mapping[str, Any]) -> str:
    return plural("1 send, without a call.", "{count} sends, without a call.", int(detail.get("sends") or 0))


def _stopped(detail: Mapping[str, Any]) -> str:
    paused = len(detail.get("paused") or ())
    return plural("1 campaign was paused.", "{count} campaigns were paused.", paused) if paused else ""


def _erased(detail: Mapping[str, Any]) -> str:
    return say("{parts}.", parts=escaped(erased_words(dict(detail))))


def _subscribed(detail: Mapping[str, Any]) -> str:
    return escaped(str(detail.get("says") or ""))


_MORE: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "campaign_edited": _edited, "campaign_sent_back": _edited, "campaign_checked": _checked,
    "campaign_launched": _launched, "campaign_cancelled": _cancelled, "campaign_parked": _cancelled,
    "campaign_exported": _exported, "report_exported": _exported, "sends_recorded": _answers, "sends_lapsed": _lapsed,
    "sends_settled": _settled, "sends_rechecked": _rechecked, "everything_stopped": _stopped,
    "erasure_done": _erased, "retention_applied": _erased, "subscription_changed": _subscribed,
}  # fmt: skip
"""By action: what its entry says beyond who did it."""
