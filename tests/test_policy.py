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
        ("tag.legacy", "2020-03-03", "allow"),
        ("tag.legacy", "2020-03-04", "block"),
        ("tag.customer_feedback", "2021-06-01", None),
        ("tag.customer_feedback", "2021-06-02", "warn"),
        ("tag.human_agent.approval", "2021-06-01", None),
        ("tag.human_agent.approval", "2021-06-02", True),
        ("tag.non_promotional_subscription", "2020-03-03", None),
        ("tag.non_promotional_subscription", "2020-03-04", "allow"),
        ("window.extra_message", "2020-03-03", "allow"),
        ("window.extra_message", "2020-03-04", "block"),
        ("private_reply.human_agent", "2021-08-05", None),
        ("private_reply.human_agent", "2021-08-06", False),
        ("otn.unproven", "2026-07-11", None),
        ("otn.unproven", "2026-07-12", "warn"),
        ("marketing.send", "2026-02-09", "allow"),
        ("marketing.send", "2026-02-10", "block"),
        ("marketing.frequency_choice", "2023-02-01", "allow"),
        ("marketing.frequency_choice", "2023-02-02", "block"),
        ("marketing.new_integration", "2025-08-31", "allow"),
        ("marketing.new_integration", "2025-09-01", "block"),
        ("marketing.title.default", "2023-02-20", None),
        ("marketing.title.default", "2023-02-21", "Updates and promotions"),
        ("marketing.shared_by_apps", "2022-10-16", None),
        ("marketing.shared_by_apps", "2022-10-17", True),
        ("frequency.marketing.hours", "2025-08-31", 24),
        ("frequency.marketing.hours", "2025-09-01", 48),
        ("frequency.marketing.follow_ups", "2023-02-01", None),
        ("frequency.marketing.follow_ups", "2023-02-02", 3),
        ("paid_marketing.send", "2025-06-30", None),
        ("paid_marketing.send", "2025-07-01", "allow"),
        ("paid_marketing.send.excluded", "2025-07-01", "block"),
        ("sponsored.send", "2024-07-30", "allow"),
        ("sponsored.send", "2024-07-31", "block"),
        ("sponsored.create", "2024-08-18", None),
        ("sponsored.create", "2024-08-19", "block"),
        ("utility.image_header", "2025-09-28", None),
        ("utility.image_header", "2025-09-29", "allow"),
        ("utility.named_parameters", "2026-03-05", None),
        ("utility.named_parameters", "2026-03-06", "allow"),
        ("rate.instagram.text", "2024-10-07", 100),
        ("rate.instagram.text", "2024-10-08", 300),
        ("graph.v20_0", "2026-09-23", "allow"),
        ("graph.v20_0", "2026-09-24", "block"),
        ("graph.v21_0", "2027-01-20", "allow"),
        ("graph.v21_0", "2027-01-21", "block"),
        ("graph.v22_0", "2027-05-19", "allow"),
        ("graph.v22_0", "2027-05-20", "block"),
        ("graph.v23_0", "2027-10-07", "allow"),
        ("graph.v23_0", "2027-10-08", "block"),
        ("graph.v24_0", "2028-02-17", "allow"),
        ("graph.v24_0", "2028-02-18", "block"),
        ("graph.v25_0", "2028-07-28", "allow"),
        ("graph.v25_0", "2028-07-29", "block"),
        ("graph.v26_0", "2026-07-28", None),
        ("graph.v26_0", "2026-07-29", "allow"),
        ("graph.ids_query", "2026-10-26", None),
        ("graph.ids_query", "2026-10-27", "block"),
        ("webhook.sticker_type", "2026-05-31", None),
        ("webhook.sticker_type", "2026-06-01", ("image", "sticker")),
        ("webhook.sticker_type", "2026-08-31", ("sticker",)),
        ("page.integrity_webhook", "2026-01-29", None),
        ("page.integrity_webhook", "2026-01-30", True),
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
    first = [rule for rule in policy.rules if rule.verified_on == date(2026, 11, 22)]
    assert policy.stale(datetime(2027, 2, 20, tzinfo=UTC)) == []
    assert first == policy.stale(datetime(2027, 2, 21, tzinfo=UTC))
    assert first == policy.stale(datetime(2026, 11, 24, tzinfo=UTC), days=1)
    assert list(policy.rules) == policy.stale(datetime(2027, 3, 1, tzinfo=UTC))


def test_every_source_is_cited_and_every_rule_cites_one(policy: Policy) -> None:
    """The list of sources holds what the rules name and nothing else."""
    cited = {source for rule in policy.rules for source in rule.source}

    assert cited == set(policy.sources)
    notes = {name for name, source in policy.sources.items() if not source.address}
    assert all(source.address.startswith("https://") for name, source in policy.sources.items() if name not in notes)
    assert {"S35", "S36", "S37", "S44", "S48"} == notes  # research notes, whose addresses nobody kept
    assert {date(2026, 11, 22), date(2026, 11, 30)} == {rule.verified_on for rule in policy.rules}


def test_every_sentence_can_be_read_on_a_page(policy: Policy) -> None:
    """A rule's words are one sentence that ends, starts large, and fits beside its value."""
    odd = {rule.id for rule in policy.rules if not rule.words.endswith(".") or rule.words[0].islower()}

    assert odd == set()
    assert max(len(rule.words) for rule in policy.rules) < 140


def test_what_the_lint_and_the_planner_lean_on_has_no_gap_today(policy: Policy) -> None:
    """Each limit that a send of today must keep is there, with its unit."""
    limits = {
        "window.standard.hours": (24, "hours"), "tag.human_agent.days": (7, "days"), "private_reply.days": (7, "days"),
        "otn.title.characters": (65, "characters"), "otn.uses": (1, "messages"),
        "send.text.characters": (2000, "characters"), "send.metadata.characters": (1000, "characters"),
        "send.attachment.megabytes": (25, "megabytes"), "send.image_by_url.megabytes": (8, "megabytes"),
        "send.attachment_id.days": (90, "days"), "send.batch.calls": (50, "calls"),
        "rate.send.default": (20, "messages_per_second"), "rate.send.ceiling": (40, "messages_per_second"),
        "rate.send.text": (300, "calls_per_second"), "rate.send.media": (10, "calls_per_second"),
        "rate.daily.calls_a_person": (200, "calls"), "rate.pause.percent": (80, "percent"),
        "frequency.marketing_request.days": (7, "days"), "frequency.paid_marketing.a_day": (1, "messages"),
        "frequency.marketing.follow_up_minutes": (2, "minutes"), "webhook.alert.minutes": (15, "minutes"),
        "webhook.disabled.hours": (1, "hours"), "page.responsiveness.seconds": (30, "seconds"),
    }  # fmt: skip
    today = at("2026-11-22")

    assert {name: (policy.rule(name, today).value, policy.rule(name, today).unit) for name in limits} == limits
