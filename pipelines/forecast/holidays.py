"""Public holidays of the country in which most of a Page's people live, as its logs tell by their time zones."""

from datetime import date, timedelta
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt


def holiday_flags(zone: str | None, first_day: date, days: int) -> npt.NDArray[np.float64]:
    """Return 1 for each public holiday among `days` days from `first_day`, else 0; no zone, or none known: all 0."""
    country = _country_of_zone().get(zone or "")
    if not country:
        return np.zeros(days)
    from holidays import country_holidays

    try:
        known = country_holidays(country, years=range(first_day.year, (first_day + timedelta(days=days)).year + 1))
    except NotImplementedError:
        return np.zeros(days)
    return np.array([float(first_day + timedelta(days=day) in known) for day in range(days)])


@cache
def _country_of_zone() -> dict[str, str]:
    """Return the ISO country of each time zone, by the IANA table that tzdata carries."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {zone: country for country, _, zone, *_ in lines}
