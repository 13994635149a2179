"""A form, as a page fills it in: a campaign in the shape of its file, and the faults that keep it from being one yet.

Its values are what JSON can hold: moments are ISO text, durations text such as "7d". An empty field is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from pipelines.plan.campaign import Audience, Button, Campaign, Variant
from pipelines.plan.campaign_file import KEYS, read_tables
from pipelines.plan.campaign_tables import UNITS, Table
from pipelines.policy import Policy

Form = dict[str, Any]
_BUTTON_KEYS = {"web_url": "url", "postback": "payload", "phone_number": "phone"}
_KEPT_EMPTY = ("button", "image")
"""Tables in which the key that stands says what is meant: there an empty text is a fault, and not nothing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field, such as `audience.topics` or `button[2].url` (from 1), and what to do."""

    key: str
    message: str


class FormFaults:
    """All that is wrong with one form."""

    is_of_file = False

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, where: str, message: str) -> None:
        """Note a fault of the field `where`."""
        self.found.append(Fault(where, message))


def read_form(form: Form, policy: Policy, now: datetime) -> tuple[Campaign | None, tuple[Fault, ...]]:
    """Read a form by the rules of `now` (naive UTC): the campaign, or every fault; being too late already is one.

    Raises PolicyUnknown where the rule book has no limit for that day.
    """
    faults = FormFaults()
    campaign = read_tables(Table(_filled_in(form), "", KEYS, faults), policy, now, None)
    if campaign.not_after and campaign.not_after <= now:
        faults.add("not_after", "has passed already; write a later moment, or none.")
    return (None if faults.found else campaign), tuple(faults.found)


def form_of(campaign: Campaign) -> Form:
    """Return the form that reads as this campaign. Lists of people stay the files that they are, with their sha256."""
    hours, cap, utility, image = campaign.quiet_hours, campaign.cap, campaign.utility, campaign.image
    form = {
        "name": campaign.name, "page_id": campaign.page_id, "purpose": campaign.purpose, "topic": campaign.topic,
        "lanes": list(campaign.lanes), **_wording(campaign.variants),
        "start_at": _moment(campaign.start_at), "not_after": _moment(campaign.not_after),
        "event_at": _moment(campaign.event_at), "event_ends_at": _moment(campaign.event_ends_at),
        "button": [_button(each) for each in campaign.buttons],
        "quick_reply": [_filled({"title": each.title, "payload": each.payload, "image_url": each.image_url})
                        for each in campaign.quick_replies],
        "image": _filled({"url": image.url, "attachment_id": image.attachment_id}) if image else None,
        "audience": _audience(campaign.audience) or None,
        "quiet_hours": {"from": _clock(hours.starts), "to": _clock(hours.ends), "zone": hours.zone} if hours else None,
        "frequency_cap": {"messages": cap.messages, "within": _span(cap.within)} if cap else None,
        "split": {"holdout": campaign.holdout} if campaign.holdout else None,
        "utility": _filled({"template": utility.template, "language": utility.language,
                            "parameters": list(utility.parameters)}) if utility else None,
    }  # fmt: skip
    return _filled(form)


def _filled_in(form: Form) -> Form:
    """Return a form without its empty fields; a table that stands is meant, whatever it holds."""
    filled = _filled(form)
    for key, value in filled.items():
        if isinstance(value, dict):
            filled[key] = _known(value) if key in _KEPT_EMPTY else _filled(value)
        elif isinstance(value, list):
            fill = _known if key in _KEPT_EMPTY else _filled
            filled[key] = [fill(each) if isinstance(each, dict) else each for each in value]
    return filled


def _known(table: Mapping[str, Any]) -> Form:
    return {key: value for key, value in table.items() if value is not None}


def _filled(table: Mapping[str, Any]) -> Form:
    return {key: value for key, value in _known(table).items() if value != [] and not _is_blank(value)}


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()


def _wording(variants: tuple[Variant, ...]) -> Form:
    """One text stands alone, as variant A does in a file; more are variants with their shares."""
    if len(variants) == 1 and (variants[0].name, variants[0].share) == ("A", 1.0):
        return {"text": variants[0].text}
    return {"variant": [{"name": each.name, "text": each.text, "share": each.share} for each in variants]}


def _button(button: Button) -> Form:
    return {"title": button.title, _BUTTON_KEYS[button.kind]: button.value}


def _audience(audience: Audience) -> Form:
    spans = ("last_seen_within", "not_seen_within", "not_messaged_within")
    # Who was forgotten is named by a pseudonym since, which leaves nobody out.
    excluded = [psid for psid in audience.exclude_psids if psid.isdecimal()]
    form = {
        "topics": list(audience.topics), "window": audience.window, "token_kinds": list(audience.token_kinds),
        **{name: _span(getattr(audience, name)) for name in spans},
        "csv": audience.people_csv, "csv_sha256": audience.people_sha256, "tags": list(audience.tags),
        "exclude_psids": excluded, "exclude_csv": audience.exclude_csv,
        "exclude_csv_sha256": audience.exclude_sha256, "exclude_topics": list(audience.exclude_topics),
    }  # fmt: skip
    return _filled(form)


def _moment(at: datetime | None) -> str | None:
    return f"{at.isoformat()}Z" if at else None


def _clock(at: time) -> str:
    return at.isoformat("minutes" if at == at.replace(second=0, microsecond=0) else "auto")


def _span(length: timedelta | None) -> str | None:
    """Return a duration in the largest unit that it is whole in."""
    if length is None:
        return None
    unit = next(each for each, size in UNITS.items() if not length % size)
    return f"{length // UNITS[unit]}{unit}"
