"""What changed from one version of a campaign to another: for whoever approved the one and reads the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from pipelines.plan.campaign import Audience, Campaign
from pipelines.plan.reasons import lane_words

_SHOWN_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an author can say of a campaign, before and now; '' where nothing was said, or is.

    `field` is a key of FIELDS, `of` the name of the variant that it is about; '' for what is about all of them.
    """

    field: str
    of: str
    was: str
    is_: str


@dataclass(frozen=True, slots=True)
class Versions:
    """Who approved the last version that was, when (naive UTC), and what changed; None where it was not kept."""

    approved_by: str
    approved_at: datetime
    changes: list[Change] | None


FIELDS = {
    "name": "Name", "page_id": "Page", "purpose": "Purpose", "topic": "Topic", "lanes": "Lanes", "text": "Text",
    "share": "Share of the people", "buttons": "Buttons", "quick_replies": "Quick replies", "image": "Picture",
    "utility": "Utility template", "topics": "Audience: asked for one of", "window": "Audience: their window is",
    "token_kinds": "Audience: hold a token of kind", "last_seen_within": "Audience: wrote within",
    "not_seen_within": "Audience: did not write within", "not_messaged_within": "Audience: got no message within",
    "people_csv": "Audience: stand in the list", "tags": "Audience: have one of the tags",
    "exclude_topics": "Left out: asked for one of", "exclude_psids": "Left out: people by their id",
    "exclude_csv": "Left out: stand in the list", "holdout": "Held out", "cap": "At most to one person",
    "quiet_hours": "Quiet hours", "start_at": "Not before", "not_after": "Not after", "event_at": "Event",
    "event_ends_at": "Event ends",
}  # fmt: skip
"""What each field is called."""


def changes(was: Campaign, now: Campaign) -> list[Change]:
    """Return all that differs, in the order of FIELDS; nothing for equal campaigns."""
    is_one_text = len(was.variants) == len(now.variants) == 1  # then its name tells nobody anything
    before, after = ({(field, "" if is_one_text else of): words for (field, of), words in _said(each)}
                     for each in (was, now))  # fmt: skip
    keys = sorted(before.keys() | after.keys(), key=lambda key: (list(FIELDS).index(key[0]), key[1]))
    told = ((key, before.get(key, ""), after.get(key, "")) for key in keys)
    return [Change(*key, old, new) for key, old, new in told if old != new]


def _said(of: Campaign) -> Iterator[tuple[tuple[str, str], str]]:
    """Give all that a campaign says, as ((field, variant), words)."""
    for variant in of.variants:
        yield ("text", variant.name), variant.text
        yield ("share", variant.name), _percent(variant.share)
    utility, image, cap = of.utility, of.image, of.cap
    said = {
        "name": of.name, "page_id": of.page_id, "purpose": of.purpose.replace("_", " "), "topic": of.topic,
        "lanes": ", ".join(lane_words(lane) for lane in of.lanes),
        "buttons": "\n".join(f"{each.title} → {each.value}" for each in of.buttons),
        "quick_replies": "\n".join(f"{each.title} → {each.payload} {each.image_url}".strip()
                                   for each in of.quick_replies),
        "image": (image.url or image.attachment_id) if image else "",
        "utility": ", ".join([f"{utility.template} ({utility.language})", *utility.parameters]) if utility else "",
        "holdout": _percent(of.holdout) if of.holdout else "",
        "cap": f"{cap.messages} in {_span(cap.within)}" if cap else "",
        "quiet_hours": _quiet(of), "start_at": _moment(of.start_at), "not_after": _moment(of.not_after),
        "event_at": _moment(of.event_at), "event_ends_at": _moment(of.event_ends_at),
    } | _meant(of.audience)  # fmt: skip
    yield from (((field, ""), words) for field, words in said.items())


def _meant(audience: Audience) -> dict[str, str]:
    spans = ("last_seen_within", "not_seen_within", "not_messaged_within")
    lists = ("topics", "token_kinds", "tags", "exclude_topics")
    named = audience.exclude_psids
    return {
        **{field: _span(getattr(audience, field)) for field in spans},
        **{field: ", ".join(getattr(audience, field)) for field in lists},
        "window": audience.window,
        # Of lists of people only that they are other ones: nobody is named to whoever may not see ids.
        "people_csv": audience.people_sha256[:_SHOWN_DIGITS],
        "exclude_csv": audience.exclude_sha256[:_SHOWN_DIGITS],
        "exclude_psids": f"{len(named)} ({_digest(named)})" if named else "",
    }


def _quiet(of: Campaign) -> str:
    hours = of.quiet_hours
    return f"{hours.starts:%H:%M}-{hours.ends:%H:%M} {hours.zone}" if hours else ""


def _digest(names: tuple[str, ...]) -> str:
    return sha256("\n".join(sorted(names)).encode()).hexdigest()[:_SHOWN_DIGITS]


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC".replace(":00 UTC", " UTC") if at else ""


def _percent(share: float) -> str:
    return f"{100 * share:g} %"


def _span(length: timedelta | None) -> str:
    """Return a duration as a campaign file writes it: 7d, 36h, 90m."""
    if length is None:
        return ""
    for unit, size in (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("m", timedelta(minutes=1))):
        if length % size == timedelta(0):
            return f"{length // size}{unit}"
    return f"{length / timedelta(seconds=1):g}s"
