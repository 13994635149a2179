"""The available tokens by the time that is left to them, or by their age."""

import pandas as pd

from dashboard import charts, reads
from dashboard.buckets import AGE, LEFT, counts
from dashboard.filters import choose_age, choose_left
from dashboard.language import noted, say
from dashboard.parts import choice, plot
from dashboard.theme import EXPIRING, STATES
from dashboard.view import View

_BY = {"left": noted("Time left"), "age": noted("Age")}
_TOKENS_BY = {
    "left": noted("Available tokens by days until expiry"),
    "age": noted("Available tokens by days since the opt-in"),
}


def clock(view: View) -> None:
    """Draw the available tokens by time left, or by age."""
    side = choice(say("Grouped by"), _BY, "left", "clock")
    if side == "age":
        ages = view.read(reads.ages, view.scope)
        of, choose, unit = AGE, choose_age, say("days since the opt-in")
        sums = counts(ages["age_days"], ages["count_tokens"], of)
    else:
        ends = view.read(reads.runoff, view.scope).frame
        of, choose, unit = LEFT, choose_left, say("days until expiry")
        sums = counts((ends["expires_on"] - pd.Timestamp(view.scope.as_of.date())).dt.days, ends["count_tokens"], of)
    is_soon = [side == "left" and each.first < reads.SOON_DAYS for each in of.values()]
    inks = [EXPIRING if soon else STATES["available"] for soon in is_soon]
    figure = charts.buckets([each.label for each in of.values()], sums, list(of), unit, inks)
    plot(figure, f"clock-{side}", say(_TOKENS_BY[side]), choose)
