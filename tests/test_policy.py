"""The shipped rule book: which value holds when, on both sides of every date."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from pipelines.errors import PolicyUnknown
from pipelines.policy import Policy


def at(day: str) -> datetime:
    """Return noon of a day, UTC."""
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


TAGS = ("confirmed_event_update", "post_purchase_update", "account_update")


@pytest.mark.parametrize(
    ("rule_id", "day", "value"),
    [
        ("window.standard.hours", "2020-03-03", None),
        ("window.standard.hours", "2020-03-04", 24),
        ("window.ad_click.days", "2026-09-27", None),
        ("window.ad_click.days", "2026-09-28", 7),
        *[(f"tag.{tag}", "2020-03-03", None) for tag in TAGS],
        *[(f"tag.{tag}", "2020-03-04", "allow") for tag in TAGS],
        *[(f"tag.{tag}", "2026-02-09", "allow") for tag in TAGS],
        *[(f"tag.{tag}", "2026-02-10", "warn") for tag in TAGS],
        *[(f"tag.{tag}", "2026-04-26", "warn") for tag in TAGS],
        *[(f"tag.{tag}", "2026-04-27", "block") for tag in TAGS],
        ("tag.human_agent", "2021-06-01", "warn"),
        ("tag.human_agent", "2021-06-02", "allow"),
        ("tag.human_agent.days", "2020-03-03", None),
        ("tag.human_agent.days", "2020-03-04", 7),
        ("lane.otn.open", "2020-03-03", None),
        ("lane.otn.open", "2020-03-04", True),
        ("lane.otn.open.eea", "2020-12-15", None),
        ("lane.otn.open.eea", "2020-12-16", False),
        ("lane.otn.open.eea", "2021-08-09", False),
        ("lane.otn.open.eea", "2021-08-10", None),
        ("lane.otn.open.jp", "2021-03-29", None),
        ("lane.otn.open.jp", "2021-03-30", False),
        ("lane.otn.open.jp", "2021-08-09", False),
        ("lane.otn.open.jp", "2021-08-10", None),
        ("lane.marketing.open", "2022-05-18", None),
        ("lane.marketing.open", "2022-05-19", True),
        ("lane.marketing.open", "2026-02-09", True),
        ("lane.marketing.open", "2026-02-10", False),
        ("lane.utility.open", "2025-07-28", None),
        ("lane.utility.open", "2025-07-29", True),
        ("token.otn.lifetime", "2020-03-03", None),
        ("token.otn.lifetime", "2020-03-04", 365),
        ("token.otn.margin", "2020-03-04", 1),
        ("token.marketing.lifetime.daily", "2022-05-18", None),
        ("token.marketing.lifetime.daily", "2022-05-19", 6),
        ("token.marketing.lifetime.weekly", "2022-05-19", 9),
        ("token.marketing.lifetime.monthly", "2022-05-19", 12),
        ("token.marketing.lifetime.unstated", "2025-06-30", None),
        ("token.marketing.lifetime.unstated", "2025-07-01", "unlimited"),
        ("webhook.redelivery.hours", "2026-11-22", 36),
    ],
)
def test_each_rule_changes_on_its_day(policy: Policy, rule_id: str, day: str, value: object) -> None:
    """On both sides of every date in the rule book the right value holds, or none."""
    if value is None:
        with pytest.raises(PolicyUnknown):
            policy.rule(rule_id, at(day))
    else:
        assert value == policy.rule(rule_id, at(day)).value


def test_a_rule_ends_with_the_last_moment_of_its_last_day(policy: Policy) -> None:
    """Days are UTC: a moment given in another zone is converted first, and a naive one is taken as UTC."""
    paris = timezone(timedelta(hours=1))

    assert policy.rule("lane.marketing.open", datetime(2026, 2, 9, 23, 59, 59, 999999, tzinfo=UTC)).value is True
    assert policy.rule("lane.marketing.open", datetime(2026, 2, 10, tzinfo=UTC)).value is False
    assert policy.rule("lane.marketing.open", datetime(2026, 2, 10, 0, 59, tzinfo=paris)).value is True
    assert policy.rule("lane.marketing.open", datetime(2026, 2, 10, 1, 0, tzinfo=paris)).value is False
    assert policy.rule("lane.marketing.open", datetime(2026, 2, 10)).value is False


def test_a_rule_that_does_not_exist_is_a_refusal_that_names_its_like(policy: Policy) -> None:
    """A misspelt id never falls back to anything; the message offers what is near."""
    with pytest.raises(PolicyUnknown, match=r"no rule window\.standard\.hour\. Near it: .*window\.standard\.hours"):
        policy.rule("window.standard.hour", at("2026-11-22"))
    with pytest.raises(PolicyUnknown):
        policy.history("nothing.like.it")


def test_the_history_of_a_rule_is_in_order(policy: Policy) -> None:
    """Every dated value of a rule is kept, oldest first, without a gap for the retired tags."""
    history = policy.history("tag.account_update")

    assert [rule.value for rule in history] == ["allow", "warn", "block"]
    assert [date(2020, 3, 4), date(2026, 2, 10), date(2026, 4, 27)] == [rule.since for rule in history]


def test_a_rule_goes_stale_the_day_after_its_days_are_over(policy: Policy) -> None:
    """A rule that nobody has verified for more than 90 days is named; on the 90th day it is not."""
    assert policy.stale(datetime(2027, 2, 20, tzinfo=UTC)) == []
    assert list(policy.rules) == policy.stale(datetime(2027, 2, 21, tzinfo=UTC))
    assert list(policy.rules) == policy.stale(datetime(2026, 11, 24, tzinfo=UTC), days=1)


def test_every_source_is_cited_and_every_rule_cites_one(policy: Policy) -> None:
    """The list of sources holds what the rules name and nothing else."""
    cited = {source for rule in policy.rules for source in rule.source}

    assert cited == set(policy.sources)
    notes = {name for name, source in policy.sources.items() if not source.address}
    assert all(source.address.startswith("https://") for name, source in policy.sources.items() if name not in notes)
    assert {"S35", "S36", "S37", "S44", "S48"} == notes  # research notes, whose addresses nobody kept
    assert {date(2026, 11, 22)} == {rule.verified_on for rule in policy.rules}
