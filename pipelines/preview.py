"""What a campaign would do, seen while it is typed: who gets it by which lane, what they read, what it costs.

Nothing is written. The numbers are those that a check would find at that moment.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipelines.campaign_home import CampaignHome
from pipelines.dispatch.payload import send_body
from pipelines.errors import Refused
from pipelines.plan.campaign import Campaign
from pipelines.plan.checking import Checked, examine_campaign
from pipelines.plan.fields import MissingField, TooLong
from pipelines.plan.form import Fault, Form, read_form
from pipelines.plan.wording import text_for
from pipelines.pseudonyms import pseudonym, pseudonym_key
from pipelines.rights import Person
from pipelines.statements import statements

_SQL = statements(Path(__file__).with_suffix(".sql"))
_NAME = "preview"
"""Stands for the id that the campaign will have: others may be held out in the end, and read the other variant."""
_MOST_EXAMPLES = 20
_WEEKS = 4
_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Example:
    """What one person would get. `person` is a pseudonym, unless whoever looks may see ids.

    `message` is what is sent, and the others what stands in it: `buttons` and `quick_replies` as they are sent, `image`
    the address of the picture or the id under which Meta saved it. A utility message is its template alone: it has no
    text of ours. `fault` says why this person would get nothing; then there is no message.
    """

    person: str
    lane: str
    variant: str
    text: str = ""
    buttons: tuple[dict[str, str], ...] = ()
    quick_replies: tuple[dict[str, str], ...] = ()
    image: str = ""
    message: dict[str, Any] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Runway:
    """What a campaign does to the one-time tokens of its topic: how many are held at its start, spent by it, and stay.

    `a_week` is by how much the stock fell a week over the last four weeks, opt-ins set off; below nought where it grew.
    The weeks that the stock lasts at that pace are None where it does not fall. `die_30_…` end within 30 days of the
    start without being used, if nothing else goes out.
    """

    topic: str
    held: int
    spent: int
    stay: int
    a_week: float
    weeks_before: float | None
    weeks_after: float | None
    die_30_before: int
    die_30_after: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What is wrong with a form; or, where nothing is, the campaign and what it would do."""

    faults: tuple[Fault, ...]
    campaign: Campaign | None = None
    checked: Checked | None = None
    examples: list[Example] = field(default_factory=list)
    runways: list[Runway] = field(default_factory=list)


def preview(here: CampaignHome, form: Form, by: Person) -> Preview:
    """Say what a form would do as a campaign, now or at its start. Writes nothing."""
    by.must("see", "see what a campaign would do")
    campaign, faults = read_form(form, here.policy, here.now)
    if campaign is None:
        return Preview(faults)
    linter = here.linter()
    try:
        with here.warehouse() as warehouse, warehouse.cursor() as cursor:
            about = campaign, _NAME, campaign.fingerprint
            checked = examine_campaign(cursor, here.ledger, linter, *about, here.now)
            examples = _examples(cursor, here, campaign, by)
            return Preview((), campaign, checked, examples, _runways(cursor, campaign, checked, here.now))
    except Refused as error:  # a list of people that breaks off further down
        is_excluding = campaign.audience.exclude_csv and campaign.audience.exclude_csv in str(error)
        return Preview((Fault("audience.exclude_csv" if is_excluding else "audience.csv", str(error)),))


def _examples(cursor: duckdb.DuckDBPyConnection, here: CampaignHome, campaign: Campaign, by: Person) -> list[Example]:
    key = None if by.may("see_ids") else pseudonym_key(here.settings.home)
    examples = []
    for psid, lane, variant, fields in cursor.execute(_SQL["examples"], {"most": _MOST_EXAMPLES}).fetchall():
        values = json.loads(fields or "{}")
        person = psid
        if key:
            person = pseudonym(key, campaign.page_id, psid)
            # A column of the list may hold the id, and the text or an address of it that column.
            values = {name: value.replace(psid, person) for name, value in values.items()}
        examples.append(_example(campaign, person, lane, variant, values))
    return examples


def _example(campaign: Campaign, person: str, lane: str, variant: str, values: dict[str, str]) -> Example:
    try:
        text = "" if lane == "utility" else text_for(campaign, variant, values)
        # By whatever lane: who gets it and for which token is left out of what is shown.
        body = send_body(campaign, variant, lane, psid=person, token=person, values=values, metadata="")
    except (MissingField, TooLong) as error:
        return Example(person, lane, variant, fault=str(error))
    message = {name: part for name, part in body["message"].items() if name != "metadata"}
    payload = message.get("attachment", {}).get("payload", {})
    card = payload.get("elements", [payload])[0]
    image = campaign.image if lane != "utility" else None
    picture = (image.url or image.attachment_id) if image else ""
    buttons, replies = tuple(card.get("buttons", ())), tuple(message.get("quick_replies", ()))
    return Example(person, lane, variant, text, buttons, replies, picture, message)


def _runways(cursor: duckdb.DuckDBPyConnection, campaign: Campaign, checked: Checked, now: datetime) -> list[Runway]:
    if not checked.counts.tokens:
        return []
    about = {"page_id": campaign.page_id, "topic": campaign.topic}
    moment = {"at": checked.at, "soon": checked.at + _SOON}
    held, spent, dying, dying_spent = _row(cursor, "tokens", about | moment)
    days = {"from_day": now.date() - timedelta(weeks=_WEEKS), "to_day": now.date()}
    (net,) = _row(cursor, "net_use", about | days)
    a_week = net / _WEEKS
    before, after = (count / a_week if a_week > 0 else None for count in (held, held - spent))
    return [Runway(campaign.topic, held, spent, held - spent, a_week, before, after, dying, dying - dying_spent)]


def _row(cursor: duckdb.DuckDBPyConnection, name: str, given: dict[str, Any]) -> tuple[Any, ...]:
    (row,) = cursor.execute(_SQL[name], given).fetchall()
    return tuple(row)
