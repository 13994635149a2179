"""How time left and age are cut into bars, and which tokens stand behind a bar."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of whole days: (above, upto] of time left, [above, upto) of age; upto None is endless."""

    label: str
    above: int
    upto: int | None


LEFT = {
    "7d": Bucket("≤ 7", 0, 7),
    "30d": Bucket("8–30", 7, 30),
    "90d": Bucket("31–90", 30, 90),
    "180d": Bucket("91–180", 90, 180),
    "365d": Bucket("181–365", 180, 365),
    "longer": Bucket("> 365", 365, None),
}
"""By slug, as in the URL: days until a token expires."""

AGE = {
    "30d": Bucket("< 30", 0, 30),
    "90d": Bucket("30–89", 30, 90),
    "180d": Bucket("90–179", 90, 180),
    "365d": Bucket("180–364", 180, 365),
    "older": Bucket("≥ 365", 365, None),
}
"""By slug, as in the URL: days since the opt-in."""


def left_counts(frame: pd.DataFrame) -> list[int]:
    """Sum tokens by bucket of LEFT. Columns: days_left (started days), count_tokens."""
    days = frame["days_left"]
    return [int(frame.loc[(days > each.above) & (days <= (each.upto or days.max())), "count_tokens"].sum()) for each in LEFT.values()]


def age_counts(frame: pd.DataFrame) -> list[int]:
    """Sum tokens by bucket of AGE. Columns: age_days (whole days), count_tokens."""
    days = frame["age_days"]
    return [int(frame.loc[(days >= each.above) & (days < (each.upto or days.max() + 1)), "count_tokens"].sum()) for each in AGE.values()]
