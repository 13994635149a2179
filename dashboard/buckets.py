"""How time left and age are cut into bars, and which tokens stand behind a bar."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of days (UTC): at least `first`, less than `end`; end None is endless."""

    label: str
    first: int
    end: int | None


LEFT = {
    "7d": Bucket("0-6", 0, 7),
    "30d": Bucket("7-29", 7, 30),
    "90d": Bucket("30-89", 30, 90),
    "180d": Bucket("90-179", 90, 180),
    "365d": Bucket("180-364", 180, 365),
    "longer": Bucket("365+", 365, None),
}
"""Days until a token expires; 0 is today."""

AGE = {
    "30d": Bucket("0-29", 0, 30),
    "90d": Bucket("30-89", 30, 90),
    "180d": Bucket("90-179", 90, 180),
    "365d": Bucket("180-364", 180, 365),
    "older": Bucket("365+", 365, None),
}
"""Days since the opt-in; 0 is today."""


def counts(days: pd.Series, tokens: pd.Series, buckets: Mapping[str, Bucket]) -> list[int]:
    """Sum tokens by bucket; `days` are whole numbers."""
    return [
        int(tokens[(days >= each.first) & ((each.end is None) | (days < (each.end or 0)))].sum())
        for each in buckets.values()
    ]
