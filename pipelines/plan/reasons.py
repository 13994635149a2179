"""Why somebody is left out of a campaign, and what the lanes are, in words."""

WORDS = {
    "excluded": "whom the campaign itself leaves out",
    "messaged_lately": "who were written to too lately for this campaign",
    "frequency_cap": "who have had as many messages as the campaign's cap allows",
    "holdout": "held out, to compare with those who get it",
    "field_missing": "who have no value for a field of the text that has no fallback",
    "window_not_used": "whose window is open, which the campaign's lanes do not use; no token is spent on them",
    "no_lane_open": "for whom no lane may carry this message",
    "token_not_used": "who hold a token that the campaign's lanes do not use",
    "marketing_cooling": "who had a marketing message too short a time ago",
    "token_paid_only": "who hold a marketing token that only Meta's paid messages take",
    "token_reserved": "whose token another campaign has reserved",
    "token_spent": "whose token on this topic is spent",
    "token_expired": "whose token on this topic has expired",
    "token_refused": "whose token Meta refused as invalid",
    "token_stranded": "for whose token the lane has closed",
    "token_revoked": "who stopped the notifications",
    "no_permission": "who have no open window and no token on this topic",
}
"""By reason, as it follows "1,200 people"."""

_LANES = {
    "standard_window": "open window",
    "otn": "one-time notification token",
    "marketing": "marketing message token",
    "utility": "utility template",
}


def lane_words(lane: str) -> str:
    """Return a lane's name as people say it."""
    return f"message tag {lane.removeprefix('tag:')}" if lane.startswith("tag:") else _LANES.get(lane, lane)
