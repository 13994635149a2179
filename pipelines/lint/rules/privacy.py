"""Personal and account data in a message, and messages that ask for it."""

from collections.abc import Iterable

from pipelines.lint.message import Finding
from pipelines.lint.reading import Reading, Span

_ALWAYS = ("card", "national_id", "password")
"""No message writes these out, to whomever."""
_BROADCASTS = ("otn", "marketing", None)
_IN_BROADCASTS = ("code", "account_number", "phone", "email", "order_number")
_WORDS = {
    "card": "a payment card's number", "national_id": "an identity number", "password": "a password",
    "code": "a one-time code", "account_number": "an account number", "phone": "a telephone number",
    "email": "an e-mail address", "order_number": "an order number",
}  # fmt: skip
_NEAR = 60
"""Letters within which a warning not to give a secret turns the request into its contrary."""
_CLOSE = 25
"""Letters that may stand between a request and the secret that it asks for."""
_ADVICE = "Leave it out, or show its last digits at most."


def asks_for_secrets(reading: Reading) -> Iterable[Finding]:
    """Whole numbers of cards, accounts and papers, and passwords, are not asked for in a chat."""
    warnings = reading.spans("never_asked")
    spans = [
        span
        for span in sorted([*reading.spans("sensitive_request"), *_requests(reading)])
        if not any(abs(span[0] - warned[0]) <= _NEAR for warned in warnings)
    ]
    if spans:
        is_utility = reading.message.lane == "utility"
        rule_id = "utility.disallows.sensitive_identifier" if is_utility else "content.disallows.sensitive_request"
        reason = f"{reading.quoted(spans[0])} asks for what nobody should write into a chat."
        yield from reading.finding(rule_id, "privacy", spans[0], reason, "Let people enter it on your own secure page.")


def _requests(reading: Reading) -> Iterable[Span]:
    """Where the text asks for something, and close to it names a secret: "reply with ... card number"."""
    secrets = reading.spans("secret")
    for asks in reading.spans("asking") if secrets else ():
        yield from (
            (min(asks[0], secret[0]), max(asks[1], secret[1]))
            for secret in secrets
            if max(secret[0] - asks[1], asks[0] - secret[1]) <= _CLOSE
        )


def personal_data(reading: Reading) -> Iterable[Finding]:
    """Data of one person: some never, some not where many get the same text."""
    kinds = _ALWAYS + (_IN_BROADCASTS if reading.message.lane in _BROADCASTS else ())
    taken: set[int] = set()
    for kind in kinds:
        for span in reading.marked(kind):
            if taken.isdisjoint(range(*span)):  # a card's number is no telephone number too
                taken.update(range(*span))
                reason = f"It holds {_WORDS[kind]}."
                yield from reading.finding(f"privacy.{kind}", "privacy", span, reason, _ADVICE)
                break


def personal_matters(reading: Reading) -> Iterable[Finding]:
    """Health and money matters of one person, where many get the same text; a draft may yet become an answer to one."""
    spans = reading.spans("personal_matter") if reading.message.lane in _BROADCASTS else []
    if spans:
        reason = f"{reading.quoted(spans[0])} is one person's own matter."
        yield from reading.finding(
            "content.disallows.personal_data",
            "privacy",
            spans[0],
            reason,
            "Tell it to the one person, as an answer or an approved utility message.",
            None if reading.message.lane else "warn",
        )
