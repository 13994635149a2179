"""Every prohibition of the rule book that one message can show has a case that fires and a near miss that does not."""

import pytest

from pipelines import DATA
from pipelines.policy import load_policy
from tests.lint.casebook import cases

_IN_THE_LOG_ALONE = {"marketing.disallows.stopped", "paid_marketing.disallows.unsubscribed"}
"""What a message does not show: whether its reader had stopped the notifications."""
_LIMITS = {
    "otn.title.characters", "tag.confirmed_event_update", "tag.post_purchase_update", "tag.account_update",
    "tag.human_agent", "tag.legacy", "tag.one_time_notification", "draft.promotion", "privacy.card",
    "privacy.national_id", "privacy.password", "privacy.code", "privacy.account_number", "privacy.phone",
    "privacy.email", "privacy.order_number", "tag.non_promotional_subscription", "otn.request", "lane.utility.open",
    "frequency.marketing.hours", "private_reply.send",
}  # fmt: skip
"""Those that are named otherwise. tag.customer_feedback is none of them: it has warned since its first day, so no day
has a near miss; send.text.characters is in test_lint_properties, for its texts are too long to be read here."""
_PROHIBITIONS = sorted(
    {rule.id for rule in load_policy(DATA / "policy").rules if ".disallows." in rule.id} - _IN_THE_LOG_ALONE | _LIMITS
)


@pytest.mark.parametrize("rule_id", _PROHIBITIONS)
def test_a_prohibition_has_a_case_that_fires_and_one_that_does_not(rule_id: str) -> None:
    """A rule without a worked case is a promise; one without a near miss may fire at anything."""
    assert [case.name for case in cases() if rule_id in case.expect] != []
    assert [case.name for case in cases() if rule_id in case.never] != []


def test_cases_name_rules_of_the_book() -> None:
    """A misspelt rule would never be found, and never be missed where it must not be."""
    known = load_policy(DATA / "policy").histories.keys()

    assert {rule for case in cases() for rule in (*case.expect, *case.never)} - known == set()
