"""A campaign checked: planned for its moment, linted, frozen. The same again at its launch."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Engine

from pipelines.ledger import approvals
from pipelines.ledger.campaigns import CampaignRecord
from pipelines.ledger.sends import last_accepted
from pipelines.lint.linter import Linter
from pipelines.plan import planner
from pipelines.plan.campaign import Campaign
from pipelines.plan.judging import Judgement, judge, lanes_of, page_finding
from pipelines.plan.people import unknown_fields
from pipelines.plan.quiet import quiet_zones
from pipelines.plan.reasons import WORDS, lane_words

PROVEN_FOR = timedelta(days=30)
"""A lane that carried nothing accepted for so long is said to be unproven. Ours: Meta states no such number."""
_VALUES_READ = 200
"""How many distinct sets of values from a CSV are put into the texts and read: what most people will see."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. `at` (naive UTC) is the moment it holds for: now, or the campaign's start."""

    at: datetime
    counts: planner.Counts
    judgement: Judgement
    content_hash: str
    unproven: list[dict[str, str]]
    waiting: int
    """How many of those who get it are in their quiet hours at that moment, and are written to after them."""
    unknown_fields: list[dict[str, str]]

    @property
    def left_out(self) -> list[dict[str, Any]]:
        """Return how many of the audience are left out for which reason, most first: rows of reason, people, words."""
        return [each | {"words": WORDS[each["reason"]]} for each in self.counts.left_out]

    def summary(self) -> dict[str, Any]:
        """Return it as JSON would hold it."""
        return {
            "as_of": self.at.isoformat(), "audience": self.counts.audience, "people": self.counts.people,
            "cost_in_tokens": self.counts.tokens, "lanes": self.counts.lanes, "topics": self.counts.topics,
            "variants": self.counts.variants, "holdout": self._left("holdout"),
            "left_out": self.left_out,
            "strangers": self.counts.strangers, "zones_guessed": self.counts.zones_guessed,
            "in_quiet_hours": self.waiting,
            "verdict": self.judgement.verdict, "findings": list(self.judgement.findings), "unproven": self.unproven,
            "unknown_fields": self.unknown_fields,
        }  # fmt: skip

    def _left(self, reason: str) -> int:
        return sum(each["people"] for each in self.counts.left_out if each["reason"] == reason)


def check(
    cursor: duckdb.DuckDBPyConnection, ledger: Engine, linter: Linter, record: CampaignRecord, by: str,
    now: datetime, plans_folder: Path,
) -> Checked:  # fmt: skip
    """Plan and lint a campaign as of now, or of its start, freeze that, and move it to checked. Raises Refused."""
    checked = examine(cursor, ledger, linter, record, now)
    plan_hash = planner.freeze(cursor, plans_folder)
    approvals.freeze(
        ledger, record.campaign_id, by, now, plan_hash=plan_hash, content_hash=checked.content_hash,
        verdict=checked.judgement.verdict, summary=checked.summary(),
    )  # fmt: skip
    return checked


def examine(
    cursor: duckdb.DuckDBPyConnection, ledger: Engine, linter: Linter, record: CampaignRecord, now: datetime
) -> Checked:
    """Plan and lint a campaign of the ledger without writing anything; the rows stand in `plan_rows`."""
    campaign = Campaign.from_json(record.definition)
    return examine_campaign(cursor, ledger, linter, campaign, record.campaign_id, record.fingerprint, now)


def examine_campaign(
    cursor: duckdb.DuckDBPyConnection, ledger: Engine, linter: Linter, campaign: Campaign, campaign_id: str,
    fingerprint: str, now: datetime,
) -> Checked:  # fmt: skip
    """
    Plan and lint without writing anything; the rows stand in the cursor's `plan_rows`.

    `campaign_id` decides who is held out and who reads which variant; it need not be in the ledger yet.
    """
    at = max(now, campaign.start_at or now)
    policy = linter.policy
    tried = lanes_of(campaign)
    counts = planner.plan(cursor, ledger, policy, campaign_id, campaign, tried, at)
    done = planner.enforcement(cursor, campaign.page_id, at)
    more = page_finding(policy, *done, at) if done else []
    judgement = judge(linter, campaign, planner.distinct_values(cursor, _VALUES_READ), at, more)
    if judgement.lanes != tried:
        # Lint closed a lane: whoever was to go by it goes by another, or is left out.
        counts = planner.plan(cursor, ledger, policy, campaign_id, campaign, judgement.lanes, at)
    content_hash = _content_hash(fingerprint, linter.fingerprint, judgement)
    quiet = quiet_zones(campaign.quiet_hours, (each["zone"] for each in counts.zones), at)
    waiting = sum(each["people"] for each in counts.zones if each["zone"] in quiet)
    unproven = _unproven(ledger, campaign.page_id, counts, now)
    return Checked(at, counts, judgement, content_hash, unproven, waiting, unknown_fields(campaign))


def _content_hash(fingerprint: str, rules: str, judgement: Judgement) -> str:
    """The sha256 of text and audience, of all that judges them, and of what they were judged to be on that day."""
    found = sorted({(each["rule"], each["severity"], each["lane"], each["variant"]) for each in judgement.findings})
    return sha256(json.dumps([fingerprint, rules, judgement.lanes, found]).encode()).hexdigest()


def _unproven(ledger: Engine, page_id: str, counts: planner.Counts, now: datetime) -> list[dict[str, str]]:
    with ledger.connect() as connection:
        last = last_accepted(connection, page_id)
    told = []
    for lane in (each["lane"] for each in counts.lanes):
        when = last.get(lane)
        if when is None or when < now - PROVEN_FOR:
            since = f"the last message by it was accepted on {when:%Y-%m-%d}" if when else "none was accepted so far"
            told.append(
                {"lane": lane, "words": f"The {lane_words(lane)} is unproven here: {since}. The first few go alone."}
            )
    return told
