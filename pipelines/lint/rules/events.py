"""The event tag: for events to come, that the person signed up for."""

from collections.abc import Iterable

from pipelines.lint.message import Finding
from pipelines.lint.reading import Reading

_TAG = "CONFIRMED_EVENT_UPDATE"
_PAST = "tag.confirmed_event_update.disallows.past_event"
_STRANGER = "tag.confirmed_event_update.disallows.unenrolled_event"


def is_past(reading: Reading) -> Iterable[Finding]:
    """An event that is over when the message goes out, by its time or by the words; one that goes on is not over."""
    if reading.tag != _TAG:
        return
    over_at = reading.message.event_ends_at or reading.message.event_at
    if over_at is not None and over_at < reading.at:
        reason = f"The event was over at {over_at:%-d %b %Y, %H:%M} UTC, before the message goes out."
        yield from reading.finding(_PAST, "timing", None, reason, "Send it before the event, or not at all.")
        return
    spans = reading.spans("event_past")
    if spans:
        reason = f"{reading.quoted(spans[0])} speaks of an event that is over."
        yield from reading.finding(_PAST, "timing", spans[0], reason, "Thank people inside the window, or not at all.")


def not_signed_up(reading: Reading) -> Iterable[Finding]:
    """An invitation, and not a word that the person had signed up."""
    spans = reading.spans("invitation") if reading.tag == _TAG and not reading.spans("enrolled") else []
    if spans:
        reason = f"{reading.quoted(spans[0])} invites, and nothing says that the person had signed up."
        yield from reading.finding(_STRANGER, "content", spans[0], reason, "Invite inside the window or for a token.")
