"""Drafts: what the last one saved is what there is, and one becomes one campaign, whoever submits it how often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine

from pipelines.ledger import campaigns, chain, drafts
from pipelines.ledger.drafts import DraftGone
from tests.ledger import broadcasts
from tests.ledger.broadcasts import AUTHOR, NOW, OTHER

LATER = NOW + timedelta(minutes=1)
FORM = {"name": "Schuhe für \u0111", "variant": [{"text": "a", "share": 0.5}], "audience": {"topics": []}}


def actions(ledger: Engine) -> list[str]:
    """Return what the trail tells, oldest first."""
    with ledger.connect() as connection:
        return [entry.action for entry in chain.entries(connection)]


def test_the_last_who_saves_wins(ledger: Engine) -> None:
    """The form comes back as it was saved, by whoever that was; nothing of it is in the trail."""
    first, second = drafts.begin(ledger, {}, AUTHOR, NOW), drafts.begin(ledger, {"name": "b"}, AUTHOR, NOW)
    drafts.save(ledger, first, {"name": "a"}, AUTHOR, NOW)
    drafts.save(ledger, first, FORM, OTHER, LATER)
    found = drafts.get(ledger, first)

    assert (found.form, found.created_by, found.saved_by, found.saved_at) == (FORM, AUTHOR, OTHER, LATER)
    assert found.campaign_id is None
    assert [each.draft_id for each in drafts.every(ledger)] == [first, second]
    assert actions(ledger) == []


def test_a_discarded_draft_is_gone_and_saving_does_not_bring_it_back(ledger: Engine) -> None:
    """A page that is still open somewhere is told so."""
    draft_id = drafts.begin(ledger, FORM, AUTHOR, NOW)
    drafts.discard(ledger, draft_id)
    drafts.discard(ledger, draft_id)

    for look in (lambda: drafts.get(ledger, draft_id), lambda: drafts.save(ledger, draft_id, FORM, AUTHOR, NOW)):
        with pytest.raises(DraftGone, match="somebody discarded it") as gone:
            look()
        assert gone.value.campaign_id == ""
    assert drafts.every(ledger) == []


def test_a_campaign_has_one_draft_that_changes_it(ledger: Engine) -> None:
    """Whoever opens it after that finds what was begun."""
    broadcasts.written(ledger)
    first = drafts.reopen(ledger, "shoes", FORM, AUTHOR, NOW)
    second = drafts.reopen(ledger, "shoes", {}, OTHER, LATER)

    assert first == second
    assert [(each.form, each.campaign_id, each.saved_by) for each in drafts.every(ledger)] == [(FORM, "shoes", AUTHOR)]


def test_of_two_who_submit_at_once_one_writes_the_campaign(ledger: Engine) -> None:
    """Even under two names: the draft goes in the same transaction, and the other is told what it became."""
    draft_id = drafts.begin(ledger, FORM, AUTHOR, NOW)
    start = Barrier(2)

    def submit(name: str) -> str:
        start.wait()
        try:
            made = f"{name}-{draft_id}"
            campaigns.create(ledger, made, broadcasts.draft(), AUTHOR, NOW, typed_as=draft_id)
        except DraftGone as gone:
            return gone.campaign_id
        return made

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(submit, ("shoes", "boots"))

    assert first == second
    assert [each.campaign_id for each in campaigns.every(ledger)] == [first]
    assert actions(ledger) == ["campaign_written"]


def test_a_change_is_made_once(ledger: Engine) -> None:
    """The second is told which campaign it was about."""
    broadcasts.written(ledger)
    drafts.reopen(ledger, "shoes", FORM, AUTHOR, NOW)
    campaigns.edit(ledger, "shoes", broadcasts.draft("Again"), OTHER, LATER, typed_as="shoes")

    with pytest.raises(DraftGone, match="Look at the campaign shoes") as gone:
        campaigns.edit(ledger, "shoes", broadcasts.draft("And again"), AUTHOR, LATER, typed_as="shoes")
    assert gone.value.campaign_id == "shoes"
    assert campaigns.get(ledger, "shoes").name == "Again"
    assert actions(ledger) == ["campaign_written", "campaign_edited"]


def test_what_cannot_be_written_keeps_its_draft(ledger: Engine) -> None:
    """All or nothing."""
    broadcasts.launched(ledger, broadcasts.row("24"))
    drafts.reopen(ledger, "shoes", FORM, AUTHOR, NOW)

    with pytest.raises(Exception, match="It can from"):
        campaigns.edit(ledger, "shoes", broadcasts.draft(), AUTHOR, LATER, typed_as="shoes")
    assert drafts.get(ledger, "shoes").form == FORM
