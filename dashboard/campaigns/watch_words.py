"""What is said of a campaign while it is sent: numbers in, sentences out; no Streamlit here, so that a test can ask."""

from datetime import datetime, timedelta

import pandas as pd

from dashboard.compose.words import lane_label, moment
from dashboard.language import noted, plural, say
from dashboard.words import escaped, grouped, joined
from pipelines.audit.ahead import Ahead
from pipelines.audit.outcome import Outcome
from pipelines.audit.watching import Canaries, Detail, Quiet, Standing
from pipelines.dispatch.run import ACTOR

_WAITS = {
    "over": noted("Nothing more of it goes out."),
    "paused": noted("Nothing goes out while it is paused."),
    "late": noted("Its last moment has passed: what still waits is given up."),
    "early": noted("It begins at {until}."),
    "brake": noted("Meta holds the Page back: nothing goes out before {until}."),
    "quiet": noted("All who wait are in their quiet hours: the first can be written to at {until}."),
    "retry": noted("All who wait were refused for a while: the next try is at {until}."),
    "settling": noted("Nothing is left to send: it waits for answers, and for echoes of those that were lost."),
    "canary": noted("The first few of each lane go alone; the rest follows once they were accepted."),
    "begins": noted("It begins."),
    "silent": noted(
        "Nothing went out in the last minute, and nothing is in the way. "
        "Is a dispatcher running? The app has one; `clear-to-send dispatch` is another."
    ),
}
"""By what a campaign waits for; see pipelines.audit.ahead."""


def progress(at: Standing) -> tuple[float, str]:
    """Return how much of a campaign was accepted, and that in words."""
    accepted, planned = at.count("accepted"), at.planned
    text = say("**{accepted}** of {planned} accepted", accepted=grouped(accepted), planned=grouped(planned))
    return (accepted / planned if planned else 0.0), text


def rate(of: Ahead) -> str:
    """Return the messages a second, no more precise than is known: "18", "0.4"."""
    return f"{of.rate:.0f}" if of.rate >= 10 else f"{of.rate:.1f}"


def time_left(of: Ahead) -> str:
    """Return "4 min", or "-" where nobody can say."""
    if of.left is None:
        return "-"
    if of.left < timedelta(minutes=1):
        return say("under 1 min")
    if of.left < timedelta(hours=2):
        return say("{count} min", count=grouped(round(of.left / timedelta(minutes=1))))
    return say("{count} h", count=grouped(round(of.left / timedelta(hours=1))))


def outlook(of: Ahead, zone: str) -> str:
    """Say how long it still takes and for whom, or why nobody can say."""
    others = plural("1 more comes later.", "{count} more come later.", of.others) if of.others else ""
    if of.left is None:
        until = moment(of.until, zone) if of.until else ""
        return joined(say(_WAITS[of.waits or "begins"], until=until), others if of.people else "")
    first = say(
        "About **{time}** for {people}, at the rate of the last minute.",
        time=time_left(of),
        people=plural("the 1 who still waits", "the {count} who still wait", of.people),
    )
    late = say("Its last moment comes before that: not all of them get it.") if of.too_late else ""
    return joined(first, others, late)


def canary(of: Canaries) -> str:
    """Return "3 of 3 canaries of the lane open window accepted"."""
    text = plural(
        "{accepted} of 1 canary of the lane *{lane}* accepted",
        "{accepted} of {count} canaries of the lane *{lane}* accepted",
        of.wanted,
        accepted=of.accepted,
        lane=lane_label(of.lane),
    )
    icon = "check" if of.accepted >= of.wanted else "hourglass_top"
    waiting = (
        plural("1 waits for that", "{count} wait for that", of.held) if of.held and of.accepted < of.wanted else ""
    )
    return f":material/{icon}: {text}" + (f" · {waiting}" if waiting else "")


def quiet(of: Quiet, zone: str) -> str:
    """Say how many people of a time zone wait for the end of their quiet hours."""
    people = plural("**1 person**", "**{count} people**", of.people)
    return say(
        "{people} in {place}: not before {until}", people=people, place=escaped(of.zone), until=moment(of.until, zone)
    )


def paused(at: Standing, zone: str) -> str:
    """Say who paused a campaign, when and why; "" for one that is not."""
    record = at.record
    if record.state != "paused":
        return ""
    told = {"moment": moment(record.state_at, zone), "why": escaped(record.state_why)}
    if record.state_by == ACTOR:
        return say("It stopped by itself on {moment}: {why}", **told)
    return say("{who} paused it on {moment}: {why}", who=escaped(record.state_by), **told)


def braked(at: Standing, zone: str) -> str:
    """Say until when the Page is not called, and why; "" while it may be."""
    if at.brake is None:
        return ""
    until, why = at.brake
    return say("The Page is not called before {until}: {why}", until=moment(until, zone), why=escaped(why))


def funnel(seen: Detail, told: Outcome | None) -> pd.DataFrame:
    """Return a row for each lane and variant: how far its sends came. What only logs know is NA without them."""
    columns = {
        "planned": say("Planned"), "accepted": say("Accepted"), "delivered": say("Delivered"), "read": say("Read"),
        "replied": say("Replied"), "failed": say("Not sent"), "unconfirmed": say("Unconfirmed"),
        "waiting": say("Waiting"),
    }  # fmt: skip
    logs = {(each.lane, each.variant): each for each in told.funnel} if told else {}
    rows = []
    for lane, variant in sorted({(each.lane, each.variant) for each in seen.groups}):
        counts = dict.fromkeys(columns, 0)
        for each in seen.groups:
            if (each.lane, each.variant) == (lane, variant):
                counts["planned"] += each.sends
                counts[_COLUMN_OF[each.state]] += each.sends
        came = logs.get((lane, variant))
        known = {name: getattr(came, name) if came else None for name in ("delivered", "read", "replied")}
        rows.append({say("Lane"): lane_label(lane), say("Variant"): variant} | counts | known)
    frame = pd.DataFrame(rows).rename(columns=columns)
    return frame.astype(dict.fromkeys(columns.values(), "Int64")) if rows else frame


_COLUMN_OF = {
    "accepted": "accepted", "refused": "failed", "failed": "failed", "cancelled": "failed",
    "unconfirmed": "unconfirmed", "queued": "waiting", "sending": "waiting",
}  # fmt: skip


def logs_line(told: Outcome | None, zone: str) -> str:
    """Say how far deliveries, reads and replies are known."""
    if told is None:
        return say("With so many sends, deliveries, reads and replies are counted under the results, when asked for.")
    if told.logs_until is None:
        return say("Deliveries, reads and replies come with the Page's webhooks: none has been loaded so far.")
    return say(
        "Deliveries, reads and replies as the logs tell them, which reach into the hour from {moment}.",
        moment=moment(told.logs_until, zone),
    )


def unconfirmed(by_lane: dict[str, int], state: str, now: datetime, ends: datetime | None) -> str:
    """Say what becomes of sends of which nobody knows whether they arrived."""
    count = sum(by_lane.values())
    first = plural(
        "Of **1 message** the answer was lost: it may have arrived, or not.",
        "Of **{count} messages** the answers were lost: they may have arrived, or not.",
        count,
    )
    parts = [first, say("An echo that comes in settles them by itself.")]
    if by_lane.get("otn"):
        if state == "sending" and (ends is None or now < ends):
            parts.append(say("One-time tokens are tried again, which is safe: a token works only once."))
        else:
            parts.append(say("One-time tokens are tried again only while the campaign is sending."))
    if count > by_lane.get("otn", 0):
        parts.append(say("The others are never sent again by themselves: somebody might get the message twice."))
    return joined(*parts)
