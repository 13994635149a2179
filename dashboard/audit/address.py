"""What the page Audit looks at, as its address says it: the address is the state, so that a view can be shared."""

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta

import streamlit as st

from dashboard.language import say
from pipelines.audit.entries import Sought

_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked at; '' or None asks for nothing. `since` and `until` are days in UTC, both of them included."""

    campaign: str = ""
    who: str = ""
    act: str = ""
    since: date | None = None
    until: date | None = None
    send: str = ""
    below: int | None = None

    def sought(self, as_of: datetime | None) -> Sought:
        """Return which entries that asks for; with a moment, those up to it."""
        start = datetime.min.time()
        ends = [datetime.combine(self.until + timedelta(days=1), start)] if self.until else []
        ends += [as_of] if as_of else []
        since = datetime.combine(self.since, start) if self.since else None
        return Sought(self.who, self.campaign, self.act, since, min(ends, default=None))


NAMES = tuple(each.name for each in fields(Looked))


def looked_at() -> Looked:
    """Read the address. What it says wrongly it does not say."""
    given = {name: st.query_params.get(name, "").strip() for name in NAMES}
    below = given["below"]
    return Looked(
        given["campaign"], given["who"], given["act"], _day(given["since"]), _day(given["until"]), given["send"],
        int(below) if below.isdecimal() and len(below) <= _MOST_DIGITS else None,
    )  # fmt: skip


def go(**changes: object) -> None:
    """Look at something else; what is not named stays, but for the page of the list, which begins anew."""
    for name, value in ({"below": None} | changes).items():
        if value:
            st.query_params[name] = str(value)
        else:
            st.query_params.pop(name, None)


def go_home() -> None:
    """Look at everything."""
    go(**dict.fromkeys(NAMES))


def slot(name: str) -> str:
    """Return the key of the widget that sets a part of the address."""
    return f"audit_{name}"


def follow(name: str) -> None:
    """Put what a widget was set to into the address."""
    go(**{name: st.session_state[slot(name)]})


def day(label: str, name: str, value: date | None, last: date) -> None:
    """Draw the choice of a day, kept in the address."""
    st.session_state[slot(name)] = value
    last = max(last, value or last)
    st.date_input(
        label, key=slot(name), format="YYYY-MM-DD", max_value=last, on_change=follow, args=(name,),
        help=say("A day in UTC."),
    )  # fmt: skip


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None
