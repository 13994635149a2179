"""What the campaign commands do in a home: the ledger always, warehouse and linter only where they are asked."""

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine

from pipelines import DATA, campaign_told
from pipelines.audit.outcome import outcome
from pipelines.errors import HomeMissing, SurroundingsError, UsageError
from pipelines.ledger import approvals, brakes, campaigns, sends
from pipelines.ledger.chain import kept_head
from pipelines.ledger.store import failing_in_words, ledger_of
from pipelines.lint.linter import Linter
from pipelines.plan import checking, launching
from pipelines.plan.campaign import Campaign
from pipelines.plan.campaign_file import read_campaign
from pipelines.plan.versions import Versions, changes
from pipelines.policy import Policy, load_policy
from pipelines.pseudonyms import pseudonym_key
from pipelines.rights import Person
from pipelines.settings import Settings, read_settings
from pipelines.warehouse import Warehouse

MOST_JOINED = 200_000
"""Sends that are joined with the logs while somebody waits for a status: some seconds."""


@dataclass(frozen=True, slots=True)
class CampaignHome:
    """An open home, at one moment (naive UTC). Whoever acts is named, and refused here without the right to it."""

    settings: Settings
    ledger: Engine
    policy: Policy
    now: datetime
    warehouse: Callable[[], AbstractContextManager[Warehouse]]
    """Lends the home's warehouse. Raises HomeMissing where nothing was loaded."""
    linter: Callable[[], Linter]

    @classmethod
    @contextmanager
    def open(cls, home: Path, now: datetime) -> Iterator[Self]:
        """Open the ledger of a home; when it is closed, the head of the audit chain is kept outside of it."""
        settings = read_settings(home)
        policy = load_policy(DATA / "policy")
        with ledger_of(settings.home, settings.ledger_url) as ledger, kept_head(ledger, settings.heads_path):
            yield cls(settings, ledger, policy, now, lambda: _opened(settings), lambda: Linter.load(DATA, policy))

    @classmethod
    @contextmanager
    def beside(
        cls, settings: Settings, ledger: Engine, warehouse: Warehouse, linter: Callable[[], Linter], now: datetime
    ) -> Iterator[Self]:
        """Work inside the app, on what it holds open already; the head of the chain is kept all the same."""
        with failing_in_words(ledger), kept_head(ledger, settings.heads_path):
            yield cls(settings, ledger, _rules(), now, lambda: nullcontext(warehouse), linter)

    def write(self, file: Path, by: Person, campaign_id: str = "") -> str:
        """Make a draft of a file, and return its id. Raises UsageError, Refused."""
        by.must("write", "write a campaign")
        campaign = read_campaign(file, self.policy, self.now)
        made = campaign_id or f"{slug(campaign.name)}-{secrets.token_hex(2)}"
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", made):
            raise UsageError(f"--id {made}: write up to 64 small letters, digits and hyphens.")
        campaigns.create(self.ledger, made, draft_of(campaign), by.name, self.now)
        return made

    def rewrite(self, campaign_id: str, file: Path, by: Person) -> None:
        """Put another file in its place. Raises UsageError, Refused."""
        by.must("write", "edit a campaign")
        campaigns.get(self.ledger, campaign_id)
        draft = draft_of(read_campaign(file, self.policy, self.now))
        campaigns.edit(self.ledger, campaign_id, draft, by.name, self.now)

    def check(self, campaign_id: str, by: Person) -> bool:
        """Plan, lint and freeze; return whether a finding blocks it."""
        by.must("write", "check a campaign")
        campaigns.signed(by.name)
        record = campaigns.get(self.ledger, campaign_id)
        launching.park_if_late(self.ledger, record, by.name, self.now)
        linter = self.linter()
        with self.warehouse() as warehouse, warehouse.cursor() as cursor:
            found = checking.check(cursor, self.ledger, linter, record, by.name, self.now, self.settings.plans_path)
        return found.judgement.verdict == "block"

    def approve(self, campaign_id: str, by: Person, reason: str, seen: int | None = None) -> None:
        """Let it pass. `seen` is the plan that `by` looked at: no other passes. Raises Refused."""
        by.must("approve", "approve a campaign")
        campaigns.signed(by.name)
        launching.approve(self.ledger, campaigns.get(self.ledger, campaign_id), by.name, self.now, reason, seen)

    def send_back(self, campaign_id: str, by: Person, reason: str, seen: int | None = None) -> None:
        """Give it back to its author with a written reason; `seen` as in `approve`. Raises Refused."""
        by.must("approve", "send a campaign back")
        campaigns.signed(by.name)
        launching.send_back(self.ledger, campaigns.get(self.ledger, campaign_id), by.name, self.now, reason, seen)

    def foresee(self, campaign_id: str, by: Person) -> launching.Foreseen:
        """Say what a launch would do now, and write nothing. Raises Refused."""
        by.must("send", "launch a campaign")
        record = campaigns.get(self.ledger, campaign_id)
        linter = self.linter()
        with self.warehouse() as warehouse, warehouse.cursor() as cursor:
            return launching.foresee(cursor, self.ledger, linter, record, self.now, self.settings.plans_path)

    def launch(self, campaign_id: str, by: Person) -> launching.Launched:
        """Reserve every send. Raises Refused."""
        by.must("send", "launch a campaign")
        campaigns.signed(by.name)
        record = campaigns.get(self.ledger, campaign_id)
        linter = self.linter()
        with self.warehouse() as warehouse, warehouse.cursor() as cursor:
            return launching.launch(cursor, self.ledger, linter, record, by.name, self.now, self.settings.plans_path)

    def pause(self, campaign_id: str, by: Person, why: str) -> None:
        """Stop sending."""
        by.must("pause", "pause a campaign")
        campaigns.change(self.ledger, campaign_id, "paused", by.name, self.now, why or "by hand", "campaign_paused")

    def resume(self, campaign_id: str, by: Person, why: str) -> None:
        """Go on, and release the Page."""
        by.must("send", "resume a campaign")
        campaigns.signed(by.name)
        record = campaigns.get(self.ledger, campaign_id)
        launching.resume(self.ledger, self.linter(), record, by.name, self.now, why or "by hand")
        with self.ledger.begin() as connection:
            brakes.take_off(connection, record.page_id)

    def cancel(self, campaign_id: str, by: Person, why: str) -> None:
        """End it."""
        by.must("send", "cancel a campaign")
        campaigns.signed(by.name)
        sends.cancel(self.ledger, campaigns.get(self.ledger, campaign_id), by.name, self.now, why or "by hand")

    def settle(self, campaign_id: str, send_ids: Sequence[int], *, arrived: bool, by: Person, why: str) -> int:
        """Write down what a person found out about unconfirmed sends."""
        by.must("approve", "settle what is unconfirmed")
        campaigns.signed(by.name)
        record = campaigns.get(self.ledger, campaign_id)
        return sends.settle(self.ledger, record, send_ids, arrived=arrived, by=by.name, now=self.now, why=why)

    def pause_all(self, by: Person, why: str) -> list[str]:
        """Stop everything."""
        by.must("pause", "stop everything")
        return campaigns.stop_all(self.ledger, by.name, self.now, why or "by hand")

    def release_all(self, by: Person, why: str) -> None:
        """Let everything start again."""
        by.must("operate", "let campaigns start again")
        campaigns.release_all(self.ledger, by.name, self.now, why or "by hand")

    def stopped(self, by: Person) -> campaigns.Stop | None:
        """Return who stopped everything; None while campaigns may start."""
        by.must("see", "see campaigns")
        with self.ledger.connect() as connection:
            return campaigns.standing_stop(connection)

    def every(self, by: Person) -> list[dict[str, Any]]:
        """Return every campaign, in short, oldest first."""
        by.must("see", "see campaigns")
        return campaign_told.every(self.ledger)

    def told(self, campaign_id: str, by: Person) -> dict[str, Any]:
        """
        Return all there is to say of a campaign: id, status, counts, lanes, findings, and what led to them.

        People stand in it under pseudonyms, the same as on the pages, unless `by` may see their ids.
        """
        by.must("see", "see a campaign")
        secret = None if by.may("see_ids") else pseudonym_key(self.settings.home)
        return campaign_told.told(self.ledger, campaign_id, secret, self.now)

    def content(self, campaign_id: str, by: Person) -> Campaign:
        """Return what its author wrote."""
        by.must("see", "see a campaign")
        return Campaign.from_json(campaigns.get(self.ledger, campaign_id).definition)

    def changed(self, campaign_id: str, by: Person) -> Versions | None:
        """Return how it differs from what was last approved of it; None where nothing was."""
        by.must("see", "see a campaign")
        found = approvals.last_approved(self.ledger, campaign_id)
        if found is None:
            return None
        approval, plan = found
        was = None if plan.definition is None else Campaign.from_json(plan.definition)
        now = self.content(campaign_id, by)
        return Versions(approval.approved_by, approval.approved_at, None if was is None else changes(was, now))

    def outcome(self, campaign_id: str, by: Person) -> dict[str, Any]:
        """Return what the logs tell of a campaign: {"funnel", "logs_until"}, or a "note" why that is not told."""
        by.must("see", "see a campaign")
        count = sum(each.sends for each in sends.tally(self.ledger, campaign_id))
        if not count:
            return {}
        if count > MOST_JOINED:
            return {"note": f"With {count:,} sends deliveries and reads take a while: `audit export` has them."}
        try:
            with self.warehouse() as warehouse, warehouse.cursor() as cursor:
                found = outcome(self.ledger, cursor, campaign_id)
        except SurroundingsError as error:
            return {"note": f"Deliveries and reads are not shown: {error}"}
        return {"funnel": [asdict(each) for each in found.funnel], "logs_until": found.logs_until}


@cache
def _rules() -> Policy:
    """Return the rule book, read once a process: pages ask for it every few seconds."""
    return load_policy(DATA / "policy")


@contextmanager
def _opened(settings: Settings) -> Iterator[Warehouse]:
    if not settings.warehouse_path.exists():
        raise HomeMissing(
            f"{settings.home} holds no warehouse yet, so nobody can be written to. "
            f"Load logs: clear-to-send load PATH --home {settings.home}"
        )
    with Warehouse.open(settings.warehouse_path) as warehouse:
        yield warehouse


def draft_of(campaign: Campaign) -> campaigns.Draft:
    """Return what the ledger keeps of a campaign."""
    return campaigns.Draft(
        campaign.page_id, campaign.name, campaign.to_json(), campaign.fingerprint, campaign.start_at, campaign.not_after
    )


def slug(name: str) -> str:
    """Return a name as the beginning of a campaign's id."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "campaign"
