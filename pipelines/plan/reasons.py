"""Why somebody is left out of a campaign, and what the lanes are, in words."""

WORDS = {
    "excluded": "left out by the campaign itself",
    "messaged_lately": "were written to too lately for this campaign",
    "frequency_cap": "have had as many messages as the campaign's cap allows",
    "holdout": "held out, to compare with those who get it",
    "field_missing": "have no value for a field of the text that has no fallback",
    "window_not_used": "have an open window, which the campaign's lanes do not use; no token is spent on them",
    "no_lane_open": "no lane may carry this message",
    "token_not_used": "hold a token, which the campaign's lanes do not use",
    "marketing_cooling": "had a marketing message too short a time ago",
    "token_paid_only": "hold a marketing token that only Meta's paid messages take",
    "token_reserved": "their token is reserved by another campaign",
    "token_spent": "their token on this topic is spent",
    "token_expired": "their token on this topic has expired",
    "token_stranded": "the lane of their token has closed",
    "token_revoked": "stopped the notifications",
    "no_permission": "have no open window and no token on this topic",
}
"""By reason, as it follows "1,200 people"."""

_LANES = {
    "standard_window": "The open window",
    "otn": "The one-time token",
    "marketing": "The marketing token",
    "utility": "The utility template",
}


def lane_words(lane: str) -> str:
    """Return a lane's name in words."""
    return _LANES.get(lane, f"The tag {lane.removeprefix('tag:')}")
