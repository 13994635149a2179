"""The short texts in place: in both languages, each with its origin, each number from the rule book of the day."""

import ast
import re
import string
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard import guidance
from pipelines import DATA
from pipelines.plan.reasons import WORDS
from pipelines.policy import Policy
from tests.conftest import NOW

ENTRIES: list[dict[str, Any]] = tomllib.loads((DATA / "guidance.toml").read_text(encoding="utf-8"))["guide"]
STATES = ("available", "reserved", "spent", "expired", "revoked", "stranded")
LANES = ("standard_window", "otn", "marketing", "utility", "human_agent")
CAMPAIGN = ("canary", "unconfirmed", "holdout", "quiet_hours", "second_person", "blocked", "frequency_cap")
NO_TAGS = {"tag.legacy", "tag.one_time_notification"}


def fields_of(text: str) -> set[str]:
    """Return the names of the fields in a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def bare(text: str) -> str:
    """Return a text without its fields."""
    return "".join(words for words, *_ in string.Formatter().parse(text))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry["id"]))
def test_a_text_stands_in_both_languages_with_the_same_fields(entry: dict[str, Any]) -> None:
    """Nothing is missing on either side, and no number is written by hand: numbers change, texts are forgotten."""
    english, chinese = (entry["title"], entry["text"]), (entry["zh_Hant_title"], entry["zh_Hant"])

    assert all(text.strip() for text in (*english, *chinese))
    assert all(re.search("[\u4e00-\u9fff]", text) for text in chinese)
    assert not any(re.search("[\u4e00-\u9fff]", text) for text in english)
    assert fields_of(entry["text"]) == fields_of(entry["zh_Hant"]) == set(entry.get("fields", {}))
    assert [text for text in (*english, *chinese) if re.search(r"\d", bare(text))] == []
    assert entry["text"].count("\n\n") == entry["zh_Hant"].count("\n\n")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry["id"]))
def test_a_text_says_where_it_comes_from(entry: dict[str, Any], policy: Policy) -> None:
    """By rules, by sources with the day they were read, or as our own way; never by nothing."""
    rules, sources = entry.get("rules", []), entry.get("sources", [])
    named = [*rules, *entry.get("state", []), *(f["rule"] for f in entry.get("fields", {}).values() if "rule" in f)]

    assert [rule for rule in named if rule not in policy.histories] == []
    assert [source for source in sources if source not in policy.sources] == []
    assert ("verified_on" in entry) == bool(sources)
    assert entry.get("ours", False) != bool(rules or sources)
    assert entry["ask"] in ("why", "how", "what")


def test_names_are_given_once() -> None:
    """Two texts of one name would hide each other."""
    every = [name for entry in ENTRIES for name in (entry["id"], *entry.get("also", ()))]

    assert len(every) == len(set(every)) == len(guidance.names())


def test_everything_that_pages_ask_about_has_a_text(policy: Policy) -> None:
    """Each reason why somebody is left out, each state of a token, each lane and tag."""
    tags = [rule for rule in policy.histories if re.fullmatch(r"tag\.[a-z_]+", rule) and rule not in NO_TAGS]
    lanes = [*LANES, *(f"tag:{tag.removeprefix('tag.').upper()}" for tag in tags)]
    wanted = [
        *map(guidance.of_reason, WORDS), *map(guidance.of_state, (*STATES, "region", "frequency")),
        *map(guidance.of_lane, lanes), "enable.otn", "enable.marketing", "enable.utility",
        *(f"campaign.{each}" for each in CAMPAIGN),
    ]  # fmt: skip

    assert len(tags) == 6
    assert [name for name in wanted if name not in guidance.names()] == []


def test_a_page_asks_only_for_texts_that_there_are() -> None:
    """A hint that is misspelt would be missing without a word."""
    asked = [
        (path.name, node.args[1].value)
        for path in Path(dashboard.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("hint", "hint_at")
        if len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
    ]

    assert ("first_start.py", "start.logs") in asked
    assert [each for each in asked if each[1] not in guidance.names()] == []


@pytest.mark.parametrize(
    ("name", "day", "state", "says"),
    [
        ("lane.marketing", "2025-08-31", "open", "one free message in 24 hours"),
        ("lane.marketing", "2025-09-01", "open", "one free message in 48 hours"),
        ("lane.marketing", "2026-02-10", "closed", "Tokens given before 10 Feb 2026 are refused"),
        ("lane.tag.account_update", "2026-02-09", "open", "since 27 Apr 2026"),
        ("lane.tag.account_update", "2026-02-10", "careful", "since 27 Apr 2026"),
        ("lane.tag.account_update", "2026-04-27", "closed", "since 27 Apr 2026"),
        ("lane.tag.account_update", "2019-01-01", "unknown", "since 27 Apr 2026"),
        ("lane.human_agent", "2026-11-22", "closed", "within 7 days"),
        ("lane.standard_window", "2026-11-22", "open", "For 24 hours"),
        ("lane.otn", "2026-11-22", "careful", "within 365 days"),
    ],
)
def test_numbers_and_states_are_those_of_the_day(name: str, day: str, state: str, says: str) -> None:
    """As the rule book has them on that day; the dates of what has changed stay the same on every day."""
    guide = guidance.text_of(name, datetime.fromisoformat(day))

    assert (guide.state, says in guide.text) == (state, True)


@given(days=st.integers(-3000, 3000))
@settings(max_examples=10)
def test_every_text_can_be_told_on_any_day(days: int) -> None:
    """A page of a past day is no reason to break; and no field stays open."""
    for name in guidance.names():
        guide = guidance.text_of(name, NOW + timedelta(days=days))

        assert not re.search(r"(?<!\{)\{[a-z_]+\}", guide.text)
        assert guide.text
        assert guidance.origin(guide)


def test_the_places_of_free_and_paid_messages_are_the_same(policy: Policy) -> None:
    """Three texts say "those few places" of both."""
    free = policy.rule("marketing.free_regions", NOW).value
    excluded = policy.rule("paid_marketing.send.excluded", NOW).applies["regions"]

    assert sorted(free) == sorted(excluded)


def drawn(name: str, language: str) -> AppTest:
    """Draw one hint as a page does."""

    def script(name: str, moment: object) -> None:
        from dashboard.guidance import hint_at  # Streamlit takes these lines out of the file, and runs them alone

        hint_at(moment, name)  # type: ignore[arg-type]

    page = AppTest.from_function(script, kwargs={"name": name, "moment": NOW})
    page.session_state["lang"] = language
    return page.run()


def test_a_hint_is_drawn_with_its_sources_in_the_viewers_language() -> None:
    """English and Chinese; where there is no text nothing is drawn, as for a state of a later version."""
    english, chinese, nothing = drawn("lane.otn", "en"), drawn("lane.otn", "zh_Hant"), drawn("token.frozen", "en")

    assert not english.exception
    assert english.markdown[0].value == "**A one-time notification token**"
    assert "/one-time-notification/" in english.caption[0].value
    assert chinese.markdown[0].value == "**一次性通知權杖**"
    assert "365" in chinese.markdown[-1].value
    assert not nothing.markdown
