"""Drafts become campaigns: by who may, once, checked; changed and copied."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from pipelines import composing
from pipelines.campaign_home import CampaignHome
from pipelines.composing import DraftGone
from pipelines.errors import Refused, UsageError
from pipelines.ledger import campaigns, chain
from pipelines.lint.linter import Linter
from pipelines.plan.campaign import Campaign
from pipelines.rights import Person, Role
from tests.conftest import NOW
from tests.deliveries import ANNA, PAGE, otn
from tests.plan.desks import FORM, desk
from tests.plan.worlds import DAY, World, people_csv

MEI, BEN = Person("mei", "growth"), Person("ben", "growth")


@pytest.fixture
def here(world: World, linter: Linter) -> Iterator[CampaignHome]:
    """Return a home with one person who holds a token, at NOW."""
    world.load(otn(ANNA, NOW - DAY, "t1"))
    with desk(world, linter) as opened:
        yield opened


def trail(here: CampaignHome, campaign_id: str) -> list[tuple[str, str]]:
    """Return who did what with a campaign."""
    with here.ledger.connect() as connection:
        return [(entry.actor, entry.action) for entry in chain.entries(connection, campaign_id)]


def twice(act: Callable[[], str]) -> list[str]:
    """Do something in two threads at once; return what each got, or the name of its error."""
    start = Barrier(2)

    def once(_: int) -> str:
        start.wait()
        try:
            return act()
        except DraftGone as gone:
            return f"gone: {gone.campaign_id}"

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(once, range(2)))


def test_a_draft_becomes_a_checked_campaign(here: CampaignHome) -> None:
    """Whoever submits is its author, whoever typed; the draft goes, and whoever still has it open is sent on."""
    draft_id = composing.begin(here, MEI)
    composing.save(here, draft_id, FORM, MEI)
    assert composing.draft(here, draft_id, BEN) == (FORM, None, NOW, "mei")
    campaign_id = composing.submit(here, draft_id, BEN)
    record = campaigns.get(here.ledger, campaign_id)

    assert campaign_id == f"shoes-are-back-{draft_id}"
    assert (record.state, record.created_by, record.page_id) == ("checked", "ben", PAGE)
    assert trail(here, campaign_id) == [("ben", "campaign_written"), ("ben", "campaign_checked")]
    assert composing.drafts(here, MEI) == []
    with pytest.raises(DraftGone, match=f"Look at the campaign {campaign_id}"):
        composing.save(here, draft_id, FORM, MEI)
    assert composing.submit(here, draft_id, MEI) == campaign_id
    assert len(campaigns.every(here.ledger)) == 1


def test_submitted_by_two_at_once_it_is_one_campaign(here: CampaignHome) -> None:
    """A double click, two tabs, two people: both come to the same."""
    draft_id = composing.begin(here, MEI, FORM)
    first, second = twice(lambda: composing.submit(here, draft_id, MEI))

    assert first == second
    assert [each.campaign_id for each in campaigns.every(here.ledger)] == [first]
    assert [action for _, action in trail(here, first)].count("campaign_written") == 1


def test_a_change_that_is_submitted_twice_is_made_once(here: CampaignHome) -> None:
    """The second cannot know whether the draft was discarded, and is shown the campaign."""
    campaign_id = composing.submit(here, composing.begin(here, MEI, FORM), MEI)
    draft_id = composing.reopen(here, campaign_id, BEN)
    composing.save(here, draft_id, FORM | {"text": "They are back again."}, BEN)

    assert sorted(twice(lambda: composing.submit(here, draft_id, BEN))) == [f"gone: {campaign_id}", campaign_id]
    record = campaigns.get(here.ledger, campaign_id)
    assert (record.state, record.created_by) == ("checked", "ben")
    assert Campaign.from_json(record.definition).variants[0].text == "They are back again."
    assert [action for _, action in trail(here, campaign_id)].count("campaign_edited") == 1


def test_a_form_with_faults_stays_a_draft(here: CampaignHome) -> None:
    """The refusal lists them by field."""
    draft_id = composing.begin(here, MEI, FORM | {"text": "", "button": [{"title": "a", "url": "b"}]})

    with pytest.raises(UsageError, match=r"\n- button\[1\]\.url: (.|\n)*\n- text: is missing"):
        composing.submit(here, draft_id, MEI)
    assert [each.draft_id for each in composing.drafts(here, MEI)] == [draft_id]
    assert campaigns.every(here.ledger) == []


def test_a_copy_is_for_the_same_people_without_the_moments_that_passed(here: CampaignHome, tmp_path: Path) -> None:
    """Its list of people stays where it is, as what it was."""
    listed = people_csv(tmp_path, "psid\n1\n")
    hours = {"start_at": "2026-11-22T13:00:00Z", "not_after": "2026-11-30T00:00:00Z"}
    event = {"event_at": "2026-11-23T00:00:00Z", "event_ends_at": "2026-11-24T00:00:00Z"}
    form = FORM | hours | event | {"audience": {"csv": listed["people_csv"]}}
    campaign_id = composing.submit(here, composing.begin(here, MEI, form), MEI)
    known = {"csv": listed["people_csv"], "csv_sha256": listed["people_sha256"]}
    later = replace(here, now=NOW + 2 * DAY)

    soon = composing.draft(here, composing.copy(here, campaign_id, BEN), BEN)
    late = composing.draft(later, composing.copy(later, campaign_id, BEN), BEN)
    assert soon.form == form | {"audience": known}
    assert late.form == FORM | {"not_after": hours["not_after"], "audience": known}
    assert soon.campaign_id is None


def test_what_was_launched_is_copied_and_not_changed(here: CampaignHome) -> None:
    """As is one that was cancelled."""
    campaign_id = composing.submit(here, composing.begin(here, MEI, FORM), MEI)
    here.approve(campaign_id, Person("rita", "reviewer"), "fine")
    here.launch(campaign_id, MEI)
    with pytest.raises(Refused, match="its text stays as people got it"):
        composing.reopen(here, campaign_id, MEI)

    other = composing.submit(here, composing.begin(here, MEI, FORM), MEI)
    draft_id = composing.reopen(here, other, MEI)
    here.cancel(other, MEI, "")
    with pytest.raises(Refused, match="is cancelled"):
        composing.submit(here, draft_id, MEI)
    assert composing.draft(here, draft_id, MEI).form == FORM


ACTS: list[Callable[[CampaignHome, Person], Any]] = [
    composing.begin,
    lambda here, by: composing.save(here, "d", {}, by),
    composing.drafts,
    lambda here, by: composing.discard(here, "d", by),
    lambda here, by: composing.copy(here, "c", by),
    lambda here, by: composing.reopen(here, "c", by),
    lambda here, by: composing.submit(here, "d", by),
]


@pytest.mark.parametrize("role", [None, "viewer", "reviewer"])
def test_only_who_may_write_has_drafts(world: World, linter: Linter, role: Role | None) -> None:
    """Each act is refused before anything is looked up."""
    with desk(world, linter) as here:
        for act in ACTS:
            with pytest.raises(Refused, match="That needs one of the roles growth, admin"):
                act(here, Person("rita", role))


def test_a_start_may_lie_ahead_and_the_check_is_for_then(here: CampaignHome) -> None:
    """The token that ends before it is no permission at its start."""
    form = FORM | {"start_at": (NOW + timedelta(days=400)).isoformat()}
    campaign_id = composing.submit(here, composing.begin(here, MEI, form), MEI)

    assert campaigns.get(here.ledger, campaign_id).start_at == NOW + timedelta(days=400)
    assert here.told(campaign_id, MEI)["checked"]["people"] == 0
