"""What an approval is bound to, and what a launch reserves: everything that was approved, or nothing."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pipelines import DATA
from pipelines.errors import Refused
from pipelines.ledger import approvals, campaigns, sends
from pipelines.ledger.schema import campaigns as campaigns_table
from pipelines.ledger.schema import sends as table
from pipelines.lint.linter import Linter
from pipelines.plan import launching, planner
from pipelines.plan.campaign import Audience, Campaign
from pipelines.plan.checking import Checked, check
from pipelines.policy import Policy
from tests.conftest import NOW
from tests.deliveries import ANNA, BEN, message, otn
from tests.ledger.broadcasts import last_entry
from tests.plan.worlds import DAY, HOUR, World, campaign, key, people_csv

PURCHASE = campaign(
    "Your order 1042 has been sent and will arrive on Tuesday.",
    purpose="purchase_update", topic="", lanes=("tag:POST_PURCHASE_UPDATE",),
)  # fmt: skip
WARNS = datetime(2026, 4, 26, 12)
"""The last day on which the tag may be used, with a warning."""


class Desk:
    """The desk at which a campaign is checked, approved and launched."""

    def __init__(self, world: World, linter: Linter) -> None:
        self.world, self.linter = world, linter
        self.plans = world.home.folder / "plans"

    def check(self, now: datetime = NOW) -> Checked:
        """Check the campaign."""
        with self.world.cursor() as cursor:
            return check(cursor, self.world.ledger, self.linter, self.record(), "ann", now, self.plans)

    def approve(self, by: str = "ben", now: datetime = NOW, reason: str = "") -> None:
        """Approve it."""
        launching.approve(self.world.ledger, self.record(), by, now, reason)

    def launch(self, now: datetime = NOW, linter: Linter | None = None) -> launching.Launched:
        """Launch it."""
        with self.world.cursor() as cursor:
            used = linter or self.linter
            return launching.launch(cursor, self.world.ledger, used, self.record(), "ann", now, self.plans)

    def approved(self, meant: Campaign, now: datetime = NOW, reason: str = "") -> None:
        """Write a campaign, check it and approve it."""
        self.world.write(meant)
        self.check(now)
        self.approve(now=now, reason=reason)

    def record(self) -> campaigns.CampaignRecord:
        """Return the campaign as the ledger knows it."""
        return campaigns.get(self.world.ledger, "shoes")

    def reserved(self) -> int:
        """Count its sends."""
        return sum(each.sends for each in sends.tally(self.world.ledger, "shoes"))

    def refusal(self, **given: Any) -> str:
        """Launch, and return why that was refused: nothing was reserved, and the trail says so too."""
        with pytest.raises(Refused) as refused:
            self.launch(**given)
        who, what, detail = last_entry(self.world.ledger)
        assert (who, what, detail) == ("ann", "launch_refused", {"why": str(refused.value)})
        assert (self.reserved(), self.record().state) == (0, "approved")
        return str(refused.value)


@pytest.fixture
def desk(world: World, linter: Linter) -> Desk:
    """Return the desk of a world in which Anna holds a token and Ben has just written."""
    world.load(otn(ANNA, NOW - 9 * DAY, "t1"), message(BEN, NOW - HOUR, "m_1"))
    return Desk(world, linter)


def test_a_launch_reserves_a_send_for_everyone(desk: Desk) -> None:
    """With lane, token and wording as planned; the trail says how many."""
    desk.approved(campaign())
    launched = desk.launch()

    assert (launched.reserved, launched.changes, desk.reserved()) == (2, [], 2)
    assert {each.lane for each in sends.tally(desk.world.ledger, "shoes")} == {"otn", "standard_window"}
    assert desk.record().state == "sending"
    with desk.world.ledger.connect() as connection:
        held = {row[1] for row in sends.live_sends(connection, campaign().page_id, NOW)}
    assert held == {None, key("t1")}
    _, action, detail = last_entry(desk.world.ledger)
    assert (action, detail["reserved"]) == ("campaign_launched", 2)
    assert (desk.plans / f"{detail['plan_hash']}.parquet").exists()


def test_a_launch_plans_anew_and_says_what_changed(desk: Desk) -> None:
    """Anna's window opened after the check, so her token stays; Ben's has closed."""
    desk.approved(campaign())
    desk.world.load(message(ANNA, NOW + 22 * HOUR, "m_2"))
    launched = desk.launch(NOW + 23 * HOUR)

    assert launched.reserved == 1
    assert {(each["was"], each["is_"]): each["people"] for each in launched.changes} == {
        ("otn", "standard_window"): 1, ("standard_window", "no_permission"): 1,
    }  # fmt: skip


def test_an_edited_text_is_another_content(desk: Desk) -> None:
    """An edit alone takes the approval away; even one that got past the edit would find no approval that fits."""
    desk.approved(campaign())
    edited = campaign("Another text.")
    draft = campaigns.Draft(edited.page_id, edited.name, edited.to_json(), edited.fingerprint, None, None)
    with desk.world.ledger.begin() as connection:
        values = {"definition": draft.definition, "fingerprint": draft.fingerprint}
        connection.execute(campaigns_table.update().values(values))
    assert "is for other content" in desk.refusal()

    campaigns.edit(desk.world.ledger, "shoes", draft, "ann", NOW)
    with pytest.raises(Refused, match=r"is draft. Only an approved one can be launched"):
        desk.launch()


def test_another_file_content_is_another_content(desk: Desk, tmp_path: Path) -> None:
    """The path is the same."""
    desk.approved(campaign(audience=Audience(**people_csv(tmp_path, f"psid\n{ANNA}\n"))))
    (tmp_path / "people.csv").write_text(f"psid\n{ANNA}\n{BEN}\n")

    assert "people.csv is not what it was" in desk.refusal()


def test_rules_that_changed_take_the_approval_away(desk: Desk, policy: Policy) -> None:
    """A rule book with another value anywhere is another judge; a new check and approval mend it."""
    desk.approved(campaign())
    other = Linter.load(DATA, replace(policy, fingerprint="another"))

    assert "the rules have changed since" in desk.refusal(linter=other)
    desk.check()
    desk.approve()
    assert desk.launch().reserved == 2


def test_a_tag_that_ended_overnight_takes_the_approval_away(desk: Desk) -> None:
    """Approved on its last day, refused on the next, with the rule and what it says."""
    desk.world.load(message("5", WARNS - 3 * DAY, "m_5"))
    desk.approved(PURCHASE, WARNS, "Only two days are left.")

    assert "blocked now by tag.post_purchase_update" in desk.refusal(now=WARNS + DAY)


def test_the_tag_goes_out_on_its_last_day(desk: Desk) -> None:
    """The same campaign, a day earlier."""
    desk.world.load(message("5", WARNS - 3 * DAY, "m_5"))
    desk.approved(PURCHASE, WARNS, "Only two days are left.")

    assert desk.launch(WARNS + HOUR).reserved == 1


def test_nobody_approves_what_is_blocked(desk: Desk) -> None:
    """Whatever the reason; the refusal is in the trail."""
    desk.world.write(PURCHASE)
    assert desk.check().judgement.verdict == "block"
    with pytest.raises(Refused, match="no reason lets it pass"):
        desk.approve(reason="It is urgent.")
    assert last_entry(desk.world.ledger)[:2] == ("ben", "approval_refused")
    assert desk.record().state == "checked"


def test_a_warning_needs_a_reason(desk: Desk) -> None:
    """Which stands in the ledger."""
    desk.world.load(message("5", WARNS - 3 * DAY, "m_5"))
    desk.world.write(PURCHASE)
    assert desk.check(WARNS).judgement.verdict == "warn"
    with pytest.raises(Refused, match="say why it may go out all the same"):
        desk.approve(now=WARNS, reason=" ")
    desk.approve(now=WARNS, reason="The last day.")
    with desk.world.ledger.connect() as connection:
        assert [each.reason for each in approvals.history(connection, "shoes")] == ["The last day."]


def test_an_author_does_not_approve(desk: Desk) -> None:
    """And a draft is approved by nobody."""
    desk.world.write(campaign())
    with pytest.raises(Refused, match="Only a checked one can be approved"):
        desk.approve()
    desk.check()
    with pytest.raises(Refused, match="ann wrote shoes: a second person approves it"):
        desk.approve("ann")


def test_what_is_late_is_parked_at_every_step(desk: Desk) -> None:
    """At its approval, its launch and its resumption; another last moment, and a new approval, bring it back."""
    meant = campaign(not_after=NOW + DAY)
    desk.world.write(meant)
    desk.check()
    with pytest.raises(Refused, match=r"is parked. Its last moment, 2026-11-23 12:00 UTC, has passed"):
        desk.approve(now=NOW + DAY)
    assert desk.record().state == "parked"

    longer = campaign(not_after=NOW + 2 * DAY)
    draft = campaigns.Draft(meant.page_id, "n", longer.to_json(), longer.fingerprint, None, longer.not_after)
    campaigns.edit(desk.world.ledger, "shoes", draft, "ann", NOW + DAY)
    desk.check(NOW + DAY)
    desk.approve(now=NOW + DAY)
    with pytest.raises(Refused, match=r"is parked.*Edit it"):
        desk.launch(NOW + 2 * DAY)
    assert (desk.record().state, desk.reserved()) == ("parked", 0)


def test_a_paused_campaign_is_parked_when_it_is_late(desk: Desk) -> None:
    """What had not gone out is cancelled, and its tokens are free."""
    desk.approved(campaign(not_after=NOW + DAY))
    desk.launch()
    ledger = desk.world.ledger
    campaigns.change(ledger, "shoes", "paused", "ann", NOW, "wait", "campaign_paused")
    with pytest.raises(Refused, match=r"is parked.*Write a new one for the rest"):
        launching.resume(ledger, desk.linter, desk.record(), "ann", NOW + DAY, "")
    assert {each.state for each in sends.tally(ledger, "shoes")} == {"cancelled"}
    assert desk.world.outcomes(campaign(), NOW + 2 * DAY)[ANNA] == "otn"


def test_a_late_draft_cannot_be_checked_and_says_why(desk: Desk) -> None:
    """It is still a draft: nothing was promised to anybody."""
    desk.world.write(campaign(not_after=NOW))
    with pytest.raises(Refused, match=r"is draft. Its last moment, 2026-11-22 12:00 UTC, has passed.*Edit it"):
        launching.park_if_late(desk.world.ledger, desk.record(), "ann", NOW)
    assert desk.record().state == "draft"


def test_a_paused_campaign_goes_on(desk: Desk) -> None:
    """Before its last moment, and not while everything is stopped."""
    desk.approved(campaign(not_after=NOW + DAY))
    desk.launch()
    ledger = desk.world.ledger
    campaigns.stop_all(ledger, "eve", NOW, "fire")
    with pytest.raises(Refused, match=r"eve stopped everything \(fire\)"):
        launching.resume(ledger, desk.linter, desk.record(), "ann", NOW, "")
    campaigns.release_all(ledger, "eve", NOW, "out")
    launching.resume(ledger, desk.linter, desk.record(), "ann", NOW, "out")
    assert desk.record().state == "sending"


def test_a_launch_is_all_or_nothing(desk: Desk) -> None:
    """Another campaign takes Anna's token after the plan was made: Ben's send is not reserved either."""
    desk.approved(campaign())
    record = desk.record()
    with desk.world.cursor() as cursor:
        planner.plan(cursor, desk.world.ledger, desk.world.home.policy, "shoes", campaign(), campaign().lanes, NOW)
        desk.world.reserve(ANNA, "t1")
        with pytest.raises(Refused, match=r"Another campaign reserved a token.* Nothing was reserved"):
            sends.launch(desk.world.ledger, record, planner.batches(cursor, record.page_id, 1), "ann", NOW, {})
    assert (desk.reserved(), desk.record().state) == (0, "approved")
    assert desk.launch().changes == [{"was": "otn", "is_": "token_reserved", "people": 1}]


def test_a_frozen_plan_that_is_gone_is_missed(desk: Desk) -> None:
    """What changed since the check cannot be said then."""
    desk.approved(campaign())
    for file in desk.plans.iterdir():
        file.unlink()
    with pytest.raises(Refused, match=r"is gone. Check the campaign again"):
        desk.launch()
    assert desk.reserved() == 0


def test_a_lane_that_closes_ends_the_permission_and_the_resume(desk: Desk) -> None:
    """Launched on the tag's last day: nothing goes out after it, and a resume says so."""
    desk.world.load(message(BEN, WARNS - HOUR, "m_0"))
    desk.approved(PURCHASE, WARNS, reason="the last of them")
    desk.launch(WARNS)
    ledger = desk.world.ledger
    campaigns.change(ledger, "shoes", "paused", "ann", WARNS, "wait", "campaign_paused")
    with ledger.connect() as connection:
        (ends,) = connection.execute(select(table.c.permission_ends_at)).one()

    assert ends == datetime(2026, 4, 27)
    with pytest.raises(Refused, match=r"tag:POST_PURCHASE_UPDATE is blocked now by tag\.post_purchase_update"):
        launching.resume(ledger, desk.linter, desk.record(), "ann", WARNS + 2 * DAY, "")
    assert last_entry(ledger)[1] == "resume_refused"
    assert desk.record().state == "paused"
