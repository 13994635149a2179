"""A campaign's tables, from its file (TOML) or a form → Campaign, or every reason why it is none yet."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.plan.campaign import LANES, PURPOSES, TOKEN_LANES, Campaign
from pipelines.plan.campaign_audience import read_audience, read_cap, read_quiet_hours
from pipelines.plan.campaign_content import (
    Limits,
    check_together,
    read_buttons,
    read_image,
    read_quick_replies,
    read_utility,
    read_variants,
)
from pipelines.plan.campaign_tables import Table, near, read_toml
from pipelines.policy import Policy

KEYS = (
    "name", "page_id", "purpose", "topic", "lanes", "text", "start_at", "not_after", "event_at", "event_ends_at",
    "variant", "button", "quick_reply", "image", "audience", "quiet_hours", "frequency_cap", "split", "utility",
)  # fmt: skip
_TAG_RULE = "tag."
_NO_RULE_OF_ONE_TAG = {"tag.legacy"}
_REFUSED_TAGS = {  # tag -> the rule that says why no broadcast may carry it
    "HUMAN_AGENT": "tag.human_agent.disallows.bulk",
    "CUSTOMER_FEEDBACK": "tag.customer_feedback.disallows.other_than_template",
    "ONE_TIME_NOTIFICATION": "tag.one_time_notification",
}


def read_campaign(path: Path, policy: Policy, as_of: datetime) -> Campaign:
    """Read a campaign file by the rules of that moment.

    Raises UsageError, which lists every fault with its line and what to do; PolicyUnknown where the rule book has no
    limit for that day.
    """
    values, faults = read_toml(path)
    campaign = read_tables(Table(values, "", KEYS, faults), policy, as_of, path.parent)
    faults.raise_any()
    return campaign


def read_tables(top: Table, policy: Policy, as_of: datetime, folder: Path | None) -> Campaign:
    """Read the tables of a file that stands in `folder`, or of a form (None). What is faulty is noted, and left out.

    Raises PolicyUnknown where the rule book has no limit for that day.
    """
    limits = Limits(policy, as_of)
    lanes = _lanes(top, policy, as_of)
    topic = top.text("topic")
    utility, image = read_utility(top), read_image(top)
    buttons, quick_replies = read_buttons(top, limits), read_quick_replies(top, limits)
    room = limits.room(over_buttons=bool(buttons))
    text_needed = image is None or utility is not None
    variants = read_variants(top, room=room, image=image, text_needed=text_needed)
    check_together(top, image, buttons, [variant.text for variant in variants])
    _check_lanes(top, lanes, topic)
    return Campaign(
        name=top.text("name", needed=True),
        page_id=_page_id(top),
        purpose=top.choice("purpose", PURPOSES, needed=True),
        variants=variants,
        room=room,
        topic=topic,
        lanes=lanes,
        buttons=buttons,
        quick_replies=quick_replies,
        image=image,
        audience=read_audience(top, folder),
        quiet_hours=read_quiet_hours(top),
        cap=read_cap(top),
        holdout=_holdout(top),
        utility=utility,
        **_moments(top),
    )


def _page_id(top: Table) -> str:
    page_id = top.text("page_id", needed=True)
    if page_id and not (page_id.isascii() and page_id.isdecimal()):
        top.fault("page_id", f'"{page_id}" is no Page\'s id; it has digits only.')
    return page_id


def _holdout(top: Table) -> float:
    split = top.table("split", ("holdout",))
    holdout = (split.number("holdout") if split else None) or 0.0
    if split and not 0 <= holdout < 1:
        split.fault("holdout", f"{holdout} is no share of the people; write a number from 0 up to below 1.")
    return float(holdout)


def _moments(top: Table) -> Mapping[str, Any]:
    moments = {key: top.moment(key) for key in ("start_at", "not_after", "event_at", "event_ends_at")}
    for first, second in (("start_at", "not_after"), ("event_at", "event_ends_at")):
        begin, end = moments[first], moments[second]
        if begin and end and end < begin:
            top.fault(second, f"{end} UTC is before {first}, {begin} UTC; change one of them.")
    if moments["event_ends_at"] and "event_at" not in top:
        top.fault("event_ends_at", "stands without event_at; write when the event begins.")
    return moments


def _lanes(top: Table, policy: Policy, as_of: datetime) -> tuple[str, ...]:
    lanes = top.texts("lanes")
    tags = [
        f"tag:{rule_id.removeprefix(_TAG_RULE).upper()}"
        for rule_id in policy.histories
        if rule_id.startswith(_TAG_RULE) and rule_id.count(".") == 1 and rule_id not in _NO_RULE_OF_ONE_TAG
    ]
    usable = [*LANES, *(tag for tag in tags if tag.removeprefix("tag:") not in _REFUSED_TAGS)]
    for lane in lanes:
        refusal = _REFUSED_TAGS.get(lane.upper().removeprefix("TAG:"))
        if refusal:
            words = policy.rule(refusal, as_of).words
            top.fault("lanes", f'"{lane}" is no lane for a campaign. {words} Take one of {", ".join(usable)}.')
        elif lane not in usable:
            top.fault("lanes", f'"{lane}" is no lane.{near(lane, usable)} Lanes are {", ".join(usable)}.')
    return lanes


def _check_lanes(top: Table, lanes: tuple[str, ...], topic: str) -> None:
    for lane in TOKEN_LANES:
        if lane in lanes and not topic:
            top.fault("topic", f"is missing: the lane {lane} spends tokens, and each is for one topic; write which.")
    if "utility" in lanes and "utility" not in top:
        how = top.either("write [utility] with template and language", "name it with its language")
        top.fault("lanes", f"utility needs an approved template; {how}.")
    if lanes and "utility" not in lanes and "utility" in top:
        top.fault("utility", 'is never used; add "utility" to lanes, or remove it.')
    if lanes == ("utility",):
        for key in ("button", "quick_reply", "image"):
            if key in top:
                top.fault(key, "is never sent: a utility message is its template alone; remove it.")
