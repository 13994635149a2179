"""What the compose page says of a plan: numbers in, sentences out; no Streamlit here, so that a test can ask."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.language import listed, noted, plural, say
from dashboard.words import day, escaped, grouped, joined, share
from pipelines.composing import Runway
from pipelines.plan.checking import Checked

LANES = {
    "standard_window": noted("open window"),
    "otn": noted("one-time token"),
    "marketing": noted("marketing token"),
    "utility": noted("utility template"),
}
PURPOSES = {
    "promotional": noted("Promotion"),
    "event_update": noted("News of an event"),
    "purchase_update": noted("News of a purchase"),
    "account_update": noted("News of an account"),
}
REASONS = {
    "excluded": noted("Left out by the campaign"),
    "messaged_lately": noted("Written to too lately"),
    "frequency_cap": noted("Frequency cap reached"),
    "holdout": noted("Held out to compare"),
    "field_missing": noted("No value for a field"),
    "window_not_used": noted("Window open, lane not chosen"),
    "no_lane_open": noted("No lane may carry it"),
    "token_not_used": noted("Token held, lane not chosen"),
    "marketing_cooling": noted("Had a marketing message lately"),
    "token_paid_only": noted("Token for paid messages only"),
    "token_reserved": noted("Token reserved elsewhere"),
    "token_spent": noted("Token spent"),
    "token_expired": noted("Token expired"),
    "token_refused": noted("Token refused by Meta"),
    "token_stranded": noted("Token's lane closed"),
    "token_revoked": noted("Stopped the notifications"),
    "no_permission": noted("No window, no token"),
}
"""Why somebody is left out, as short as a bar's label."""


def lane_label(lane: str) -> str:
    """Return a lane's name as people say it."""
    if lane.startswith("tag:"):
        return say("message tag {tag}", tag=lane.removeprefix("tag:"))
    return say(LANES[lane]) if lane in LANES else lane


def by_lane(lanes: list[dict[str, Any]]) -> str:
    """Return "804 by open window, 399 by one-time token"."""
    return listed(
        say("{count} by {lane}", count=grouped(each["people"]), lane=escaped(lane_label(each["lane"])))
        for each in lanes
    )


def answer(checked: Checked) -> str:
    """Answer "Who gets it?" in a sentence or two, with numbers."""
    counts = checked.counts
    if not counts.audience:
        return say("**Nobody** fits this audience. Take a filter away.")
    if not counts.people:
        meant = plural("the 1 person", "the {count} people", counts.audience)
        return say("**Nobody** of {meant} whom it means would get it. The chart says why.", meant=meant)
    who = plural("**1 person** would get it", "**{count} people** would get it", counts.people)
    spends = plural("It spends **1 token**.", "It spends **{count} tokens**.", counts.tokens)
    return say(
        "{who}, of {meant} meant: {lanes}. {spends}",
        who=who,
        meant=grouped(counts.audience),
        lanes=by_lane(counts.lanes),
        spends=spends if counts.tokens else say("It spends no token."),
    )


def when(at: datetime, start_at: datetime | None, zone: str) -> str:
    """Say for which moment the plan holds: the campaign's start, or now where that is none or past."""
    if at != start_at:
        return say("Counted for this moment. Nothing is reserved and nothing is sent.")
    return say("Counted for its start, {moment}. Nothing is reserved and nothing is sent.", moment=moment(at, zone))


def moment(at: datetime, zone: str) -> str:
    """Return "22 Nov 2026, 14:03" by the viewer's clock, of a moment in naive UTC."""
    local = local_of(at, zone)
    return f"{day(local)}, {local:%H:%M}"


def local_of(at: datetime, zone: str) -> datetime:
    """Return a moment (naive UTC) as the viewer's clock shows it, naive."""
    return at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def utc_of(local: datetime, zone: str) -> datetime:
    """Return what the viewer's clock shows as naive UTC."""
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)


def span_label(span: str) -> str:
    """Return "7d" as "7 days"; what is none as it stands."""
    number, unit = span[:-1], span[-1:]
    if not number.isdecimal():
        return span
    count = int(number)
    if unit == "d":
        return plural("1 day", "{count} days", count)
    if unit == "h":
        return plural("1 hour", "{count} hours", count)
    if unit == "w":
        return plural("1 week", "{count} weeks", count)
    return plural("1 minute", "{count} minutes", count) if unit == "m" else span


def notes(checked: Checked) -> list[str]:
    """Return what else is to be known before it is checked, a sentence each."""
    told = [escaped(each["words"]) for each in (*checked.unknown_fields, *checked.unproven)]
    counts = checked.counts
    if checked.waiting:
        told.append(
            plural(
                "1 of them is in the quiet hours then, and gets it after them.",
                "{count} of them are in the quiet hours then, and get it after them.",
                checked.waiting,
            )
        )
    if counts.zones_guessed:
        told.append(
            plural(
                "The time zone of 1 of them is not known: the quiet hours' own is taken.",
                "The time zones of {count} of them are not known: the quiet hours' own is taken.",
                counts.zones_guessed,
            )
        )
    if counts.strangers:
        told.append(
            plural(
                "1 person of the file has never written to the Page, and is not counted.",
                "{count} people of the file have never written to the Page, and are not counted.",
                counts.strangers,
            )
        )
    return told


def runway(of: Runway) -> str:
    """Say what the campaign does to the tokens of a topic."""
    first = say(
        "*{topic}*: {spent} of {held} tokens held are spent ({share}), {stay} stay.",
        topic=escaped(of.topic),
        spent=f"**{grouped(of.spent)}**",
        held=grouped(of.held),
        share=share(of.spent, of.held),
        stay=grouped(of.stay),
    )
    return joined(first, _weeks(of), _dying(of))


def _weeks(of: Runway) -> str:
    if of.weeks_before is None or of.weeks_after is None:
        return say("Over the last 4 weeks more came than were used, so they do not run out.")
    return say(
        "At {pace} a week, as over the last 4 weeks, they last **{after} weeks** instead of {before}.",
        pace=grouped(round(of.a_week)),
        after=f"{of.weeks_after:,.1f}",
        before=f"{of.weeks_before:,.1f}",
    )


def _dying(of: Runway) -> str:
    if not of.die_30_before:
        return ""
    saved = of.die_30_before - of.die_30_after
    return say(
        "{before} would die unused within 30 days; this uses {saved} of them.",
        before=grouped(of.die_30_before),
        saved=grouped(saved),
    )
