"""One message as the rules read it: the folded text, what was found in it, and the rule book on its day."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from pipelines.errors import PolicyUnknown
from pipelines.lint.fold import Folded
from pipelines.lint.lexicon import Hit
from pipelines.lint.marks import Mark
from pipelines.lint.message import SEVERITIES, Finding, Kind, Message, Severity
from pipelines.policy import Policy
from pipelines.rulebook import Rule

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in a text alone, whatever its circumstances."""

    folded: Folded
    hits: tuple[Hit, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What every rule may look at. `at` is the moment of sending, naive UTC.

    `words` moved the classifier, strongest first; `likeness` (-1 to 1) is how near topic and text are in meaning.
    """

    message: Message
    found: Found
    policy: Policy
    at: datetime
    promotional: float
    words: tuple[Span, ...]
    likeness: float | None
    read: Callable[[str], Found]

    def of(self, text: str) -> "Reading":
        """Return the reading of another text in the same circumstances, as of what fills a variable."""
        return replace(self, message=replace(self.message, text=text), found=self.read(text))

    @property
    def tag(self) -> str | None:
        """The name of the tag it goes under, as Meta writes it; None for another lane."""
        lane = self.message.lane or ""
        return lane.removeprefix("tag:") if lane.startswith("tag:") else None

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule in force at the moment of sending, or None: then nothing stands against the message."""
        try:
            return self.policy.rule(rule_id, self.at)
        except PolicyUnknown:
            return None

    def spans(self, *concepts: str) -> list[Span]:
        """Return where the message speaks of any of these concepts, in the original text."""
        return [self.found.folded.span(hit.start, hit.end) for hit in self.found.hits if hit.concept in concepts]

    def marked(self, *kinds: str) -> list[Span]:
        """Return where marks of these kinds stand, in the original text."""
        return [self.found.folded.span(mark.start, mark.end) for mark in self.found.marks if mark.kind in kinds]

    def quoted(self, span: Span) -> str:
        """Return a stretch of the message as a reason may quote it."""
        text = " ".join(self.message.text[slice(*span)].split())
        return f"“{text if len(text) <= 60 else text[:59] + '…'}”"

    def finding(
        self,
        rule_id: str,
        kind: Kind,
        span: Span | None,
        reason: str,
        advice: str,
        at_most: Severity | None = None,
    ) -> Iterable[Finding]:
        """Give the finding that a rule of the book calls for, with words and source; nothing where none is in force.

        A rule whose value is a limit, and no severity, blocks. `at_most` softens what is not certain.
        """
        rule = self.rule(rule_id)
        if rule is None or rule.value == "allow":
            return
        severity: Severity = rule.value if rule.value in SEVERITIES else "block"
        if at_most is not None and SEVERITIES.index(severity) < SEVERITIES.index(at_most):
            severity = at_most
        yield Finding(rule_id, kind, severity, span, f"{reason} {rule.words}", ", ".join(rule.source), advice)
