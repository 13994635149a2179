"""What the fields of a campaign offer: topics with what is held of them, lanes with what became of them, limits."""

from datetime import datetime

import pandas as pd

from dashboard.compose.words import lane_label
from dashboard.language import plural, say
from pipelines.errors import PolicyUnknown
from pipelines.plan.campaign import LANES
from pipelines.policy import Policy

_TAGS = ("CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE", "ACCOUNT_UPDATE")
"""The tags that a broadcast could ever carry."""


def topics_held(stock: pd.DataFrame) -> dict[str, str]:
    """Return the topics of which tokens are held, the most first, each with how many. Columns as of `reads.stock`."""
    held = stock[stock["state"] == "available"].groupby("topic")["count_tokens"].sum().sort_values(ascending=False)
    return {
        str(topic): say("{topic} ({tokens})", topic=topic, tokens=plural("1 token", "{count} tokens", int(count)))
        for topic, count in held.items()
        if count
    }


def topics_asked(choices: pd.DataFrame) -> dict[str, str]:
    """Return the topics that anybody ever asked for. Columns as of `reads.choices`."""
    return {str(topic): str(topic) for topic in sorted(choices["topic"].dropna().unique())}


def lanes_on(policy: Policy, at: datetime) -> dict[str, str]:
    """Return every lane that a campaign can name, and how it is called on that day: one that closed says so."""
    rules = {lane: f"lane.{lane}.open" for lane in LANES} | {f"tag:{tag}": f"tag.{tag.lower()}" for tag in _TAGS}
    return {
        lane: say("{lane} (closed)", lane=lane_label(lane)) if _is_closed(policy, rule, at) else lane_label(lane)
        for lane, rule in rules.items()
    }


def limits_on(policy: Policy, at: datetime) -> dict[str, int]:
    """Return how many buttons and quick replies fit into a message on that day."""
    rules = {"button": "send.buttons", "quick_reply": "send.quick_replies"}
    return {table: int(policy.rule(rule, at).value) for table, rule in rules.items()}


def _is_closed(policy: Policy, rule: str, at: datetime) -> bool:
    try:
        return policy.rule(rule, at).value in (False, "block")
    except PolicyUnknown:
        return False
