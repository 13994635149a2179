"""A form becomes a campaign or a list of faults, each by its field; a campaign becomes the form that reads as it."""

import json
import re
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import DATA
from pipelines.plan.campaign import Audience, Campaign
from pipelines.plan.campaign_file import KEYS, read_campaign
from pipelines.plan.form import Fault, form_of, read_form
from pipelines.policy import Policy
from tests.conftest import IS_DEEP
from tests.plan.forms import LATEST, forms

NOW = datetime(2026, 11, 30, 12)
PLAIN = {"name": "n", "page_id": "1084", "purpose": "promotional", "text": "The shoes are back."}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what an audience says of a list of people, and of one to leave out."""
    folder = tmp_path_factory.mktemp("lists")
    (folder / "people.csv").write_text("psid,tags\n1,vip\n")
    (folder / "not.csv").write_text("psid\n2\n")
    return {"csv": str(folder / "people.csv"), "tags": ["vip"], "exclude_csv": str(folder / "not.csv")}


def campaign(policy: Policy, form: dict[str, Any], now: datetime = NOW) -> Campaign:
    """Return the campaign that a form without faults is."""
    read, faults = read_form(form, policy, now)
    assert faults == ()
    assert read is not None
    return read


def faults(policy: Policy, **changed: Any) -> dict[str, str]:
    """Return by field what is said first of a form that differs in this from a plain one."""
    read, found = read_form(PLAIN | changed, policy, NOW)
    assert (read is None) == bool(found)
    return {fault.key: fault.message for fault in reversed(found)}


@settings(max_examples=30 if IS_DEEP else 8)
@given(st.data())
def test_a_campaign_reads_as_itself_from_the_form_of_it(
    policy: Policy, people: dict[str, Any], data: st.DataObject
) -> None:
    """Also after the form was kept as JSON."""
    read = campaign(policy, data.draw(forms(NOW, people)))
    again = json.loads(json.dumps(form_of(read)))

    assert campaign(policy, again) == read
    assert form_of(campaign(policy, again)) == again


def test_file_and_form_are_read_alike(policy: Policy, tmp_path: Path) -> None:
    """The sample with all that it leaves switched off, from its file and from the form of it."""
    (tmp_path / "people.csv").write_text("psid\n1\n")
    (tmp_path / "not-these.csv").write_text("psid\n2\n")
    sample = (DATA / "samples" / "campaign.toml").read_text(encoding="utf-8")
    switched_on = re.sub(r"^# (?=\[|\w+ = )", "", sample, flags=re.MULTILINE)
    file = tmp_path / "campaign.toml"
    file.write_text(re.sub(r"^(text = \"Hi|lanes = ).*$", "", switched_on, flags=re.MULTILINE), encoding="utf-8")
    read = read_campaign(file, policy, NOW)
    form = form_of(read)

    assert campaign(policy, form) == read
    assert set(form) >= set(KEYS) - {"lanes", "text", "event_ends_at"}
    assert form["not_after"].endswith("Z")
    assert form["audience"]["csv"] == str(tmp_path / "people.csv")
    assert form["audience"]["csv_sha256"] == sha256(b"psid\n1\n").hexdigest()


def test_what_a_field_left_empty_says_is_nothing(policy: Policy) -> None:
    """Fields that were never filled in, as widgets give them, are no fault; a table that stands is meant."""
    empty = {
        "topic": " ", "lanes": [], "start_at": None, "not_after": "", "button": [], "quick_reply": [], "variant": [],
        "audience": {"topics": [], "window": "", "csv": "", "csv_sha256": "", "last_seen_within": None},
        "split": {"holdout": None}, "image": None, "utility": None, "quiet_hours": None,
    }  # fmt: skip

    assert campaign(policy, PLAIN | empty) == campaign(policy, PLAIN)
    assert set(faults(policy, quiet_hours={"from": "", "to": "", "zone": ""})) == {"quiet_hours.from", "quiet_hours.to"}


@pytest.mark.parametrize(
    ("changed", "key", "says"),
    [
        ({"text": "  "}, "text", "is missing; write it."),
        ({"text": "Hi {name}"}, "text", "{ at position 4"),
        ({"page_id": "x"}, "page_id", "digits only"),
        ({"purpose": "promo"}, "purpose", "Did you mean promotional?"),
        ({"lanes": ["otn"]}, "topic", "spends tokens"),
        ({"lanes": ["utility"]}, "lanes", "needs an approved template; name it with its language."),
        ({"utility": {"template": ""}}, "utility.template", "is missing; write it."),
        ({"utility": {"template": "a", "language": "en", "parameters": ["x", ""]}}, "utility.parameters", "is empty"),
        ({"variant": [{"name": "a", "text": "b"}]}, "text", "stands beside variants"),
        ({"button": [{"title": "a", "url": "https://a.b"}, {"title": "b", "url": ""}]}, "button[2].url", "is empty"),
        ({"button": [{"title": "a", "url": "a.b"}]}, "button[1].url", "is no https address"),
        ({"quick_reply": [{"title": "a", "payload": ""}]}, "quick_reply[1].payload", "is missing; write it."),
        ({"image": {"url": ""}}, "image.url", "is empty"),
        ({"audience": {"topics": ["a", "a"]}}, "audience.topics", 'names "a" twice'),
        ({"audience": {"tags": ["a"]}}, "audience.tags", "are a column of a CSV file"),
        ({"audience": {"csv": "/none/vip.csv"}}, "audience.csv", r"^vip\.csv cannot be read: .* Give the list again"),
        ({"audience": {"csv": "/no\0where"}}, "audience.csv", "cannot be read"),
        ({"audience": {"not_messaged_within": "a week"}}, "audience.not_messaged_within", "is no duration"),
        ({"start_at": "2026-12-01"}, "start_at", "must be a date with its time"),
        ({"start_at": "2026-13-01T09:00Z"}, "start_at", "must be a date with its time"),
        ({"start_at": 1764600000}, "start_at", "must be a date with its time"),
        ({"not_after": "2026-11-30T12:00:00Z"}, "not_after", "has passed already"),
        ({"quiet_hours": {"from": "21:00", "to": "9"}}, "quiet_hours.to", 'such as "21:00"'),
        ({"frequency_cap": {"messages": 0, "within": "7d"}}, "frequency_cap.messages", "whole number from 1 up"),
        ({"split": {"holdout": 1.5}}, "split.holdout", "no share of the people"),
        ({"colour": "red"}, "colour", "is no key here"),
    ],
)  # fmt: skip
def test_a_fault_names_its_field(policy: Policy, changed: dict[str, Any], key: str, says: str) -> None:
    """It says what to do where the field stands: no file, no line, no sign of a file's own language."""
    found = faults(policy, **changed)

    assert re.search(says, found[key])
    assert not re.search(r"line \d+:|\[\[|TOML|quotes", found[key])


def test_a_list_of_people_that_changed_is_told(policy: Policy, tmp_path: Path) -> None:
    """A copy is for the people that the campaign was for; without its sha256 the list is taken as it is."""
    (tmp_path / "people.csv").write_text("psid\n1\n")
    form = form_of(campaign(policy, PLAIN | {"audience": {"csv": str(tmp_path / "people.csv")}}))
    (tmp_path / "people.csv").write_text("psid\n2\n")
    taken = {"csv": form["audience"]["csv"]}

    assert "means other people" in faults(policy, audience=form["audience"])["audience.csv"]
    assert campaign(policy, PLAIN | {"audience": taken}).audience.people_sha256 == sha256(b"psid\n2\n").hexdigest()


def test_who_was_forgotten_is_in_no_form(policy: Policy) -> None:
    """What stands for them is no id that anybody could write."""
    named = campaign(policy, PLAIN | {"audience": {"exclude_psids": ["77", "78"]}})
    forgotten = Campaign.from_json(named.to_json().replace('"77"', '"forgotten-0123456789abcdef"'))

    assert campaign(policy, form_of(forgotten)).audience == Audience(exclude_psids=("78",))


def test_a_form_is_read_by_the_rules_of_the_day(policy: Policy) -> None:
    """A moment that lies ahead today has passed on the day after it."""
    form = PLAIN | {"not_after": LATEST.isoformat()}

    assert campaign(policy, form).not_after == LATEST
    assert read_form(form, policy, LATEST + timedelta(seconds=1)) == (
        None,
        (Fault("not_after", "has passed already; write a later moment, or none."),),
    )


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=9)
    | st.sampled_from(["7d", "otn", "utility", "09:00", "2026-12-01T09:00:00Z", "0001-01-01T00:00:00+05:00", "/"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["url", "title", "text", "name", "share", "csv", "from", "to", "x"]), inner),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=60 if IS_DEEP else 15)
@given(st.dictionaries(st.sampled_from([*KEYS, "x"]), _ANY))
def test_any_value_in_any_field_is_a_campaign_or_a_fault(policy: Policy, form: dict[str, Any]) -> None:
    """Whatever a page makes of itself, its reader gets the list, never a crash."""
    read, found = read_form(form, policy, NOW)

    assert (read is None) == bool(found)
