"""How much of its allowance Meta says is used, from the headers of an answer.

Two headers speak of it. X-App-Usage holds one object of percentages. X-Business-Use-Case-Usage holds a list of such
objects for each business, each with its type and the minutes until calls are taken again.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_FIGURES = ("call_count", "total_cputime", "total_time")
_TYPES = {"messenger", "pages"}  # the others, such as ads, do not hold back a message
_REGAIN = "estimated_time_to_regain_access"


@dataclass(frozen=True, slots=True)
class Usage:
    """The highest percentage of any allowance, and the seconds until calls are taken again; 0 where nothing is said."""

    percent: float = 0.0
    regain_s: float = 0.0


def usage_of(headers: Mapping[str, str]) -> Usage:
    """Read both headers, whose names are in small letters, or found whatever their case. Garbage says nothing."""
    percent, regain_min = 0.0, 0.0
    for figures in _objects(headers):
        percent = max(percent, *(_number(figures.get(name)) for name in _FIGURES))
        regain_min = max(regain_min, _number(figures.get(_REGAIN)))
    return Usage(percent, regain_min * 60)


def _objects(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    app = _json(headers.get("x-app-usage"))
    if isinstance(app, dict):
        yield app
    businesses = _json(headers.get("x-business-use-case-usage"))
    for listed in businesses.values() if isinstance(businesses, dict) else ():
        for figures in listed if isinstance(listed, list) else ():
            if isinstance(figures, dict) and _concerns_messages(figures):
                yield figures


def _concerns_messages(figures: Mapping[str, Any]) -> bool:
    kind = figures.get("type")
    return not isinstance(kind, str) or kind.lower() in _TYPES  # without a type it may be ours: careful


def _json(text: str | None) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0.0
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return 0.0
    return number if math.isfinite(number) and number > 0 else 0.0
