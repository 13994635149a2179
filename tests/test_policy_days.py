"""The rule book as a reader sees it: as of a day, between two days, and what can replace what has closed."""

from datetime import date, datetime
from pathlib import Path

import pytest

from pipelines.policy import Policy, load_policy
from pipelines.rulebook_days import changes, in_force, value_in_words
from tests.test_rulebook import RULE, book

NOW = datetime(2026, 11, 22)


def test_the_rule_book_as_of_a_day_holds_each_rule_once(policy: Policy) -> None:
    """A row says all that a reader asks: what, since when, who says so, when it was checked, how sure it is."""
    today = in_force(policy, NOW)
    rows = {row.rule: row for row in today}
    tag = rows["tag.account_update"]

    assert len(rows) == len(today)
    assert (tag.subject, tag.value, tag.since, tag.until) == ("tag", "block", date(2026, 4, 27), None)
    assert (tag.source, tag.verified_on, tag.confidence) == ("S09, S39", date(2026, 11, 22), "high")
    assert rows["page.responsiveness"].since is None
    assert {row.rule: row for row in in_force(policy, datetime(2026, 2, 9))}["tag.account_update"].value == "allow"


@pytest.mark.parametrize(
    ("earlier", "later", "rule_id", "kind", "values"),
    [
        ("2026-02-09", "2026-02-10", "tag.account_update", "changed", "allow → warn"),
        ("2026-02-09", "2026-04-27", "tag.account_update", "changed", "allow → block"),
        ("2025-08-31", "2025-09-01", "frequency.marketing.hours", "changed", "24 hours → 48 hours"),
        ("2025-07-28", "2025-07-29", "lane.utility.open", "added", "yes"),
        ("2021-08-09", "2021-08-10", "lane.otn.open.jp", "ended", "no → no rule"),
        ("2026-08-30", "2026-08-31", "webhook.sticker_type", "changed", "image, sticker → sticker"),
    ],
)
def test_what_changed_between_two_days(
    policy: Policy, earlier: str, later: str, rule_id: str, kind: str, values: str
) -> None:
    """Old and new value stand side by side, whether a rule came, went or changed."""
    found = changes(policy, datetime.fromisoformat(earlier), datetime.fromisoformat(later))

    assert [(each.kind, each.values) for each in found if each.rule.id == rule_id] == [(kind, values)]


def test_a_change_cites_both_of_its_states_and_names_its_day(policy: Policy) -> None:
    """The sources of the old and of the new value, each once; the newest change comes first."""
    found = changes(policy, datetime(2026, 1, 1), datetime(2026, 5, 1))
    tag = next(each for each in found if each.rule.id == "tag.account_update")

    assert (tag.source, tag.on) == ("S19, S11, S09, S39", date(2026, 4, 27))
    assert [each.on for each in found] == sorted((each.on for each in found), reverse=True)


def test_nothing_changes_between_a_day_and_itself(policy: Policy) -> None:
    """And looking backwards, what was added has ended."""
    forth = changes(policy, datetime(2020, 1, 1), NOW)
    back = changes(policy, NOW, datetime(2020, 1, 1))

    assert changes(policy, NOW, NOW) == []
    assert len(forth) == len(back) > 100
    assert {each.rule.id for each in forth if each.kind == "added"} == {e.rule.id for e in back if e.kind == "ended"}


def test_a_rule_that_was_only_written_again_has_not_changed(tmp_path: Path) -> None:
    """New words for the same value on a later day are no change of the rule."""
    again = RULE.replace("2020-03-04", "2021-01-01").replace("A limit.", "The limit.")
    policy = load_policy(book(tmp_path, RULE + "until = 2020-12-31\n" + again))

    assert changes(policy, datetime(2020, 6, 1), datetime(2021, 6, 1)) == []


@pytest.mark.parametrize(
    ("rule_id", "said"),
    [
        ("window.standard.hours", "24 hours"),
        ("otn.title.characters", "65 characters"),
        ("frequency.paid_marketing.a_day", "1 message"),
        ("webhook.disabled.hours", "1 hour"),
        ("rate.send.ceiling", "40 messages per second"),
        ("send.text.characters", "2,000 characters"),
        ("rate.pause.percent", "80 %"),
        ("send.attachment.megabytes", "25 MB"),
        ("paid_marketing.upload_matches", "100 people"),
        ("tag.human_agent.instagram", "yes"),
        ("token.marketing.lifetime.unstated", "unlimited"),
        ("utility.regions", "US, VN, TH, PH"),
    ],
)
def test_a_value_is_said_in_words(policy: Policy, rule_id: str, said: str) -> None:
    """With its unit, in the singular for one."""
    assert value_in_words(policy.rule(rule_id, NOW)) == said


@pytest.mark.parametrize(
    ("kind", "day", "lanes"),
    [
        ("marketing", "2026-02-09", []),
        ("marketing", "2026-02-10", ["standard_window", "paid_marketing", "otn"]),
        ("otn", "2020-12-15", []),
        ("otn", "2020-12-16", ["standard_window"]),
        ("otn", "2021-08-10", []),
        ("tag:ACCOUNT_UPDATE", "2026-02-09", []),
        ("tag:ACCOUNT_UPDATE", "2026-02-10", ["utility", "standard_window"]),
        ("tag:CONFIRMED_EVENT_UPDATE", "2026-11-22", ["utility", "standard_window", "paid_marketing"]),
        ("tag:POST_PURCHASE_UPDATE", "2026-11-22", ["utility", "standard_window", "paid_marketing"]),
        ("tag:HUMAN_AGENT", "2026-11-22", []),
    ],
)
def test_what_can_replace_a_closed_lane(policy: Policy, kind: str, day: str, lanes: list[str]) -> None:
    """From the day on which a lane closes, or was said to, the rule book names where to go instead."""
    found = policy.replacements(kind, datetime.fromisoformat(day))

    assert [rule.value for rule in found] == lanes
    assert [rule.applies["lane"] for rule in found] == lanes


def test_the_closings_of_a_lane_say_why(policy: Policy) -> None:
    """An unknown region is a reason of its own."""
    closed = {rule.id: rule for rule in policy.closings("marketing", NOW)}

    assert set(closed) == {"lane.marketing.open", "lane.marketing.open.unknown"}
    assert policy.closings("marketing", datetime(2026, 2, 9, 23, 59)) == []
    assert policy.closings("otn", NOW) == []


def test_every_lane_that_closes_for_tokens_names_what_replaces_it(policy: Policy) -> None:
    """On the day of each closing there is somewhere to go; also for each retired tag."""
    closed = {
        (rule.applies["kind"], rule.since) for rule in policy.rules if rule.id.startswith("lane.") and not rule.value
    }
    retired = {
        (f"tag:{rule.id.removeprefix('tag.').upper()}", rule.since)
        for rule in policy.rules
        if rule.id.count(".") == 1 and rule.value == "block" and len(policy.history(rule.id)) == 3
    }

    assert len(retired) == 3
    for kind, day in closed | retired:
        assert policy.replacements(kind, datetime.combine(day, datetime.min.time())), kind
