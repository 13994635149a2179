"""All that the ledger holds about one campaign: its text, plans, approvals and entries, and who let it go out."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select

from pipelines.ledger import approvals as signatures
from pipelines.ledger import campaigns, chain
from pipelines.ledger.approvals import Approval, PlanRecord
from pipelines.ledger.campaigns import CampaignRecord
from pipelines.ledger.chain import Entry, Head
from pipelines.ledger.schema import plans
from pipelines.plan.campaign import Campaign


@dataclass(frozen=True, slots=True)
class Dossier:
    """One campaign as the ledger has it. `content` is None where another version wrote what this one cannot read.

    `plans` and `entries` are oldest first, `approvals` newest first. `head` is the head of the whole chain.
    """

    campaign: CampaignRecord
    content: Campaign | None
    plans: tuple[PlanRecord, ...]
    approvals: tuple[Approval, ...]
    entries: tuple[Entry, ...]
    head: Head

    @property
    def launch(self) -> Entry | None:
        """The entry of the launch; None where there was none."""
        return next((entry for entry in reversed(self.entries) if entry.action == "campaign_launched"), None)

    @property
    def plan(self) -> PlanRecord | None:
        """The plan by which it was launched, or the last one."""
        launch = self.launch
        made = [plan for plan in self.plans if launch is None or plan.made_at <= launch.at]
        return made[-1] if made else None

    @property
    def summary(self) -> dict[str, Any]:
        """What that plan said, or nothing."""
        return self.plan.told() if self.plan else {}

    @property
    def approval(self) -> Approval | None:
        """The approval that stood for that plan's content when it was launched, or stands now."""
        launch, plan = self.launch, self.plan
        for each in self.approvals:
            is_for_it = plan is not None and each.content_hash == plan.content_hash
            was_given = launch is None or each.approved_at <= launch.at
            stood = each.voided_at is None or (launch is not None and each.voided_at > launch.at)
            if is_for_it and was_given and stood:
                return each
        return None


def dossier_of(ledger: Engine, campaign_id: str) -> Dossier:
    """Read one campaign's dossier. Raises UsageError for an id that is not there."""
    campaign = campaigns.get(ledger, campaign_id)
    query = select(*(plans.c[name] for name in PlanRecord.__dataclass_fields__)).order_by(plans.c.plan_id)
    with ledger.connect() as connection:
        return Dossier(
            campaign,
            content_of(campaign.definition),
            tuple(PlanRecord(*row) for row in connection.execute(query.where(plans.c.campaign_id == campaign_id))),
            tuple(signatures.history(connection, campaign_id)),
            tuple(chain.entries(connection, campaign_id)),
            chain.head(connection),
        )


def content_of(definition: str) -> Campaign | None:
    """Read a definition; None where another version wrote what this one cannot read."""
    try:
        return Campaign.from_json(definition)
    except (TypeError, ValueError, KeyError, AttributeError):
        return None
