"""Tokens whose lane was retired: how many there are, why, and what can replace the lane. Sentences only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from dashboard.words import counted, day, escaped
from pipelines.policy import Policy
from pipelines.rulebook import Rule, Source

_LANES = {
    "standard_window": "The open window",
    "paid_marketing": "Paid marketing messages",
    "otn": "A one-time notification",
    "utility": "A utility template",
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
        when = f"{'are' if self.count != 1 else 'is'} stranded" if today else f"stood stranded on {day(as_of)}"
        closed = [rule.from_at for rule in self.closings]
        since = f" on {day(min(closed))}" if closed else ""
        return (
            f"{counted(self.count, 'token')} {when}: the {escaped(self.kind)} lane closed{since}, before they expired"
        )

    def reasons(self) -> str:
        """Say why, each reason with its sources."""
        return " ".join(f"{rule.words} {self._cited(rule)}" for rule in self.closings)

    def replacements(self) -> str:
        """Say what can replace the lane, as a Markdown list, the surest first."""
        if not self.offers:
            return "The rule book names nothing that can replace this lane."
        return "\n".join(f"- **{_LANES[rule.value]}.** {rule.words} {self._cited(rule)}" for rule in self.offers)

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
