"""The verdict on messages: rules of the book and the classifier together."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from pipelines.lint.classifier import Classifier
from pipelines.lint.fold import Folded, fold
from pipelines.lint.lexicon import Lexicon
from pipelines.lint.marks import marks
from pipelines.lint.message import SEVERITIES, Answer, Finding, Message, Verdict
from pipelines.lint.reading import Found, Reading
from pipelines.lint.rules import RULES
from pipelines.lint.rules.promotion import LIKELY
from pipelines.policy import Policy

_HALF = re.compile("[\ud800-\udfff]")
"""Half a pair of surrogates: a text can hold it, no encoding can."""
_CODE = sorted(Path(__file__).parent.glob("**/*.py"))


class Linter:
    """Judges messages by the rule book of their own day. Equal messages get equal answers."""

    def __init__(self, policy: Policy, lexicon: Lexicon, classifier: Classifier) -> None:
        self.policy = policy
        self._lexicon = lexicon
        self._classifier = classifier
        code = sha256(b"".join(path.read_bytes() for path in _CODE)).hexdigest()
        parts = (policy.fingerprint, lexicon.fingerprint, classifier.fingerprint, code)
        self.fingerprint = sha256("".join(parts).encode()).hexdigest()
        """Changes whenever an answer may."""

    @classmethod
    def load(cls, data: Path, policy: Policy) -> "Linter":
        """Read lexicon and classifier from the data that ships with the project."""
        return cls(policy, Lexicon.load(data / "lexicon"), Classifier.load(data / "classifier"))

    def lint(self, messages: Sequence[Message], now: datetime) -> list[Answer]:
        """Answer each message, in order. A message without `sent_at` is judged as sent at `now` (naive UTC)."""
        messages = [_whole(message) for message in messages]
        folded = {text: fold(text) for text in dict.fromkeys(message.text for message in messages)}
        judged = dict(zip(folded, self._classifier.judge(list(folded.values())), strict=True))
        found = {text: self._found(each) for text, each in folded.items()}
        likeness = self._likeness(messages)
        answers = []
        for message in messages:
            judgement = judged[message.text]
            reading = Reading(
                message,
                found[message.text],
                self.policy,
                message.sent_at or now,
                judgement.probability,
                judgement.words,
                likeness.get((message.topic or "", message.text)),
                lambda text: self._found(fold(text)),
            )
            answers.append(_answer(reading))
        return answers

    def _likeness(self, messages: Sequence[Message]) -> dict[tuple[str, str], float]:
        """Compare topics with texts, for messages that a token pays for."""
        pairs = [
            (message.topic, message.text)
            for message in messages
            if message.topic and message.lane in ("otn", "marketing")
        ]
        return self._classifier.likeness(list(dict.fromkeys(pairs)))

    def _found(self, folded: Folded) -> Found:
        return Found(folded, tuple(self._lexicon.hits(folded)), tuple(marks(folded)))


def _whole(message: Message) -> Message:
    """Put a replacement sign for what no encoding can hold, one for one, so that spans stay where they are."""
    texts = (message.text, message.topic or "", *message.variables.values())
    if not any(_HALF.search(text) for text in texts):
        return message
    return replace(
        message,
        text=_HALF.sub("\ufffd", message.text),
        topic=message.topic and _HALF.sub("\ufffd", message.topic),
        variables={name: _HALF.sub("\ufffd", value) for name, value in message.variables.items()},
    )


def _answer(reading: Reading) -> Answer:
    found = [finding for rule in RULES for finding in rule(reading)]
    findings = tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))
    worst = findings[0].severity if findings else "note"
    verdict: Verdict = "pass" if worst == "note" else worst
    because = tuple(reading.message.text[slice(*word)] for word in reading.words)
    return Answer(findings, reading.promotional, because, verdict, _explanation(verdict, findings, reading.promotional))


def _explanation(verdict: Verdict, findings: tuple[Finding, ...], promotional: float) -> str:
    """Say in one sentence what decided."""
    reads = "promotional" if promotional >= LIKELY else "not promotional"
    opinion = f"the classifier reads it as {reads} ({promotional:.0%})"
    if verdict == "pass":
        return f"No rule stands against it; {opinion}."
    more = f" and {len(findings) - 1} more" if len(findings) > 1 else ""
    word = "Blocked" if verdict == "block" else "A warning"
    return f"{word} by {findings[0].rule}{more}; {opinion}."
