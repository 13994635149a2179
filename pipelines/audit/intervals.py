"""Shares and differences of shares, each with the interval in which the truth lies 95 times in a hundred."""

from dataclasses import dataclass

_MISSES = 0.05


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of` people, and between which shares the truth lies (Wilson). Of nobody nothing is known."""

    count: int
    of: int
    low: float
    high: float

    @property
    def part(self) -> float | None:
        """The share itself; None of nobody."""
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much one share is above another, and between which values that lies (Newcombe)."""

    value: float
    low: float
    high: float

    @property
    def is_told(self) -> bool:
        """Whether chance alone does not explain it."""
        return self.low > 0 or self.high < 0


def share_of(count: int, of: int) -> Share:
    """Return a share with its interval."""
    if not of:
        return Share(0, 0, 0.0, 1.0)
    from statsmodels.stats.proportion import proportion_confint  # takes seconds, which other pages need not pay

    low, high = proportion_confint(count, of, alpha=_MISSES, method="wilson")
    part = count / of  # at an end of the scale rounding would push it out of its own interval
    return Share(count, of, max(0.0, min(part, float(low))), min(1.0, max(part, float(high))))


def difference(one: Share, other: Share, among: int = 1) -> Difference | None:
    """Return how far `one` is above `other`; None where one of them is of nobody.

    `among` says how many differences are looked at together: each interval is as much wider (Bonferroni), so that all
    of them hold at once 95 times in a hundred.
    """
    if not one.of or not other.of:
        return None
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = confint_proportions_2indep(
        one.count, one.of, other.count, other.of, method="newcomb", compare="diff", alpha=_MISSES / among
    )
    return Difference(one.count / one.of - other.count / other.of, float(low), float(high))
