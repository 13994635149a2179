"""What the ledger says in keys and numbers, in words for whoever reads a report."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pipelines.plan.campaign import Audience, Campaign
from pipelines.plan.reasons import lane_words

_ACTIONS = {
    "subscription_changed": "Meta's answer about a Page's subscription changed",
    "campaign_written": "Written",
    "campaign_edited": "Edited; earlier approvals are void",
    "campaign_checked": "Checked",
    "campaign_approved": "Approved",
    "campaign_sent_back": "Sent back to its author",
    "send_back_refused": "Sending back refused",
    "approval_refused": "Approval refused",
    "launch_refused": "Launch refused",
    "campaign_launched": "Launched",
    "campaign_paused": "Paused",
    "campaign_resumed": "Resumed",
    "resume_refused": "Resuming refused",
    "campaign_parked": "Parked: too late to go on",
    "campaign_cancelled": "Cancelled",
    "campaign_done": "Done",
    "campaign_exported": "Exported for audit",
    "report_exported": "Its report exported as PDF",
    "sends_settled": "Unconfirmed sends settled",
    "sends_recorded": "Results recorded",
    "sends_lapsed": "Given up: their permission or their time had ended",
}
_SHOWN_DIGITS = 12
_SHOWN_ITEMS = 8


def moment(at: datetime | None) -> str:
    """Return a time, naive UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "-"


def action(name: str) -> str:
    """Return what an entry of the chain says was done."""
    return _ACTIONS.get(name, plain(name).capitalize())


def plain(key: str) -> str:
    """Return a key as words."""
    return key.replace("_", " ")


def span(length: timedelta) -> str:
    """Return a duration in the largest unit that makes it whole."""
    seconds = round(length.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count:,} {unit}{'' if count == 1 else 's'}"
    return f"{seconds:,} seconds"


def short(digest: str | None) -> str:
    """Return the beginning of a hash: enough to compare by eye."""
    return digest[:_SHOWN_DIGITS] if digest else "-"


def audience(meant: Audience) -> list[str]:
    """Say each condition of an audience; all of them must hold."""
    conditions = (
        (meant.topics, "asked for one of: {}", ", ".join(meant.topics)),
        (meant.window, "their window is {}", meant.window),
        (meant.token_kinds, "hold a token of kind {}", " or ".join(meant.token_kinds)),
        (meant.last_seen_within, "wrote within the last {}", meant.last_seen_within),
        (meant.not_seen_within, "did not write within the last {}", meant.not_seen_within),
        (meant.not_messaged_within, "got no message within the last {}", meant.not_messaged_within),
        (meant.people_sha256, "stand in the list whose sha256 begins with {}", short(meant.people_sha256)),
        (meant.tags, "have one of the tags: {}", ", ".join(meant.tags)),
        (meant.exclude_topics, "asked for none of: {}", ", ".join(meant.exclude_topics)),
        (meant.exclude_psids, "are none of the people whom the campaign names ({})", f"{len(meant.exclude_psids):,}"),
        (meant.exclude_sha256, "do not stand in the list whose sha256 begins with {}", short(meant.exclude_sha256)),
    )
    return [
        words.format(span(value) if isinstance(value, timedelta) else value)
        for is_asked, words, value in conditions
        if is_asked
    ]


def limits(content: Campaign) -> Iterator[str]:
    """Say what else its author asked for: times, quiet hours, the cap, the group that gets nothing."""
    if content.start_at:
        yield f"not before {moment(content.start_at)}"
    if content.not_after:
        yield f"not after {moment(content.not_after)}"
    if content.quiet_hours:
        hours = content.quiet_hours
        quiet = f"{hours.starts:%H:%M} and {hours.ends:%H:%M}"
        yield f"not between {quiet} by each person's clock ({hours.zone} where that is not known)"
    if content.cap:
        count = content.cap.messages
        yield f"at most {count} message{'' if count == 1 else 's'} to one person in {span(content.cap.within)}"
    if content.holdout:
        yield f"{100 * content.holdout:g} % of the people get nothing, for comparison"
    if content.event_at:
        ends = f" to {moment(content.event_ends_at)}" if content.event_ends_at else ""
        yield f"about an event: {moment(content.event_at)}{ends}"


def detail(text: str) -> str:
    """Return what an entry of the chain says beside its action: `detail` is JSON."""
    told = json.loads(text)
    if not isinstance(told, Mapping):
        return str(told)
    return "; ".join(
        f"{key.replace('_', ' ')}: {_value(value)}" for key, value in told.items() if value not in (None, "")
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_value(part)}" for key, part in value.items())
    if isinstance(value, list):
        shown = [_row(part) if isinstance(part, Mapping) else _value(part) for part in value[:_SHOWN_ITEMS]]
        return (
            ", ".join([*shown, *([f"and {len(value) - _SHOWN_ITEMS} more"] if len(value) > _SHOWN_ITEMS else [])])
            or "none"
        )
    if isinstance(value, int):
        return f"{value:,}"
    is_hash = isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")
    return f"{short(value)}…" if is_hash else str(value)


def _row(part: Mapping[str, Any]) -> str:
    """Return a row of a summary, as in "one-time notification token: 120"."""
    named = part.get("lane") or part.get("reason")
    people = part.get("people")
    if named is None or not isinstance(people, int):
        return _value(part)
    return f"{lane_words(str(named)) if 'lane' in part else plain(str(named))}: {people:,}"
