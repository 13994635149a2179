"""What a reviewer is told of a new version: everything that differs, each thing once, and nothing else."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import hypothesis
import pytest

from dashboard.campaigns.brief import NAMES
from pipelines.plan.campaign import Audience, Button, Campaign, Cap, Image, QuickReply, QuietHours, Utility, Variant
from pipelines.plan.versions import FIELDS, Change, changes
from tests.conftest import IS_DEEP, NOW
from tests.plan.campaigns import CAMPAIGNS
from tests.plan.worlds import CAMPAIGN, SHOES, TEXT, campaign

PEOPLE = Audience(people_csv="/a/people.csv", people_sha256="a" * 64, exclude_psids=("1", "2"), window="open")


@hypothesis.settings(max_examples=100 if IS_DEEP else 15)
@hypothesis.given(CAMPAIGNS, CAMPAIGNS)
def test_equal_campaigns_differ_in_nothing(one: Campaign, other: Campaign) -> None:
    """Nothing is said of what stayed; back and forth the same things are said, the other way round."""
    assert changes(one, one) == changes(one, Campaign.from_json(one.to_json())) == []
    there, back = changes(one, other), changes(other, one)
    assert [(each.field, each.of, each.is_, each.was) for each in back] == [
        (each.field, each.of, each.was, each.is_) for each in there
    ]


@pytest.mark.parametrize(
    ("field", "was", "is_", "changed"),
    [
        ("text", TEXT, "They are back!", {"variants": (Variant("A", "They are back!", 1.0),)}),
        ("topic", SHOES, "news", {"topic": "news"}),
        ("lanes", "open window, one-time notification token, marketing message token", "open window",
         {"lanes": ("standard_window",)}),
        ("buttons", "", "See → https://example.com", {"buttons": (Button("web_url", "See", "https://example.com"),)}),
        ("quick_replies", "", "Yes → YES", {"quick_replies": (QuickReply("Yes", "YES"),)}),
        ("image", "", "https://example.com/a.png", {"image": Image(url="https://example.com/a.png")}),
        ("utility", "", "ready (en), Ann", {"utility": Utility("ready", "en", ("Ann",))}),
        ("topics", "", "news, sale", {"audience": Audience(topics=("news", "sale"))}),
        ("not_messaged_within", "", "7d", {"audience": Audience(not_messaged_within=timedelta(days=7))}),
        ("last_seen_within", "", "36h", {"audience": Audience(last_seen_within=timedelta(hours=36))}),
        ("people_csv", "", "abababab", {"audience": Audience(people_sha256="ab" * 32)}),
        ("holdout", "", "5 %", {"holdout": 0.05}),
        ("cap", "", "2 in 90m", {"cap": Cap(2, timedelta(minutes=90))}),
        ("quiet_hours", "", "21:00-09:00 UTC", {"quiet_hours": QuietHours(time(21), time(9))}),
        ("not_after", "", "2026-11-22 12:00 UTC", {"not_after": NOW}),
    ],
)  # fmt: skip
def test_each_thing_is_told_by_its_field(field: str, was: str, is_: str, changed: dict[str, Any]) -> None:
    """As it was, and as it is."""
    assert changes(CAMPAIGN, replace(CAMPAIGN, **changed)) == [Change(field, "", was, is_)]


def test_texts_are_told_by_their_variant() -> None:
    """Where there are several: a new one was nothing before."""
    two = campaign(variants=(Variant("A", TEXT, 0.5), Variant("B", "Back!", 0.5)))

    assert changes(CAMPAIGN, two) == [
        Change("text", "B", "", "Back!"), Change("share", "A", "100 %", "50 %"), Change("share", "B", "", "50 %"),
    ]  # fmt: skip


def test_people_in_lists_are_not_named() -> None:
    """Another person in the list is another list; where the file lies is nobody's concern."""
    was = campaign(audience=PEOPLE)
    moved = campaign(audience=replace(PEOPLE, people_csv="/b/people.csv"))
    (other,) = changes(was, campaign(audience=replace(PEOPLE, exclude_psids=("1", "3"))))

    assert changes(was, moved) == []
    assert (other.field, other.was[:3], other.is_[:3]) == ("exclude_psids", "2 (", "2 (")
    assert other.was != other.is_


def test_every_field_has_a_name_on_the_page() -> None:
    """The pages translate what fields are called: none is missing there, and none too many."""
    assert sorted(FIELDS.values()) == sorted(NAMES)
