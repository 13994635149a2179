"""A check says who gets what, what stands against it and what is unproven, and freezes that."""

import json
from datetime import datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pipelines.ledger import approvals, campaigns
from pipelines.lint.linter import Linter
from pipelines.plan.campaign import Audience, Campaign, QuietHours
from pipelines.plan.checking import Checked, check
from tests.conftest import NOW
from tests.deliveries import ANNA, BEN, item, marketing, message, otn
from tests.plan.worlds import DAY, HOUR, SHOES, World, campaign, people_csv

PURCHASE = "Your order 1042 has been sent and will arrive on Tuesday."
SOLD_OUT = "BUY NOW: 50% OFF everything, today only! Use the code SALE50."


def checked(world: World, linter: Linter, meant: Campaign, now: datetime = NOW, campaign_id: str = "shoes") -> Checked:
    """Write a campaign and check it."""
    record = world.write(meant, campaign_id)
    with world.cursor() as cursor:
        return check(cursor, world.ledger, linter, record, "ann", now, world.home.folder / "plans")


def purchase(text: str = PURCHASE, **changed: Any) -> Campaign:
    """Return news of a purchase."""
    usual = {"purpose": "purchase_update", "topic": "", "lanes": ("tag:POST_PURCHASE_UPDATE",)}
    return campaign(text, **usual | changed)


def rules(found: Checked, severity: str) -> set[str]:
    """Return the rules behind findings of one severity."""
    return {each["rule"] for each in found.judgement.findings if each["severity"] == severity}


def test_a_frozen_plan_is_named_by_what_it_holds_and_holds_no_token(world: World, linter: Linter) -> None:
    """The ledger names the file, and the campaign is checked."""
    world.load(otn(ANNA, NOW - DAY, "a-token-nobody-may-read"))
    checked(world, linter, campaign())
    plan = approvals.plan_of(world.ledger, "shoes")
    (file,) = (world.home.folder / "plans").iterdir()

    assert plan is not None
    assert file.name == f"{plan.plan_hash}.parquet" == f"{sha256(file.read_bytes()).hexdigest()}.parquet"
    with world.cursor() as cursor:
        rows = cursor.execute("SELECT * FROM read_parquet(?)", [str(file)]).fetchall()
    assert len(rows) == 1
    assert "a-token-nobody-may-read" not in str(rows) + plan.summary
    assert campaigns.get(world.ledger, "shoes").state == "checked"


def test_equal_plans_are_one_file(world: World, linter: Linter) -> None:
    """And an equal content is for the same approval."""
    world.load(otn(ANNA, NOW - DAY, "t1"), message(BEN, NOW - HOUR, "m_1"))
    first = checked(world, linter, campaign())
    record = campaigns.get(world.ledger, "shoes")
    with world.cursor() as cursor:
        second = check(cursor, world.ledger, linter, record, "ann", NOW, world.home.folder / "plans")

    assert first.content_hash == second.content_hash
    assert len(list((world.home.folder / "plans").iterdir())) == 1


@pytest.mark.parametrize(
    ("day", "verdict", "severity"),
    [
        ("2026-02-09", "pass", None), ("2026-02-10", "warn", "warn"), ("2026-04-26", "warn", "warn"),
        ("2026-04-27", "block", "block"),
    ],
)  # fmt: skip
def test_a_tag_is_allowed_until_its_last_day_and_refused_from_the_next(
    world: World, linter: Linter, day: str, verdict: str, severity: str | None
) -> None:
    """Each with the source that says so."""
    at = datetime.fromisoformat(f"{day}T12:00")
    world.load(message(ANNA, at - 3 * DAY, "m_1"))
    found = checked(world, linter, purchase(), at)

    assert found.judgement.verdict == verdict
    said = [each for each in found.judgement.findings if each["rule"] == "tag.post_purchase_update"]
    assert [each["severity"] for each in said] == ([severity] if severity else [])
    assert all("http" in each["source"] for each in said)
    assert found.counts.people == (0 if verdict == "block" else 1)


def test_a_blocked_tag_that_nobody_named_is_only_closed(world: World, linter: Linter) -> None:
    """The other lanes are used; whoever has none of them is left out."""
    world.load(message(ANNA, NOW - HOUR, "m_1"), message(BEN, NOW - 3 * DAY, "m_2"))
    found = checked(world, linter, purchase(lanes=()))

    assert found.judgement.verdict != "block"
    assert "tag.post_purchase_update" in rules(found, "block")
    assert found.judgement.lanes == ("standard_window",)
    assert [each["lane"] for each in found.counts.lanes] == ["standard_window"]
    assert [each["reason"] for each in found.counts.left_out] == ["no_permission"]


def test_a_blocked_page_blocks_every_campaign(world: World, linter: Linter) -> None:
    """Until Meta lets it send again."""
    block = item(ANNA, NOW - 2 * DAY, policy_enforcement={"action": "block", "reason": "Sent too often"})
    again = item(ANNA, NOW + DAY, policy_enforcement={"action": "unblock"})
    world.load(message(ANNA, NOW - HOUR, "m_1"), block, again)
    found = checked(world, linter, campaign(lanes=()))

    assert found.judgement.verdict == "block"
    assert "page.enforcement.block" in rules(found, "block")
    assert "Sent too often" in str(found.judgement.findings)
    record = campaigns.get(world.ledger, "shoes")
    with world.cursor() as cursor:
        later = check(cursor, world.ledger, linter, record, "ann", NOW + 2 * DAY, world.home.folder / "plans")
    assert "page.enforcement.block" not in rules(later, "block")


def test_promotion_that_hides_in_a_value_is_found(world: World, linter: Linter, tmp_path: Path) -> None:
    """The text is harmless; what one person of the file would read is not."""
    at = datetime(2026, 2, 9, 12)
    world.load(message(ANNA, at - 3 * DAY, "m_1"), message(BEN, at - 3 * DAY, "m_2"))
    plain = f"psid,note\n{ANNA},It comes on Tuesday.\n{BEN},It comes on Friday.\n"
    text = "Your order 1042 has been sent. {{note}}"
    harmless = purchase(text, audience=Audience(**people_csv(tmp_path, plain)))
    assert checked(world, linter, harmless, at).judgement.verdict == "pass"

    audience = Audience(**people_csv(tmp_path, plain.replace("It comes on Friday.", f'"{SOLD_OUT}"')))
    found = checked(world, linter, purchase(text, audience=audience), at, "hidden")
    assert found.judgement.verdict == "block"
    assert any(SOLD_OUT in each["text"] for each in found.judgement.findings)


def test_a_lane_that_has_carried_nothing_is_said_to_be_unproven(world: World, linter: Linter) -> None:
    """For thirty days after an accepted message it is proven."""
    world.load(otn(ANNA, NOW - DAY, "t1"), message(BEN, NOW - HOUR, "m_1"))
    world.accept("5", None, "standard_window", NOW - 30 * DAY, "recent")
    world.accept("5", "t5", "otn", NOW - 31 * DAY, "long-ago")
    found = checked(world, linter, campaign())

    assert [each["lane"] for each in found.unproven] == ["otn"]
    assert "2026-10-22" in found.unproven[0]["words"]


def test_people_in_their_quiet_hours_are_counted(world: World, linter: Linter) -> None:
    """At noon in UTC it is evening in Taipei; a zone that nobody knows is the campaign's own."""
    quiet = QuietHours(time(19), time(9), "Asia/Taipei")
    world.load(
        marketing(ANNA, NOW - DAY, "s1", title=SHOES),
        message(ANNA, NOW - HOUR, "m_1"),
        message(BEN, NOW - HOUR, "m_2"),
    )
    found = checked(world, linter, campaign(quiet_hours=quiet))

    assert (found.waiting, found.counts.zones_guessed) == (1, 1)
    assert {each["zone"] for each in found.counts.zones} == {"Asia/Taipei", "Europe/Berlin"}


def test_a_check_is_for_the_moment_of_the_start(world: World, linter: Linter) -> None:
    """Whose window will have closed is not counted on."""
    world.load(message(ANNA, NOW - HOUR, "m_1"))
    found = checked(world, linter, campaign(start_at=NOW + 2 * DAY))

    assert (found.at, found.counts.people) == (NOW + 2 * DAY, 0)


@pytest.mark.parametrize(
    ("text", "content", "says"),
    [
        ("Hi {{first_name|there}}, they are back.", None, "everybody reads its fallback"),
        ("Hi {{first_nam|there}}, they are back.", "psid,first_name\n1,Ann\n", "fallback. Did you mean first_name?"),
        ("Hi {{size}}, they are back.", "psid,first_name\n1,Ann\n", "whoever would get a text with it is left out"),
        ("Hi {{first_name}}, they are back.", "psid,first_name\n1,Ann\n", None),
    ],
)  # fmt: skip
def test_a_field_that_no_column_fills_is_named(
    world: World, linter: Linter, tmp_path: Path, text: str, content: str | None, says: str | None
) -> None:
    """A slip of the pen would otherwise show in every message."""
    world.load(message(ANNA, NOW - HOUR, "m_1"))
    audience = Audience(**people_csv(tmp_path, content)) if content else Audience()
    summary = checked(world, linter, campaign(text, audience=audience)).summary()

    assert len(summary["unknown_fields"]) == (1 if says else 0)
    assert (says or "") in str(summary["unknown_fields"])


def test_the_summary_is_json_and_its_numbers_add_up(world: World, linter: Linter) -> None:
    """Whoever is meant gets it or is left out, with words for why."""
    world.load(otn(ANNA, NOW - DAY, "t1"), message(BEN, NOW - HOUR, "m_1"), message("5", NOW - 9 * DAY, "m_2"))
    summary = json.loads(json.dumps(checked(world, linter, campaign(holdout=0.3)).summary()))

    assert summary["audience"] == summary["people"] + sum(each["people"] for each in summary["left_out"]) == 3
    assert summary["cost_in_tokens"] == sum(each["tokens"] for each in summary["lanes"])
    assert all(each["words"] for each in summary["left_out"])
