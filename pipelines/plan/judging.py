"""What lint says of a campaign, for each lane and variant, and which lanes its content may use."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from pipelines.errors import PolicyUnknown
from pipelines.lint.jsonl import cited
from pipelines.lint.linter import Linter
from pipelines.lint.message import SEVERITIES, Message
from pipelines.plan.campaign import TOKEN_LANES, Campaign
from pipelines.plan.fields import render, with_fallbacks
from pipelines.policy import Policy

_TAG_OF = {
    "event_update": "tag:CONFIRMED_EVENT_UPDATE",
    "purchase_update": "tag:POST_PURCHASE_UPDATE",
    "account_update": "tag:ACCOUNT_UPDATE",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """Findings, worst first, as JSON would hold them, and the lanes that they leave open.

    `verdict` is of the whole campaign. A lane that its author named and lint blocks, blocks the campaign; one that was
    only offered is closed to it.
    """

    verdict: Literal["block", "warn", "pass"]
    lanes: tuple[str, ...]
    findings: tuple[dict[str, Any], ...]


def lanes_of(campaign: Campaign) -> tuple[str, ...]:
    """Return the lanes to try: those that the author named, or all that could carry its purpose."""
    if campaign.lanes:
        return campaign.lanes
    tokens = TOKEN_LANES if campaign.topic else ()
    utility = ("utility",) if campaign.utility else ()
    tag = (_TAG_OF[campaign.purpose],) if campaign.purpose in _TAG_OF else ()
    return ("standard_window", *tokens, *utility, *tag)


def judge(
    linter: Linter, campaign: Campaign, values: list[dict[str, str]], at: datetime, more: list[dict[str, Any]]
) -> Judgement:
    """
    Lint what people will read, as sent at `at` (naive UTC): each text with its fallbacks, and filled with `values`.

    `more` are findings from elsewhere, in the same shape, that count as well.
    """
    tried = lanes_of(campaign)
    asked = [(lane, name, text) for lane in tried for name, text in _texts(campaign, values)]
    messages = [_message(campaign, lane, text, at) for lane, _, text in asked]
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for (lane, variant, text), answer in zip(asked, linter.lint(messages, at), strict=True):
        for finding in answer.findings:
            told = asdict(finding) | {"source": cited(finding.source, linter.policy)}
            about = {"lane": lane, "variant": variant, "text": text}
            # The same rule against the same variant is said once, with the first text that it was seen in.
            found.setdefault((lane, variant, finding.rule, finding.severity), told | about)
    findings = sorted([*more, *found.values()], key=lambda each: SEVERITIES.index(each["severity"]))
    blocked = {each["lane"] for each in findings if each["severity"] == "block"}
    lanes = tuple(lane for lane in tried if lane not in blocked)
    return Judgement(_verdict(campaign, findings, lanes), lanes, tuple(findings))


def page_finding(policy: Policy, action: str, reason: str | None, when: datetime, at: datetime) -> list[dict[str, Any]]:
    """Return what Meta's last act against the Page means for a send: a block stops every lane."""
    if action != "block":
        return []
    try:
        rule = policy.rule("page.enforcement.block", at)
    except PolicyUnknown:
        return []
    return [{
        "rule": rule.id, "kind": "lane", "severity": "block", "span": None, "lane": "", "variant": "", "text": "",
        "reason": f"{rule.words} It did so on {when:%Y-%m-%d %H:%M} UTC ({reason or 'no reason given'}).",
        "source": cited(", ".join(rule.source), policy),
        "advice": "Appeal in the Page's Support Inbox, and send nothing until Meta lets the Page send again.",
    }]  # fmt: skip


def _verdict(
    campaign: Campaign, findings: list[dict[str, Any]], lanes: tuple[str, ...]
) -> Literal["block", "warn", "pass"]:
    stops = [each for each in findings if each["severity"] == "block"]
    if (stops and campaign.lanes) or not lanes or any(not each["lane"] for each in stops):
        return "block"
    warns = any(each["severity"] == "warn" and each["lane"] in (*lanes, "") for each in findings)
    return "warn" if warns else "pass"


def _texts(campaign: Campaign, values: list[dict[str, str]]) -> list[tuple[str, str]]:
    """Pairs (variant, text as somebody reads it): the words of buttons and quick replies stand below."""
    titles = [button.title for button in campaign.buttons] + [reply.title for reply in campaign.quick_replies]
    parameters = list(campaign.utility.parameters) if campaign.utility else []
    texts: dict[tuple[str, str], None] = {}
    for variant in campaign.variants:
        whole = "\n".join([variant.text, *parameters, *titles])
        texts[variant.name, with_fallbacks(whole)] = None
        demanded = set(campaign.demanded_names(variant.name))
        for person in values:
            known = {name: value for name, value in person.items() if value}
            if demanded <= known.keys():
                texts[variant.name, render(whole, known)] = None
    return list(texts)


def _message(campaign: Campaign, lane: str, text: str, at: datetime) -> Message:
    return Message(
        text=text,
        lane=lane,
        topic=campaign.topic or None,
        event_at=campaign.event_at,
        event_ends_at=campaign.event_ends_at,
        sent_at=at,
        purpose=campaign.purpose,
    )
