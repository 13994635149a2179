"""One campaign's whole story, oldest first: what stood in it when, and what was done with it."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from pipelines.audit.dossier import Dossier, content_of, dossier_of
from pipelines.audit.entries import Sought, matching
from pipelines.audit.lineage import pseudonym_in
from pipelines.ledger.approvals import PlanRecord
from pipelines.ledger.chain import Entry
from pipelines.ledger.schema import sends
from pipelines.plan.campaign import Campaign
from pipelines.plan.versions import Change, changes


@dataclass(frozen=True, slots=True)
class Step:
    """
    One thing that was done, or results that were recorded one after the other, which count as one: `entries`.

    `detail` is what its entry says, of results their sum. `text` is what a version says, `changed` how it differs from
    the one before; None where that was not kept. `plan` is what a check found.
    """

    entries: tuple[Entry, ...]
    detail: Mapping[str, Any]
    text: Campaign | None = None
    changed: tuple[Change, ...] | None = None
    plan: PlanRecord | None = None

    @property
    def entry(self) -> Entry:
        """The last entry of it."""
        return self.entries[-1]

    @property
    def since(self) -> datetime:
        """When it began, naive UTC."""
        return self.entries[0].at


@dataclass(frozen=True, slots=True)
class Standing:
    """How many sends of one lane are in one state."""

    lane: str
    state: str
    sends: int


@dataclass(frozen=True, slots=True)
class Sent:
    """One send in a list. `psid` is the person's id, `person` their pseudonym in exports and lineages."""

    send_id: int
    psid: str
    person: str
    lane: str
    variant: str
    state: str
    state_at: datetime
    words: str | None


@dataclass(frozen=True, slots=True)
class Story:
    """All that was done with a campaign, and how its sends stand."""

    dossier: Dossier
    steps: tuple[Step, ...]
    standings: tuple[Standing, ...]


def story(ledger: Engine, campaign_id: str) -> Story:
    """Tell a campaign's story. Raises UsageError for an id that is not there."""
    dossier = dossier_of(ledger, campaign_id)
    with ledger.connect() as connection:
        about = sorted([*dossier.entries, *_stops(connection, campaign_id)], key=lambda each: each.entry_id)
        return Story(dossier, tuple(_steps(dossier, about)), tuple(_standings(connection, campaign_id)))


def some_sends(ledger: Engine, campaign_id: str, states: Sequence[str], most: int) -> list[Sent]:
    """Return the first sends of a campaign, in these states where any is named, in the order of their numbers."""
    names = ("send_id", "psid", "page_id", "lane", "variant", "state", "state_at", "words")
    query = select(*(sends.c[name] for name in names)).where(sends.c.campaign_id == campaign_id)
    if states:
        query = query.where(sends.c.state.in_(states))
    with ledger.connect() as connection:
        rows = connection.execute(query.order_by(sends.c.send_id).limit(most)).all()
    return [
        Sent(each.send_id, each.psid, pseudonym_in(campaign_id, each.page_id, each.psid), *each[3:]) for each in rows
    ]


def told(entry: Entry) -> Mapping[str, Any]:
    """Return what an entry says beside its action; what somebody changed by hand, so that it is no JSON, as it is."""
    try:
        detail = json.loads(entry.detail)
    except ValueError:
        detail = entry.detail
    return detail if isinstance(detail, Mapping) else {"says": detail}


def _stops(connection: Connection, campaign_id: str) -> Iterator[Entry]:
    """Give the entries that stopped everything, and this campaign with it."""
    for entry in matching(connection, Sought(action="everything_stopped")):
        paused = told(entry).get("paused")
        if isinstance(paused, list) and campaign_id in paused:
            yield entry


def _steps(dossier: Dossier, about: Sequence[Entry]) -> Iterator[Step]:
    texts, plans = _texts(dossier), {(plan.made_at, plan.plan_hash): plan for plan in dossier.plans}
    results: list[Entry] = []
    before: Campaign | None = None
    for entry in about:
        if entry.action == "sends_recorded":
            results.append(entry)
            continue
        yield from _recorded(results)
        results = []
        detail = told(entry)
        if entry.action in ("campaign_written", "campaign_edited"):
            text = texts.get(str(detail.get("fingerprint")))
            yield Step((entry,), detail, text, tuple(changes(before, text)) if before and text else None)
            before = text
        else:
            yield Step((entry,), detail, plan=plans.get((entry.at, str(detail.get("plan_hash")))))
    yield from _recorded(results)


def _recorded(results: list[Entry]) -> Iterator[Step]:
    """Give results that were recorded one after the other as one step."""
    if results:
        answers: Counter[str] = Counter()
        for entry in results:
            given = told(entry).get("answers")
            if isinstance(given, Mapping):
                answers.update({str(name): count for name, count in given.items() if isinstance(count, int)})
        yield Step(tuple(results), {"answers": dict(answers)})


def _texts(dossier: Dossier) -> dict[str, Campaign]:
    """Return each version that was kept, by its fingerprint: those that were checked, and what stands in it now."""
    kept = [dossier.content, *(content_of(plan.definition) for plan in dossier.plans if plan.definition)]
    return {each.fingerprint: each for each in kept if each is not None}


def _standings(connection: Connection, campaign_id: str) -> Iterator[Standing]:
    query = select(sends.c.lane, sends.c.state, func.count()).where(sends.c.campaign_id == campaign_id)
    for row in connection.execute(query.group_by(sends.c.lane, sends.c.state).order_by(sends.c.lane, sends.c.state)):
        yield Standing(*row)
