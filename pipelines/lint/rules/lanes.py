"""Whether the lane is open on the day of sending: tags that ended, were announced to end, or never were."""

from collections.abc import Iterable

from pipelines.errors import PolicyUnknown
from pipelines.lint.message import Finding
from pipelines.lint.reading import Reading

_NO_TAG_NEEDED = "A tag goes with no token: name the lane otn and leave the tag out."
_LANE_RULES = {
    "otn": "otn.request", "utility": "lane.utility.open", "marketing": "frequency.marketing.hours",
    "private_reply": "private_reply.send",
}  # fmt: skip
"""A rule that has been in force for as long as the lane has been there."""


def tag_is_open(reading: Reading) -> Iterable[Finding]:
    """A tag named after it ended fails even inside the window (error 100); once announced to end it warns."""
    tag = reading.tag
    if tag is None:
        return
    if tag == "ONE_TIME_NOTIFICATION":
        yield from reading.finding("otn.disallows.tag", "lane", None, "No such tag exists.", _NO_TAG_NEEDED)
    rule_id = _rule_of(reading, tag)
    if rule_id is None:
        yield from reading.finding(
            "tag.any.disallows.unknown_name", "lane", None, f"{tag} is no tag of Meta's.", "Name a tag that Meta lists."
        )
        return
    rule = reading.rule(rule_id)
    if rule is None:
        yield Finding(rule_id, "lane", "block", None, _unknown(reading, rule_id), "", "Choose a lane that is open.")
        return
    instead = [f"{each.value} ({each.words})" for each in reading.policy.replacements(f"tag:{tag}", reading.at)]
    advice = f"Use {' or '.join(instead[:2])}" if instead else "Send inside the window, or spend a token on its topic."
    yield from reading.finding(rule_id, "lane", None, "The lane is not open on the day of sending.", advice)


def lane_is_open(reading: Reading) -> Iterable[Finding]:
    """A lane that did not exist yet on the day of sending cannot have carried the message."""
    rule_id = _LANE_RULES.get(reading.message.lane or "")
    if rule_id and reading.rule(rule_id) is None:
        yield Finding(rule_id, "lane", "block", None, _unknown(reading, rule_id), "", "Choose a lane that is open.")


def _rule_of(reading: Reading, tag: str) -> str | None:
    rule_id = f"tag.{tag.lower()}"
    if rule_id in reading.policy.histories and tag == tag.upper():
        return rule_id
    legacy = reading.rule("tag.legacy.names")
    return "tag.legacy" if legacy and tag in legacy.value else None


def _unknown(reading: Reading, rule_id: str) -> str:
    try:
        reading.policy.rule(rule_id, reading.at)
    except PolicyUnknown as error:
        return str(error)
    return ""
