"""Promotion where none is allowed. The classifier alone warns; a block needs words that the lexicon knows."""

from collections.abc import Iterable

from pipelines.lint.message import Finding, Severity
from pipelines.lint.reading import Reading, Span

LIKELY = 0.5
"""From this probability on the classifier calls a text promotional."""
_POSSIBLE = 0.45
"""From here on one word of an offer is enough to block; below it warns, down to FAINT."""
_FAINT = 0.12
_RULED_OUT = 0.1
"""Below this even several signs of an offer only warn: the classifier is seldom so sure and wrong."""
_SIGNS = 2
"""So many signs of an offer, apart from one another, block whatever the classifier says of the rest of the text."""
_ADVICE = "Take the promotion out, or send it inside the window, for a token on its topic, or as a marketing message."


def promotes_under_a_tag(reading: Reading) -> Iterable[Finding]:
    """Promotion under a tag or in a utility message: an offer's words block, the classifier's word alone warns."""
    rule_id = _rule(reading, "promotion")
    if rule_id is None:
        return
    offers = offer_spans(reading)
    is_plain = _is_plain(reading, offers)
    if offers and (is_plain or reading.promotional >= _FAINT):
        enough = _RULED_OUT if is_plain else _POSSIBLE
        at_most: Severity | None = None if reading.promotional >= enough else "warn"
        reason = f"{reading.quoted(offers[0])} promotes (the classifier says {reading.promotional:.0%})."
        yield from reading.finding(rule_id, "content", offers[0], reason, _ADVICE, at_most)
    elif reading.message.purpose == "promotional":
        reason = "Its sender says that it promotes."
        yield from reading.finding(rule_id, "content", None, reason, _ADVICE)
    elif reading.promotional >= LIKELY:
        span = reading.words[0] if reading.words else None
        moved = f", most of all by {reading.quoted(span)}" if span else ""
        reason = f"No word of it is an offer, yet it reads like promotion ({reading.promotional:.0%}{moved})."
        yield from reading.finding(rule_id, "content", span, reason, _ADVICE, "warn")


def sells_more(reading: Reading) -> Iterable[Finding]:
    """Cross-selling and upselling, though the rest of the message be an update."""
    for concept, named in (("cross_sell", "cross_sell"), ("upsell", "up_sell")):
        rule_id = _rule(reading, named) or _rule(reading, "cross_sell")
        spans = reading.spans(concept)
        if rule_id and spans and reading.promotional >= _FAINT and f".{named}" in rule_id + f".{named}":
            at_most: Severity | None = None if reading.promotional >= _POSSIBLE else "warn"
            reason = f"{reading.quoted(spans[0])} sells something more."
            yield from reading.finding(rule_id, "content", spans[0], reason, _ADVICE, at_most)


def draft_promotes(reading: Reading) -> Iterable[Finding]:
    """A draft whose lane is not chosen yet: say which lanes promotion leaves it."""
    if reading.message.lane is None and reading.promotional >= LIKELY:
        offers = offer_spans(reading)
        span = offers[0] if offers else reading.words[0] if reading.words else None
        reason = f"It reads like promotion ({reading.promotional:.0%})."
        yield from reading.finding("draft.promotion", "content", span, reason, "Choose such a lane, or take it out.")


def offer_spans(reading: Reading) -> list[Span]:
    """Return where the text offers something: the lexicon's words, and coupon codes."""
    return sorted([*reading.spans("offer"), *reading.marked("coupon")])


def _is_plain(reading: Reading, offers: list[Span]) -> bool:
    """Whether several signs of an offer stand apart: two phrases, or one and a percentage."""
    signs = 0
    end = -1
    for span in sorted([*offers, *(reading.marked("percent") if offers else [])]):
        signs += span[0] > end
        end = max(end, span[1])
    return signs >= _SIGNS


def _rule(reading: Reading, what: str) -> str | None:
    """Return the id of the rule that forbids `what` in this lane; None where none does."""
    if reading.message.lane == "utility":
        owner = "utility"
    elif reading.tag is not None:
        owner = f"tag.{reading.tag.lower()}"
    else:
        return None
    rule_id = f"{owner}.disallows.{what}"
    if rule_id in reading.policy.histories:
        return rule_id
    return "tag.any.disallows.promotion" if what == "promotion" and reading.tag else None
