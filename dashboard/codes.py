"""Codes out of the data that pages show: English readers see them as they stand, others in their own words."""

import pandas as pd

from dashboard.language import language, noted, say

COLUMNS = (
    "action", "after", "before", "confidence", "kind", "lane", "measure", "optins_by", "sends_by", "state", "status",
    "what",
)  # fmt: skip
"""The columns of tables that hold codes; those of the states, lanes and reasons have tables of their own."""

EVENTS = (
    noted("message"),
    noted("message_echo"),
    noted("message_edit"),
    noted("message_deleted"),
    noted("delivery"),
    noted("read"),
    noted("optin"),
    noted("postback"),
    noted("reaction"),
    noted("referral"),
    noted("pass_thread_control"),
    noted("policy_enforcement"),
    noted("other"),
)
"""Kinds of events; Meta adds new ones, which stand under their own names."""

TOKENS = (noted("otn"), noted("marketing"))
"""Kinds of tokens."""

LANES = (noted("standard_window"), noted("human_agent"), noted("utility"), noted("optin_prompt"), noted("not known"))
"""Lanes, beside the kinds of tokens; a tag is named as Meta names it."""

ACTIONS = (noted("warning"), noted("block"), noted("unblock"))
"""What Meta does to a Page."""

SEVERITIES = (noted("block"), noted("warn"), noted("note"))
"""What a finding weighs."""

CHANGES = (noted("added"), noted("ended"), noted("changed"))
"""What becomes of a rule."""

CONFIDENCE = (noted("high"), noted("medium"), noted("low"))
"""How sure a rule is."""

MEASURES = (noted("held"), noted("died"), noted("gained"), noted("spent"))
"""What is foreseen of tokens."""

FORECASTERS = (noted("model"), noted("last week, repeated"))
"""What foresees it."""

REVIEWS = (noted("open"), noted("reviewed"), noted("new since review"))
"""What reviewers decided on a group of findings."""


def said(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its codes in the viewer's language."""
    if language() == "en":
        return frame
    columns = [name for name in COLUMNS if name in frame]
    return frame.assign(**{name: frame[name].map(_said, na_action="ignore") for name in columns})


def _said(code: object) -> object:
    return say(code) if isinstance(code, str) else code
