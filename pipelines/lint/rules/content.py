"""What a tag's message may speak of: no opinions asked, its own purpose, nothing recurring, no threats, no deceit."""

from collections.abc import Iterable

from pipelines.lint.message import Finding, Severity
from pipelines.lint.reading import Reading, Span

_PURPOSES = {
    "CONFIRMED_EVENT_UPDATE": ("event", "an event that the person signed up for"),
    "POST_PURCHASE_UPDATE": ("order", "a purchase"),
    "ACCOUNT_UPDATE": ("account", "the person's account"),
}
_DECLARED = {"event_update": "event", "purchase_update": "order", "account_update": "account"}
"""What a sender may say that a message is for, and the purpose that this is."""
_LONG = 4
"""A sign of so many letters in a script without spaces is a phrase."""
_SIGNS = {"event": ("event", "enrolled"), "order": ("order",), "account": ("account",)}


def asks_for_opinions(reading: Reading) -> Iterable[Finding]:
    """Surveys, ratings and votes belong to no tag but the one for feedback."""
    owner = "utility" if reading.message.lane == "utility" else f"tag.{(reading.tag or '').lower()}"
    rule_id = f"{owner}.disallows.survey"
    spans = reading.spans("survey", "vote")
    if spans and rule_id in reading.policy.histories:
        reason = f"{reading.quoted(spans[0])} asks for an opinion."
        yield from reading.finding(rule_id, "content", spans[0], reason, "Ask inside the window, or leave it out.")


def wrong_tag(reading: Reading) -> Iterable[Finding]:
    """An order update sent as an account update, and the like: signs of another purpose, none of its own."""
    if reading.tag not in _PURPOSES:
        return
    own, words = _PURPOSES[reading.tag]
    declared = _DECLARED.get(reading.message.purpose or "", own)
    if declared != own:
        reason = f"Its sender says that it is a {reading.message.purpose}, which is not about {words}."
        yield from _under_another_tag(reading, declared, None, reason, None)
        return
    if reading.spans(*_SIGNS[own]):
        return
    for other, signs in _SIGNS.items():
        spans = reading.spans(*signs) if other != own else []
        if spans:
            is_sure = any(_is_phrase(reading.message.text[slice(*span)]) for span in spans)
            reason = f"{reading.quoted(spans[0])} is not about {words}."
            yield from _under_another_tag(reading, other, spans[0], reason, None if is_sure else "warn")
            return


def _under_another_tag(
    reading: Reading, purpose: str, span: Span | None, reason: str, at_most: Severity | None
) -> Iterable[Finding]:
    fits = next(tag for tag, (named, _) in _PURPOSES.items() if named == purpose)
    advice = f"Send it as {fits}, or as a utility message."
    yield from reading.finding("tag.any.disallows.wrong_purpose", "content", span, reason, advice, at_most)


def _is_phrase(sign: str) -> bool:
    """Whether a sign is more than one word, which might mean anything."""
    return len(sign.split()) > 1 or (not sign.isascii() and len(sign) >= _LONG)


def recurs(reading: Reading) -> Iterable[Finding]:
    """Statements, bills and lists of jobs come again and again: no account update."""
    spans = reading.spans("recurring") if reading.tag == "ACCOUNT_UPDATE" else []
    if spans:
        reason = f"{reading.quoted(spans[0])} comes again and again."
        advice = "Send it as a utility message."
        yield from reading.finding("tag.account_update.disallows.recurring", "content", spans[0], reason, advice)


def branded(reading: Reading) -> Iterable[Finding]:
    """News under the subscription tag carries no paid content."""
    spans = reading.spans("branded") if reading.tag == "NON_PROMOTIONAL_SUBSCRIPTION" else []
    if spans:
        yield from reading.finding(
            "tag.non_promotional_subscription.disallows.branded_content",
            "content",
            spans[0],
            f"{reading.quoted(spans[0])} says that somebody paid for it.",
            "Leave paid content out of news.",
        )


def feedback_without_template(reading: Reading) -> Iterable[Finding]:
    """The feedback tag takes the Customer Feedback Template and nothing else."""
    if reading.tag == "CUSTOMER_FEEDBACK" and not reading.spans("survey"):
        yield from reading.finding(
            "tag.customer_feedback.disallows.other_than_template",
            "content",
            None,
            "Nothing in it asks for feedback.",
            "Send the feedback template, or choose another lane.",
        )


def too_long(reading: Reading) -> Iterable[Finding]:
    """A text that the Send API takes no more."""
    limit = reading.rule("send.text.characters")
    length = len(reading.message.text)
    if limit is not None and length >= limit.value:
        reason = f"It has {length:,} characters."
        span = (int(limit.value) - 1, length)
        yield from reading.finding("send.text.characters", "content", span, reason, "Shorten it, or send two messages.")


def threatens(reading: Reading) -> Iterable[Finding]:
    """No message threatens, by whatever lane."""
    spans = reading.spans("threat")
    if spans:
        rule_id = "utility.disallows.threat" if reading.message.lane == "utility" else "content.disallows.threat"
        reason = f"{reading.quoted(spans[0])} threatens."
        yield from reading.finding(rule_id, "content", spans[0], reason, "Say what is due and how to settle it.")


def deceives(reading: Reading) -> Iterable[Finding]:
    """Prizes nobody entered for, profits nobody can promise."""
    spans = reading.spans("deception")
    if spans:
        reason = f"{reading.quoted(spans[0])} promises what nobody asked for."
        advice = "Say what it is, and to whom it applies."
        yield from reading.finding("content.disallows.deception", "content", spans[0], reason, advice, "warn")
        if reading.message.lane == "otn":
            reason = f"{reading.quoted(spans[0])} is none of what the prompt promised."
            yield from reading.finding("otn.disallows.surprise", "content", spans[0], reason, advice)
