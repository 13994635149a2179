"""Tokens whose lane was retired: how many there are, why, and what can replace the lane. Sentences only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from dashboard.language import noted, plural, say
from dashboard.words import counted, day, escaped
from pipelines.policy import Policy
from pipelines.rulebook import Rule, Source

_LANES = {
    "standard_window": noted("The open window"),
    "paid_marketing": noted("Paid marketing messages"),
    "otn": noted("A one-time notification"),
    "utility": noted("A utility template"),
}


@dataclass(frozen=True, slots=True)
class Stranded:
    """The stranded tokens of one kind, with the rules that closed their lane and those that name what replaces it."""

    kind: str
    count: int
    closings: Sequence[Rule]
    offers: Sequence[Rule]
    sources: Mapping[str, Source]

    def title(self, as_of: datetime, *, today: bool) -> str:
        """Say how many, and since when."""
        closed = [rule.from_at for rule in self.closings]
        kind = escaped(say(self.kind))
        lane = (
            say("the {kind} lane closed on {day}, before they expired", kind=kind, day=day(min(closed)))
            if closed
            else say("the {kind} lane closed, before they expired", kind=kind)
        )
        if today:
            return plural("1 token is stranded: {lane}", "{count} tokens are stranded: {lane}", self.count, lane=lane)
        tokens = counted(self.count, "token")
        return say("{tokens} stood stranded on {day}: {lane}", tokens=tokens, day=day(as_of), lane=lane)

    def reasons(self) -> str:
        """Say why, each reason with its sources."""
        return " ".join(f"{rule.words} {self._cited(rule)}" for rule in self.closings)

    def replacements(self) -> str:
        """Say what can replace the lane, as a Markdown list, the surest first."""
        if not self.offers:
            return say("The rule book names nothing that can replace this lane.")
        return "\n".join(f"- **{say(_LANES[rule.value])}.** {rule.words} {self._cited(rule)}" for rule in self.offers)

    def _cited(self, rule: Rule) -> str:
        cited = (self.sources[name] for name in rule.source)
        return ", ".join(f'[{each.id}]({each.address} "{each.title}")' if each.address else each.id for each in cited)


def stranded_by_kind(stock: pd.DataFrame, policy: Policy, as_of: datetime) -> list[Stranded]:
    """Return the stranded tokens by kind, the most first. `stock` has kind, state, count_tokens at as_of."""
    counts = stock[stock["state"] == "stranded"].groupby("kind")["count_tokens"].sum().sort_values(ascending=False)
    return [
        Stranded(
            str(kind),
            int(count),
            policy.closings(str(kind), as_of),
            policy.replacements(str(kind), as_of),
            policy.sources,
        )
        for kind, count in counts.items()
    ]
