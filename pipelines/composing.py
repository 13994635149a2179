"""What the page for writing campaigns does: drafts that are saved as they are typed, and become campaigns.

A team shares its drafts: whoever may write sees and changes all of them. Who submits one is its campaign's author.
"""

from datetime import datetime
from typing import NamedTuple

from pipelines.campaign_home import CampaignHome, draft_of, slug
from pipelines.errors import Refused, UsageError
from pipelines.ledger import campaigns
from pipelines.ledger import drafts as kept
from pipelines.ledger.drafts import Draft, DraftGone
from pipelines.ledger.moves import CAMPAIGN_MOVES
from pipelines.plan.campaign import Campaign
from pipelines.plan.form import Fault, Form, form_of, read_form
from pipelines.preview import Example, Preview, Runway, preview
from pipelines.rights import Person

__all__ = [
    "Draft", "DraftGone", "Example", "Fault", "Form", "Opened", "Preview", "Runway", "begin", "copy", "discard",
    "draft", "drafts", "preview", "reopen", "save", "submit",
]  # fmt: skip


class Opened(NamedTuple):
    """A draft as somebody opens it: its form, the campaign that it is to change, and who saved it last, and when."""

    form: Form
    campaign_id: str | None
    saved_at: datetime
    saved_by: str


def begin(here: CampaignHome, by: Person, form: Form | None = None) -> str:
    """Begin a draft of a new campaign, and return its id."""
    _may_write(by)
    return kept.begin(here.ledger, form or {}, by.name, here.now)


def save(here: CampaignHome, draft_id: str, form: Form, by: Person) -> None:
    """Put a form in the place of what the draft held: the last who saves wins. Raises DraftGone."""
    _may_write(by)
    kept.save(here.ledger, draft_id, form, by.name, here.now)


def draft(here: CampaignHome, draft_id: str, by: Person) -> Opened:
    """Open a draft. Raises DraftGone, which names the campaign that it became."""
    by.must("see", "see a draft")
    found = kept.get(here.ledger, draft_id)
    return Opened(found.form, found.campaign_id, found.saved_at, found.saved_by)


def drafts(here: CampaignHome, by: Person) -> list[Draft]:
    """Return all drafts, the last saved first."""
    by.must("write", "see drafts")
    return kept.every(here.ledger)


def discard(here: CampaignHome, draft_id: str, by: Person) -> None:
    """Throw a draft away, whoever began it. The campaign that it was to change stays as it is."""
    _may_write(by)
    kept.discard(here.ledger, draft_id)


def copy(here: CampaignHome, campaign_id: str, by: Person) -> str:
    """Begin a draft of a new campaign from an earlier one, without the moments that have passed."""
    _may_write(by)
    campaign = Campaign.from_json(campaigns.get(here.ledger, campaign_id).definition)
    form = form_of(campaign)
    for moment in _passed(campaign, here.now):
        form.pop(moment, None)
    return kept.begin(here.ledger, form, by.name, here.now)


def reopen(here: CampaignHome, campaign_id: str, by: Person) -> str:
    """Open a campaign to be changed: in the draft that somebody has begun of it, or a new one. Raises Refused."""
    _may_write(by)
    record = campaigns.get(here.ledger, campaign_id)
    if record.launched_at or (record.state, "draft") not in CAMPAIGN_MOVES:
        what = "was launched, and its text stays as people got it" if record.launched_at else f"is {record.state}"
        raise Refused(f"The campaign {campaign_id} {what}. Copy it, and change the copy.")
    form = form_of(Campaign.from_json(record.definition))
    return kept.reopen(here.ledger, campaign_id, form, by.name, here.now)


def submit(here: CampaignHome, draft_id: str, by: Person) -> str:
    """
    Make the draft a campaign, or change the one that it is about, and check that. Returns the campaign's id.

    Submitted twice, it is one campaign. Raises UsageError, which lists what is wrong with the form; Refused where the
    campaign was launched meanwhile; DraftGone.
    """
    _may_write(by)
    try:
        campaign_id = _written(here, kept.get(here.ledger, draft_id), by)
    except DraftGone as gone:
        if gone.campaign_id in ("", draft_id):  # nobody can say that a change which is gone was made
            raise
        return gone.campaign_id
    here.check(campaign_id, by)
    return campaign_id


def _written(here: CampaignHome, found: Draft, by: Person) -> str:
    """Write the campaign down; the draft goes in the same transaction. A new one's id ends with that of its draft."""
    campaign, faults = read_form(found.form, here.policy, here.now)
    if campaign is None:
        listed = [f"{fault.key}: {fault.message}" for fault in faults]
        raise UsageError("\n- ".join(["This is not a campaign yet; mend what is wrong with it:", *listed]))
    entry = draft_of(campaign)
    if found.campaign_id:
        campaigns.edit(here.ledger, found.campaign_id, entry, by.name, here.now, typed_as=found.draft_id)
        return found.campaign_id
    campaign_id = f"{slug(campaign.name)}-{found.draft_id}"
    campaigns.create(here.ledger, campaign_id, entry, by.name, here.now, typed_as=found.draft_id)
    return campaign_id


def _passed(campaign: Campaign, now: datetime) -> list[str]:
    """Name the moments of a campaign that a copy of it cannot have any more."""
    ends_at = campaign.event_ends_at or campaign.event_at
    is_over = ends_at is not None and ends_at <= now
    moments = {"start_at": campaign.start_at, "not_after": campaign.not_after}
    passed = [name for name, at in moments.items() if at and at <= now]
    return passed + (["event_at", "event_ends_at"] if is_over else [])


def _may_write(by: Person) -> None:
    by.must("write", "write a campaign")
    campaigns.signed(by.name)
