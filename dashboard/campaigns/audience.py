"""Whom a campaign means and what holds it back, in words: a sentence for each condition, all of which must hold."""

from collections.abc import Iterator
from datetime import timedelta

from dashboard.compose.words import lane_label, moment
from dashboard.language import listed, plural, say
from dashboard.words import escaped
from pipelines.plan.campaign import Audience, Campaign


def conditions(meant: Audience) -> Iterator[str]:
    """Say each condition of an audience, as it follows "People who"; nothing where everybody is meant."""
    yield from _asked(meant)
    yield from _lately(meant)
    yield from _left_out(meant)


def _asked(meant: Audience) -> Iterator[str]:
    if meant.topics:
        yield say("asked for one of: {topics}", topics=_named(meant.topics))
    if meant.window == "open":
        yield say("have an open window")
    elif meant.window:
        yield say("have no open window")
    if meant.token_kinds:
        yield say("hold a token: {kinds}", kinds=escaped(listed(map(lane_label, meant.token_kinds))))
    if meant.people_sha256:
        yield say("stand in a list of people (its fingerprint begins with {digest})", digest=meant.people_sha256[:12])
    if meant.tags:
        yield say("have one of the tags: {tags}", tags=_named(meant.tags))


def _lately(meant: Audience) -> Iterator[str]:
    if meant.last_seen_within:
        yield say("wrote within the last {span}", span=span(meant.last_seen_within))
    if meant.not_seen_within:
        yield say("did not write within the last {span}", span=span(meant.not_seen_within))
    if meant.not_messaged_within:
        yield say("got no message within the last {span}", span=span(meant.not_messaged_within))


def _left_out(meant: Audience) -> Iterator[str]:
    if meant.exclude_topics:
        yield say("asked for none of: {topics}", topics=_named(meant.exclude_topics))
    if meant.exclude_psids:
        count = len(meant.exclude_psids)
        yield plural("are not the 1 person whom it names", "are none of the {count} people whom it names", count)
    if meant.exclude_sha256:
        yield say(
            "do not stand in another list (its fingerprint begins with {digest})", digest=meant.exclude_sha256[:12]
        )


def limits(content: Campaign, zone: str) -> Iterator[str]:
    """Say what else its author set: lanes, times, quiet hours, cap, hold-out."""
    lanes = escaped(listed(map(lane_label, content.lanes)))
    yield say("Only by: {lanes}", lanes=lanes) if lanes else say("By any lane that its content qualifies for")
    if content.start_at:
        yield say("Not before {moment}", moment=moment(content.start_at, zone))
    if content.not_after:
        yield say("Not after {moment}", moment=moment(content.not_after, zone))
    if content.quiet_hours:
        hours = content.quiet_hours
        yield say(
            "Nobody is written to between {begin} and {end} by their own clock ({zone} where that is not known)",
            begin=f"{hours.starts:%H:%M}", end=f"{hours.ends:%H:%M}", zone=escaped(hours.zone),
        )  # fmt: skip
    if content.cap:
        within = span(content.cap.within)
        yield plural(
            "At most 1 message to one person in {span}",
            "At most {count} messages to one person in {span}",
            content.cap.messages, span=within,
        )  # fmt: skip
    if content.holdout:
        yield say("{share} % of the people get nothing, to compare with", share=f"{100 * content.holdout:g}")
    if content.event_at:
        yield say("About an event on {moment}", moment=moment(content.event_at, zone))


def span(length: timedelta) -> str:
    """Return a duration in the largest unit that makes it whole."""
    minutes = round(length / timedelta(minutes=1))
    if minutes and minutes % 1440 == 0:
        return plural("1 day", "{count} days", minutes // 1440)
    if minutes and minutes % 60 == 0:
        return plural("1 hour", "{count} hours", minutes // 60)
    return plural("1 minute", "{count} minutes", minutes)


def _named(names: tuple[str, ...]) -> str:
    return escaped(listed(names))
