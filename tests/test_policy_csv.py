"""The published list of policy rules, row by row: each stands in the rule book with its days and its verdict."""

import csv
import os
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from pipelines.errors import PolicyUnknown
from pipelines.policy import Policy
from pipelines.rulebook import BEGINNING

SHARED = Path(os.environ.get("CLEAR_TO_SEND_CORPORA", Path(__file__).parents[2] / "shared" / "corpora")).parent
LIST = SHARED / "policy_rules.csv"
pytestmark = pytest.mark.skipif(
    not LIST.is_file(), reason="the list of rules is not at hand; CLEAR_TO_SEND_CORPORA names the folder beside it"
)
FIVE = {"AU", "EU", "JP", "KR", "UK"}
ALLOW, WARN, BLOCK = ("allow", True), ("warn",), ("block", False)

# The rule that a row became, and the further ones that its condition names, each with its value on the row's days.
BECAME: dict[str, tuple[str, dict[str, object]]] = {
    "WIN_24H": ("window.promotion", {"window.standard.hours": 24, "window.outside": "block"}),
    "WIN_24_PLUS_1": ("window.extra_message", {}),
    "WIN_CTM_7D": ("window.ad_click.days", {"window.ad_click.days": 7, "window.standard.hours": 24}),
    "PRIV_REPLY": ("private_reply.send", {"private_reply.messages": 1, "private_reply.days": 7}),
    "TAG_LEGACY_17": ("tag.legacy", {}),
    **{
        f"TAG_{short}_{stage}": (
            f"tag.{tag}", {f"tag.{tag}.disallows.promotion": "block", f"tag.{tag}.instagram": False}
        )
        for short, tag in {
            "CEU": "confirmed_event_update", "PPU": "post_purchase_update", "AU": "account_update",
        }.items()
        for stage in ("ACTIVE", "WARN", "DEAD")
    },
    "TAG_HA_BETA": ("tag.human_agent", {"tag.human_agent.days": 7}),
    "TAG_HA": (
        "tag.human_agent",
        {
            "tag.human_agent.days": 7,
            "tag.human_agent.approval": True,
            "tag.human_agent.instagram": True,
            "tag.human_agent.disallows.automated": "block",
            "tag.human_agent.disallows.bulk": "block",
        },
    ),
    "TAG_CF": (
        "tag.customer_feedback",
        {
            "tag.customer_feedback.days": 7,
            "tag.customer_feedback.disallows.other_than_template": "block",
            "tag.customer_feedback.instagram": False,
        },
    ),
    "TAG_NPS_NEWS": (
        "tag.non_promotional_subscription",
        {
            "tag.non_promotional_subscription.approval": True,
            "tag.non_promotional_subscription.disallows.promotion": "block",
            "tag.non_promotional_subscription.instagram": False,
        },
    ),
    "OTN": (
        "lane.otn.open",
        {
            "otn.uses": 1,
            "token.otn.lifetime": 365,
            "otn.disallows.other_topic": "block",
            "otn.disallows.tag": "block",
            "otn.page_feature": True,
            "otn.instagram": False,
        },
    ),
    "OTN_REQ": (
        "otn.request",
        {"otn.request.inside_window": True, "otn.title.characters": 65, "otn.prompt.disallows.incentive": "block"},
    ),
    "OTN_EEA_OFF": ("lane.otn.open.eea", {}),
    "OTN_JP_OFF": ("lane.otn.open.jp", {}),
    "RN_24H": ("marketing.send", {"frequency.marketing.hours": 24, "frequency.marketing.weekly.days": 7}),
    "RN_48H": ("marketing.send", {"frequency.marketing.hours": 48, "marketing.new_integration": "block"}),
    "RN_DEAD": ("marketing.send", {"lane.marketing.open": False}),
    "RN_RESIDUAL": ("marketing.send.residual", {"frequency.marketing.hours": 48, "marketing.new_integration": "block"}),
    "RN_NEW_INTEGRATION": ("marketing.new_integration", {}),
    "RN_OPTIN_REQ": (
        "marketing.request",
        {"marketing.request.inside_window": True, "frequency.marketing_request.days": 7},
    ),
    "MM_PAID": ("paid_marketing.send", {"frequency.paid_marketing.a_day": 1, "paid_marketing.ad_account": True}),
    "MM_PAID_EXCL": ("paid_marketing.send.excluded", {}),
    "SPONSORED": ("sponsored.send", {}),
    "SPONSORED_DEAD": ("sponsored.send", {}),
    "UTILITY": (
        "lane.utility.open",
        {"utility.template.approved": True, "utility.disallows.promotion": "block", "utility.instagram": False},
    ),
    "UTILITY_NAMED": ("utility.named_parameters", {}),
    "STICKER_WEBHOOK": ("webhook.sticker_type", {"webhook.sticker_type": ("sticker",)}),
    "RESPONSIVENESS_30S": ("page.responsiveness", {"page.responsiveness.seconds": 30, "page.responsiveness.days": 7}),
    "GRAPH_V21": ("graph.v21_0", {}),
    "GRAPH_V20": ("graph.v20_0", {}),
    "GRAPH_V26": ("graph.v26_0", {}),
}  # fmt: skip
NO_VERDICT = {"window.ad_click.days", "webhook.sticker_type"}  # these hold what is so, not whether it may be
ROWS_OF_ONE_RULE = {"RN_24H", "RN_48H"}  # the rule is one, allowed throughout; how often is what changed between them
REGIONS = {
    "EEA": {"regions": {"EU", "EEA"}},
    "JP": {"regions": {"JP"}},
    "ALL_EXCEPT_AU_EU_JP_KR_UK": {"except_regions": FIVE},
    "AU_EU_JP_KR_UK": {"regions": FIVE},
    "RECIPIENT_NOT_IN_EU_JP_KR_AU_UK": {"except_regions": FIVE},
    "EU_JP_KR_AU_UK": {"regions": FIVE},
}


def rows() -> list[dict[str, str]]:
    """Return the rows of the list, none where it is not at hand."""
    return list(csv.DictReader(LIST.read_text(encoding="utf-8").splitlines())) if LIST.is_file() else []


def noon(day: date) -> datetime:
    """Return noon of a day, naive UTC."""
    return datetime.combine(day, time(12))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["rule_id"])
def test_each_row_holds_on_its_days_and_not_around_them(policy: Policy, row: dict[str, str]) -> None:
    """On its first and last day the verdict and every further condition hold; a day outside, they do not."""
    rule_id, conditions = BECAME[row["rule_id"]]
    verdicts = {"allow": ALLOW, "warn": WARN, "block": BLOCK}[row["verdict"]]
    since = date.fromisoformat(row["effective_from"]) if row["effective_from"] else BEGINNING
    until = date.fromisoformat(row["effective_to"]) if row["effective_to"] else date(2026, 11, 22)

    for day in (since, until):
        assert rule_id in NO_VERDICT or policy.rule(rule_id, noon(day)).value in verdicts
        assert {name: policy.rule(name, noon(day)).value for name in conditions} == conditions
    stated = policy.rule(rule_id, noon(since))
    if row["rule_id"] not in ROWS_OF_ONE_RULE:
        assert (stated.since, stated.until and stated.until.isoformat()) == (since, row["effective_to"] or None)
    outside = ([since - timedelta(1)] if since > BEGINNING else []) + ([until + timedelta(1)] if stated.until else [])
    for day in outside:
        assert told(policy, (rule_id, *conditions), day) != told(policy, (rule_id, *conditions), since)


def told(policy: Policy, rule_ids: tuple[str, ...], day: date) -> list[object]:
    """Return the rules' values on a day, None where there is none."""
    found: list[object] = []
    for rule_id in rule_ids:
        try:
            found.append(policy.rule(rule_id, noon(day)).value)
        except PolicyUnknown:
            found.append(None)
    return found


@pytest.mark.parametrize("row", [row for row in rows() if row["regions"] in REGIONS], ids=lambda row: row["rule_id"])
def test_a_row_for_some_regions_names_them(policy: Policy, row: dict[str, str]) -> None:
    """Who lives where a rule does not reach is not touched by it."""
    rule = policy.rule(BECAME[row["rule_id"]][0], noon(date.fromisoformat(row["effective_from"])))

    assert {key: set(codes) for key, codes in rule.applies.items() if key != "kind"} == REGIONS[row["regions"]]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["rule_id"])
def test_a_row_s_sources_and_doubts_are_kept(policy: Policy, row: dict[str, str]) -> None:
    """The rules that a row became cite its sources between them, and none is surer of itself than the row."""
    rule_id, conditions = BECAME[row["rule_id"]]
    since = date.fromisoformat(row["effective_from"]) if row["effective_from"] else BEGINNING
    became = [policy.rule(name, noon(since)) for name in (rule_id, *conditions)]

    assert {*row["source"].split(";")} <= {source for rule in became for source in rule.source}
    sure = {"high": ("high", "medium", "low", "limit"), "med": ("medium", "low", "limit"), "low": ("low", "limit")}
    assert became[0].confidence in sure[row["date_conf"]]
