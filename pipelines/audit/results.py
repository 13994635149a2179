"""What a campaign was good for: shares with intervals, variants and the held-out compared, tokens spent and saved."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from duckdb import DuckDBPyConnection
from sqlalchemy import Connection, Engine, select

from pipelines.audit.intervals import Difference, Share, difference, share_of
from pipelines.audit.sends import REPLY_DAYS, hold_sends
from pipelines.ledger import campaigns, chain
from pipelines.ledger.campaigns import CampaignRecord
from pipelines.ledger.schema import audit_entries
from pipelines.ledger.sends import DEAD
from pipelines.plan.campaign import Campaign
from pipelines.rights import Person
from pipelines.statements import statements

SOON_DAYS = 30
"""A token that ends within so many days would hardly have been used otherwise: our choice, no rule of Meta's."""

Measure = Literal["delivered", "read", "replied", "opted_in"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
ANSWERS: tuple[Measure, ...] = ("replied", "opted_in")
"""What people can also do who got no message."""
_SQL = statements(Path(__file__).with_suffix(".sql"))
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Row:
    """What came of the sends of one lane and variant; the shares are of those accepted.

    `replied`: wrote or pressed a button, `opted_in`: gave a permission, again or anew, within seven days.
    """

    lane: str
    variant: str
    planned: int
    accepted: int
    shares: Mapping[Measure, Share]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far a variant is above the first one, over all lanes; None where one of them reached nobody."""

    measure: Measure
    variant: str
    against: str
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class Baseline:
    """What those held out did in the seven days after the launch, and all others of the plan, sent or not."""

    measure: Measure
    sent: Share
    held: Share
    uplift: Difference | None


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens of one topic. A one-time token is spent by its use; `written_off`: Meta refused it for good."""

    topic: str
    lane: str
    used: int
    written_off: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Results:
    """What came of a campaign, by the logs as far as they are loaded (`logs_until`: into that hour).

    `complete_at` is when the seven days of the last message are over. `baseline` is () where nobody was held out, and
    None where the frozen plan that says who is gone. Times are naive UTC.
    """

    record: CampaignRecord
    rows: tuple[Row, ...]
    variants: Mapping[str, Mapping[Measure, Share]]
    comparisons: tuple[Comparison, ...]
    baseline: tuple[Baseline, ...] | None
    costs: tuple[Cost, ...]
    by_window: int
    in_time: int
    complete_at: datetime | None
    logs_until: datetime | None

    @property
    def is_complete(self) -> bool:
        """Whether the logs reach past the seven days of the last message."""
        if self.complete_at is None or self.logs_until is None:
            return False
        return self.logs_until + _HOUR > self.complete_at

    @property
    def planned(self) -> int:
        """How many sends were reserved."""
        return sum(row.planned for row in self.rows)

    def total(self, measure: Measure) -> Share:
        """Return a share over all lanes and variants."""
        shares = [row.shares[measure] for row in self.rows]
        return share_of(sum(each.count for each in shares), sum(each.of for each in shares))


def results(ledger: Engine, cursor: DuckDBPyConnection, campaign_id: str, plans_folder: Path, by: Person) -> Results:
    """Return what came of a campaign: joins all its sends with the logs. Raises UsageError, Refused."""
    by.must("see", "see the results of a campaign")
    record = campaigns.get(ledger, campaign_id)
    hold_sends(ledger, cursor, record)
    cursor.execute(_SQL["opted"], {"reply_days": REPLY_DAYS})
    rows = tuple(_row(*row) for row in cursor.execute(_SQL["came"]).fetchall())
    content = _content(record)
    variants = _by_variant(rows, [each.name for each in content.variants] if content else [])
    last_at, logs_until = _one(cursor, "reaches", {"page_id": record.page_id})
    return Results(
        record,
        rows,
        variants,
        tuple(_compared(variants)),
        _baseline(ledger, cursor, record, plans_folder),
        tuple(Cost(*row) for row in cursor.execute(_SQL["costs"], {"dead": DEAD}).fetchall()),
        _one(cursor, "by_window", {"topic": content.topic if content else ""})[0],
        _one(cursor, "in_time", {"soon_days": SOON_DAYS})[0],
        last_at + timedelta(days=REPLY_DAYS) if last_at else None,
        logs_until,
    )


def _row(lane: str, variant: str, planned: int, accepted: int, *counts: int) -> Row:
    shares = {measure: share_of(count, accepted) for measure, count in zip(MEASURES, counts, strict=True)}
    return Row(lane, variant, planned, accepted, shares)


def _by_variant(rows: tuple[Row, ...], written: Sequence[str]) -> dict[str, dict[Measure, Share]]:
    """Put the lanes together, in the order of the text: which variant a person gets does not depend on the lane."""
    found: dict[str, dict[Measure, Share]] = {}
    sent = dict.fromkeys(row.variant for row in rows)
    for variant in sorted(sent, key=lambda name: written.index(name) if name in written else len(written)):
        shares = [row.shares for row in rows if row.variant == variant]
        found[variant] = {
            measure: share_of(sum(each[measure].count for each in shares), sum(each[measure].of for each in shares))
            for measure in MEASURES
        }
    return found


def _compared(variants: Mapping[str, Mapping[Measure, Share]]) -> list[Comparison]:
    """Hold each variant against the first; all differences of one measure hold at once."""
    first, *others = variants or ("",)
    return [
        Comparison(measure, name, first, difference(variants[name][measure], variants[first][measure], len(others)))
        for measure in MEASURES
        for name in others
    ]


def _baseline(
    ledger: Engine, cursor: DuckDBPyConnection, record: CampaignRecord, folder: Path
) -> tuple[Baseline, ...] | None:
    if record.launched_at is None:
        return ()
    with ledger.connect() as connection:
        plan = _launched_plan(connection, record.campaign_id, folder)
    if plan is None:
        return None
    begins = max(record.launched_at, record.start_at or record.launched_at)
    given = {"file": str(plan), "page_id": record.page_id, "begins": begins, "reply_days": REPLY_DAYS}
    parts = {part: counts for part, *counts in cursor.execute(_SQL["parts"], given).fetchall()}
    if not {"sent", "held"} <= parts.keys():
        return ()
    (sent_of, *sent), (held_of, *held) = parts["sent"], parts["held"]
    found = []
    for measure, count_sent, count_held in zip(ANSWERS, sent, held, strict=True):
        shares = share_of(count_sent, sent_of), share_of(count_held, held_of)
        found.append(Baseline(measure, *shares, difference(*shares)))
    return tuple(found)


def _launched_plan(connection: Connection, campaign_id: str, folder: Path) -> Path | None:
    """Return the plan that was launched; None where its file is gone.

    Whoever is forgotten is taken out of it, and it gets another name: the trail tells both.
    """
    launches = [each for each in chain.entries(connection, campaign_id) if each.action == "campaign_launched"]
    name = str(json.loads(launches[-1].detail).get("plan_hash", "")) if launches else ""
    if not (folder / f"{name}.parquet").exists():
        erasures = select(audit_entries.c.detail).where(audit_entries.c.action == "erasure_done")
        for text in connection.execute(erasures.order_by(audit_entries.c.entry_id)).scalars():
            name = json.loads(text).get("plans", {}).get(name, name)
    file = folder / f"{name}.parquet"
    return file if file.exists() else None


def _content(record: CampaignRecord) -> Campaign | None:
    try:
        return Campaign.from_json(record.definition)
    except (ValueError, TypeError, KeyError):  # another version's
        return None


def _one(cursor: DuckDBPyConnection, name: str, given: Mapping[str, Any]) -> tuple[Any, ...]:
    (row,) = cursor.execute(_SQL[name], given).fetchall()
    return tuple(row)
