"""One message to one audience: all that its author said of it. Durations are timedeltas, times naive UTC."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Literal, TypeVar

from pipelines.plan.fields import demanded_names, field_names

PURPOSES = ("promotional", "event_update", "purchase_update", "account_update")
TOKEN_LANES = ("otn", "marketing")
LANES = ("standard_window", *TOKEN_LANES, "utility")
"""The lanes but for the tags, which are written tag:NAME."""

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class Variant:
    """One wording, and the share of the people who get it."""

    name: str
    text: str
    share: float


@dataclass(frozen=True, slots=True)
class Button:
    """A button below the text. `value` is the address, the payload or the telephone number, by its kind."""

    kind: Literal["web_url", "postback", "phone_number"]
    title: str
    value: str


@dataclass(frozen=True, slots=True)
class QuickReply:
    """An answer that a person can give by a tap."""

    title: str
    payload: str
    image_url: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture: by its address, or by the id under which Meta has saved it. One of the two is ''."""

    url: str = ""
    attachment_id: str = ""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is meant; a condition that is '', () or None asks for nothing. `window` is "open" or "closed".

    The CSV files are absolute paths, with the sha256 of what they held when the campaign was read.
    """

    topics: tuple[str, ...] = ()
    window: str = ""
    token_kinds: tuple[str, ...] = ()
    last_seen_within: timedelta | None = None
    not_seen_within: timedelta | None = None
    not_messaged_within: timedelta | None = None
    people_csv: str = ""
    tags: tuple[str, ...] = ()
    exclude_psids: tuple[str, ...] = ()
    exclude_csv: str = ""
    exclude_topics: tuple[str, ...] = ()
    people_sha256: str = ""
    exclude_sha256: str = ""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours [starts, ends) in which nobody is written to, over midnight where starts is the later.

    By each person's own clock; `zone` is for people whose zone is not known.
    """

    starts: time
    ends: time
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Cap:
    """How many messages one person may get from the Page in any such span, this one among them."""

    messages: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class Utility:
    """The approved template that goes out by the utility lane, with what fills its {{1}}, {{2}} …, in order."""

    template: str
    language: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """How many characters fit, by the rule book of the day on which the campaign was read.

    `text` is for the text as this campaign sends it: alone, or over buttons. With an image it goes into a card, as
    `card_title` and `card_subtitle`.
    """

    text: int
    card_title: int
    card_subtitle: int
    payload: int


@dataclass(frozen=True, slots=True)
class Campaign:
    """One message to one audience. Made by `read_campaign`, or from the JSON that the ledger keeps.

    `lanes` empty means any lane that the content qualifies for. The shares of the variants are of those people who
    are not held out.
    """

    name: str
    page_id: str
    purpose: str
    variants: tuple[Variant, ...]
    room: Room
    topic: str = ""
    lanes: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    quick_replies: tuple[QuickReply, ...] = ()
    image: Image | None = None
    audience: Audience = Audience()
    start_at: datetime | None = None
    not_after: datetime | None = None
    quiet_hours: QuietHours | None = None
    cap: Cap | None = None
    holdout: float = 0.0
    event_at: datetime | None = None
    event_ends_at: datetime | None = None
    utility: Utility | None = None

    def variant(self, name: str) -> Variant:
        """Return the variant of that name. Raises KeyError."""
        found = {variant.name: variant for variant in self.variants}
        return found[name]

    def field_names(self, variant_name: str) -> tuple[str, ...]:
        """Return the names of all fields that a send of this variant may fill, each once."""
        return tuple(dict.fromkeys(name for text in self._texts(variant_name) for name in field_names(text)))

    def demanded_names(self, variant_name: str) -> tuple[str, ...]:
        """Return those of them without a fallback: whoever has no value for each is left out."""
        return tuple(dict.fromkeys(name for text in self._texts(variant_name) for name in demanded_names(text)))

    def to_json(self) -> str:
        """Return canonical JSON: equal campaigns give equal text."""
        return json.dumps(asdict(self), default=_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Campaign":
        """Return the campaign that `to_json` wrote."""
        return _made(cls, json.loads(text), _CAMPAIGN)

    @property
    def fingerprint(self) -> str:
        """The sha256 of all that a reader, an audience or a rule can see: an approval is for this.

        Not of where the CSV files lie: of what they hold.
        """
        seen = replace(self, audience=replace(self.audience, people_csv="", exclude_csv=""))
        return hashlib.sha256(seen.to_json().encode()).hexdigest()

    def _texts(self, variant_name: str) -> list[str]:
        parameters = self.utility.parameters if self.utility else ()
        return [
            self.variant(variant_name).text,
            *(button.value for button in self.buttons),
            *(reply.payload for reply in self.quick_replies),
            *parameters,
        ]


def _plain(value: object) -> str | float:
    if isinstance(value, timedelta):
        return value / timedelta(seconds=1)
    if isinstance(value, datetime | time):
        return value.isoformat()
    msg = f"A campaign holds no {type(value).__name__}."
    raise TypeError(msg)


def _made(kind: type[_Part], table: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Any]]) -> _Part:
    """Make a dataclass of its JSON; `readers` turn back what JSON has no type for. A null stays None."""
    return kind(
        **{key: readers[key](value) if key in readers and value is not None else value for key, value in table.items()}
    )


def _seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def _part(kind: type[_Part], **readers: Callable[[Any], Any]) -> Callable[[Any], _Part]:
    return lambda table: _made(kind, table, readers)


def _parts(kind: type[_Part]) -> Callable[[Any], tuple[_Part, ...]]:
    return lambda tables: tuple(_made(kind, table, {}) for table in tables)


_CAMPAIGN: dict[str, Callable[[Any], Any]] = {
    "variants": _parts(Variant),
    "room": _part(Room),
    "lanes": tuple,
    "buttons": _parts(Button),
    "quick_replies": _parts(QuickReply),
    "image": _part(Image),
    "audience": _part(
        Audience,
        **dict.fromkeys(("topics", "token_kinds", "tags", "exclude_psids", "exclude_topics"), tuple),
        **dict.fromkeys(("last_seen_within", "not_seen_within", "not_messaged_within"), _seconds),
    ),
    "start_at": datetime.fromisoformat,
    "not_after": datetime.fromisoformat,
    "quiet_hours": _part(QuietHours, starts=time.fromisoformat, ends=time.fromisoformat),
    "cap": _part(Cap, within=_seconds),
    "event_at": datetime.fromisoformat,
    "event_ends_at": datetime.fromisoformat,
    "utility": _part(Utility, parameters=tuple),
}
