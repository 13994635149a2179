"""Short texts where somebody asks "Why?", "How?" or "What is that?", with the rules and sources that they rest on."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

import streamlit as st
from babel import Locale
from babel.lists import format_list

from dashboard.language import language, listed, noted, say
from dashboard.view import View, rule_book
from dashboard.words import day, grouped
from pipelines import DATA
from pipelines.dispatch.canary import CANARIES
from pipelines.policy import Policy, utc_day
from pipelines.rulebook import Rule, Source

State = Literal["open", "careful", "closed", "unknown"]
_OURS: dict[str, int] = {"canaries": CANARIES}
"""Numbers of our own that a text names: they stand in the code that keeps to them."""
_ASKS = {"why": noted("Why?"), "how": noted("How?"), "what": noted("What is that?")}
_STATES: dict[State, tuple[str, str, str]] = {
    "open": (noted("Open on {day}"), "check_circle", "green"),
    "careful": (noted("Open on {day}, but not certain"), "help", "orange"),
    "closed": (noted("Closed on {day}"), "block", "red"),
    "unknown": (noted("No rule is known for {day}"), "help", "gray"),
}
_ORDER: tuple[State, ...] = ("open", "careful", "closed")
_TERRITORY = {"UK": "GB"}
"""Meta's names of places that are not those of ISO 3166."""


@dataclass(frozen=True, slots=True)
class Guide:
    """One text, in the viewer's language, as of a day. `state`: whether a lane is open; None where it is no lane."""

    name: str
    asks: str
    title: str
    text: str
    state: State | None
    rules: tuple[str, ...]
    sources: tuple[Source, ...]
    verified_on: date | None
    """The day on which the oldest of them was last verified; None: it is how Clear to Send works, no rule of Meta's."""


def names() -> frozenset[str]:
    """Return every name that a text has."""
    return frozenset(_book())


def of_lane(lane: str) -> str:
    """Return the name of the text about a lane, as "otn" or "tag:HUMAN_AGENT"."""
    return f"lane.{lane.replace(':', '.').lower()}"


def of_reason(reason: str) -> str:
    """Return the name of the text about a reason of pipelines/plan/reasons.py."""
    return f"why.{reason}"


def of_state(state: str) -> str:
    """Return the name of the text about a token's state."""
    return f"token.{state}"


def text_of(name: str, as_of: datetime) -> Guide:
    """Return a text as it holds at a moment (naive UTC). Raises KeyError for a name that no text has."""
    entry, policy, when = _book()[name], rule_book(), utc_day(as_of)
    chosen = language()
    suffix = "" if chosen == "en" else f"{chosen}_"
    values = {key: _value(field, policy, when) for key, field in entry.get("fields", {}).items()}
    rules = [_nearest(policy, rule_id, when) for rule_id in entry.get("rules", ())]
    cited = sorted({*entry.get("sources", ()), *(source for rule in rules for source in rule.source)})
    verified = [rule.verified_on for rule in rules]
    if "verified_on" in entry:
        verified.append(entry["verified_on"])
    return Guide(
        entry["id"],
        entry["ask"],
        entry[f"{suffix}title"],
        entry["text" if chosen == "en" else chosen].strip().format_map(values),
        _state(entry["state"], policy, when) if "state" in entry else None,
        tuple(entry.get("rules", ())),
        tuple(policy.sources[source] for source in cited),
        min(verified, default=None),
    )


def hint(view: View, name: str, label: str = "") -> None:
    """Draw a text behind a small button, in place; nothing for a name without one, as of a later version's state."""
    hint_at(view.scope.as_of, name, label)


def hint_at(as_of: datetime, name: str, label: str = "") -> None:
    """Draw it as of a moment, where there is no view yet."""
    if name not in names():
        return
    guide = text_of(name, as_of)
    with st.popover(label or say(_ASKS[guide.asks]), type="tertiary", icon=":material/help:", help=guide.title):
        draw(guide, as_of)


def draw(guide: Guide, as_of: datetime) -> None:
    """Draw a text: what it says, whether the lane is open, and who says so."""
    st.markdown(f"**{guide.title}**")
    if guide.state:
        told, icon, color = _STATES[guide.state]
        st.badge(say(told, day=day(as_of)), icon=f":material/{icon}:", color=color)  # type: ignore[arg-type]
    st.markdown(guide.text)
    st.caption(origin(guide))


def origin(guide: Guide) -> str:
    """Say where a text comes from, as Markdown."""
    if guide.verified_on is None:
        return say("This is how Clear to Send works; Meta has no rule about it.")
    cited = listed(
        f'[{each.id}]({each.address} "{each.title}")' if each.address else f"{each.id} ({each.title})"
        for each in guide.sources
    )
    return say("Sources: {sources}. Last verified on {day}.", sources=cited, day=day(guide.verified_on))


@cache
def _book() -> Mapping[str, Mapping[str, Any]]:
    """Return the texts by each of their names."""
    entries = tomllib.loads((DATA / "guidance.toml").read_text(encoding="utf-8"))["guide"]
    return {name: entry for entry in entries for name in (entry["id"], *entry.get("also", ()))}


def _nearest(policy: Policy, rule_id: str, when: date) -> Rule:
    """Return the rule in force on a day; where none is, the next to come, or else the last there was."""
    history = policy.history(rule_id)
    return next((rule for rule in history if rule.until is None or when <= rule.until), history[-1])


def _value(field: Mapping[str, Any], policy: Policy, when: date) -> str:
    if "ours" in field:
        return grouped(_OURS[field["ours"]])
    if "source" in field:
        return day(date.fromisoformat(policy.sources[field["source"]].page_date))
    history = policy.history(field["rule"])
    named = next((rule for rule in history if "when" in field and rule.value == field["when"]), None)
    rule = named or _nearest(policy, field["rule"], when)
    if field.get("show") == "since":
        return day(rule.since)
    if isinstance(rule.value, tuple | str):
        return format_list([*_words(rule.value, field["show"])], locale=language())
    return grouped(rule.value)


def _words(value: tuple[str, ...] | str, show: str) -> Iterator[str]:
    """Give the places or the typed words that a rule lists."""
    places = Locale.parse(language()).territories
    for each in (value,) if isinstance(value, str) else value:
        if show == "names":
            yield places.get(_TERRITORY.get(each, each), each)
        else:
            yield from (f"`{word}`" for word in each.split(" or "))


def _state(rule_ids: list[str], policy: Policy, when: date) -> State:
    """Return the strictest of what the rules say on a day."""
    found = [rule for rule_id in rule_ids for rule in policy.history(rule_id) if rule.in_force(when)]
    return max(map(_openness, found), key=_ORDER.index, default="unknown")


def _openness(rule: Rule) -> State:
    if rule.value in ("block", False):
        return "closed"
    return "careful" if rule.value == "warn" or rule.confidence != "high" else "open"
