"""What is linted and what comes of it: a message with its circumstances, and findings about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Severity = Literal["block", "warn", "note"]
Kind = Literal["lane", "content", "timing", "topic", "prompt", "frequency", "privacy"]
Verdict = Literal["block", "warn", "pass"]
SEVERITIES: tuple[Severity, ...] = ("block", "warn", "note")
"""Worst first."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a person will read it. Times are naive UTC; all but the text may be unknown.

    `lane` is `standard_window`, `otn`, `marketing`, `utility`, `private_reply`, `tag:NAME`, or `optin_prompt` for the
    title of a token request. `variables` fill the `{{name}}` of a template. `audience` is how many people get it,
    where that is known.
    """

    text: str
    lane: str | None = None
    topic: str | None = None
    event_at: datetime | None = None
    event_ends_at: datetime | None = None
    sent_at: datetime | None = None
    lang: str | None = None
    purpose: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """One compliance warning. `rule` is an id of the rule book; `span` is [start, end) in the message's text.

    `span` is None where the finding is about the circumstances and no word of the text.
    """

    rule: str
    kind: Kind
    severity: Severity
    span: tuple[int, int] | None
    reason: str
    source: str
    advice: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What lint says of one message: its findings, worst first, and a verdict explained in one sentence.

    `promotional` is the calibrated probability (0 to 1) that the text promotes; `because` are the words that moved it.
    """

    findings: tuple[Finding, ...]
    promotional: float
    because: tuple[str, ...]
    verdict: Verdict
    explanation: str
