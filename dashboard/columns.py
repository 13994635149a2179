"""How tables show their columns: what stands above them, and the form of days, times and numbers."""

from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.language import language, noted, say


def columns_of(frame: pd.DataFrame, zone: str) -> dict[str, Any]:
    """Return the configuration of each column; times are shown in `zone`."""
    return {column: _column(column, frame[column], zone) for column in frame.columns}


def scaled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with sizes in KB where a browser would count bytes in units of ten thousand."""
    if language() == "en" or "bytes_loaded" not in frame:
        return frame
    return frame.assign(bytes_loaded=frame["bytes_loaded"] / 1_000)


def label_of(name: str) -> str:
    """Return what stands above a column."""
    label = LABELS.get(name, name.removeprefix("count_").replace("_", " ").capitalize())
    return say(label)


def _column(name: str, values: pd.Series, zone: str) -> Any:
    label = label_of(name)
    if name in _DAYS:
        return _day_column(label)
    if pd.api.types.is_datetime64_any_dtype(values):
        note = say("In {zone} time; exports are in UTC.", zone=zone)
        return st.column_config.DatetimeColumn(label, timezone=zone, format=moment_format(), help=note)
    if any(isinstance(value, date) for value in values):
        return _day_column(label)
    if pd.api.types.is_numeric_dtype(values):
        return st.column_config.NumberColumn(label, format=_number_format(name))
    return st.column_config.TextColumn(label, width="large" if name == "line" else None)


def _number_format(name: str) -> str:
    return say("bytes") if name == "bytes_loaded" else _NUMBERS.get(name, "%,d")


def _day_column(label: str) -> Any:
    return st.column_config.DateColumn(label, format=say("D MMM YYYY"), help=say("A day in UTC."))


def moment_format() -> str:
    """Return how a table writes a moment."""
    return say("D MMM YYYY, HH:mm")


_DAYS = {"dry_on"}
_NUMBERS = {
    "gained_week": "%,.1f",
    "spent_week": "%,.1f",
    "mase": "%.2f",
    "error_ratio": "%.2f",
    "in_50": "percent",
    "in_80": "percent",
    "in_95": "percent",
    "mase_naive": "%.2f",
    "lag_seconds": "duration",
    "source_line": "%d",
}
LABELS = {
    "action": noted("Action"),
    "adds_up": noted("Adds up"),
    "after": noted("After"),
    "asked_at": noted("Asked"),
    "asked_by": noted("By"),
    "before": noted("Before"),
    "by": noted("By"),
    "bytes_loaded": noted("Size"),
    "code": noted("Code"),
    "confidence": noted("Confidence"),
    "count_delivered": noted("Delivered"),
    "count_events": noted("Events"),
    "count_forecasts": noted("Forecasts"),
    "count_held": noted("Held"),
    "count_hours": noted("Hours"),
    "count_messages": noted("Messages"),
    "count_people": noted("People"),
    "count_tokens": noted("Tokens held"),
    "count_usual": noted("Usual events"),
    "days": noted("Days"),
    "days_left": noted("Days left"),
    "died_30": noted("Die in 30 days"),
    "died_60": noted("Die in 60 days"),
    "died_90": noted("Die in 90 days"),
    "dry_on": noted("Dry around"),
    "dry_percent": noted("Chance of dry, %"),
    "duplicate_lines": noted("Duplicate"),
    "duplicates": noted("Duplicates"),
    "erased": noted("Erased"),
    "error_ratio": noted("Error"),
    "event_lines": noted("With events"),
    "events": noted("Events"),
    "expected_waste": noted("Never used, by age"),
    "expires_at": noted("Expires"),
    "first_event_at": noted("First event"),
    "first_seen_at": noted("First seen"),
    "from_at": noted("From"),
    "gained_week": noted("Opt-ins a week"),
    "horizon_days": noted("Horizon days"),
    "in_50": noted("In the 50 % band"),
    "in_80": noted("In the 80 % band"),
    "in_80_percent": noted("Held: in the 80 % band, %"),
    "in_95": noted("In the 95 % band"),
    "in_state_since": noted("In this state since"),
    "kind": noted("Kind"),
    "lag_seconds": noted("Last event to load"),
    "lane": noted("Lane"),
    "last_at": noted("Last sent"),
    "last_delivery": noted("Last delivery"),
    "last_event_at": noted("Last event"),
    "last_loaded_at": noted("Loaded"),
    "line": noted("Line"),
    "lines": noted("Lines"),
    "mase": noted("MASE, opt-ins"),
    "mase_naive": noted("MASE, as a week ago"),
    "measure": noted("Measure"),
    "next_token_ends_at": noted("First token ends"),
    "occurred_at": noted("When"),
    "on": noted("Since"),
    "opted_in_at": noted("Opted in"),
    "optins_by": noted("Opt-ins by"),
    "pace": noted("Sends a week to waste none"),
    "page_id": noted("Page"),
    "person": noted("Person"),
    "reason": noted("Reason"),
    "reject_lines": noted("Rejected"),
    "rule": noted("Rule"),
    "saved_90": noted("Saved by soonest first"),
    "sends_by": noted("Sends by"),
    "severity": noted("Severity"),
    "since": noted("Since"),
    "source": noted("Source"),
    "source_file": noted("File"),
    "source_line": noted("Line number"),
    "spent_week": noted("Sends a week"),
    "state": noted("State"),
    "status": noted("Review"),
    "subject": noted("Subject"),
    "subscription": noted("Subscription"),
    "text": noted("Text"),
    "to_at": noted("To"),
    "token": noted("Token"),
    "topic": noted("Topic"),
    "until": noted("Until"),
    "value": noted("Value"),
    "values": noted("Values"),
    "verified_on": noted("Verified"),
    "waits": noted("Waits"),
    "what": noted("What"),
    "what_it_is": noted("What it is"),
    "window_closes_at": noted("Window ends"),
    "words": noted("Words"),
}
"""What stands above a column; one that is not here is named as it is called."""
