"""A campaign is kept as JSON, and its fingerprint is what an approval is for."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings

from pipelines.plan.campaign import Audience, Campaign, Room, Variant
from tests.conftest import IS_DEEP
from tests.plan.campaigns import CAMPAIGNS

PLAIN = Campaign("n", "1084", "promotional", (Variant("A", "Hello", 1.0),), Room(1999, 80, 80, 1000))


@settings(max_examples=100 if IS_DEEP else 20)
@given(CAMPAIGNS)
def test_a_campaign_is_read_back_equal(campaign: Campaign) -> None:
    """The ledger keeps the text; what is read from it is the same campaign, and can stand in a set."""
    again = Campaign.from_json(campaign.to_json())

    assert again == campaign
    assert {again, campaign} == {campaign}
    assert again.to_json() == campaign.to_json()
    assert again.fingerprint == campaign.fingerprint


def test_the_json_is_canonical() -> None:
    """Keys are in order, without space, so that equal campaigns are equal text."""
    text = PLAIN.to_json()

    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


@pytest.mark.parametrize(
    "change",
    [
        {"variants": (Variant("A", "Hello!", 1.0),)},
        {"page_id": "1"},
        {"lanes": ("otn",)},
        {"topic": "t"},
        {"holdout": 0.1},
        {"not_after": datetime(2026, 12, 1)},
        {"audience": Audience(topics=("t",))},
        {"audience": Audience(people_sha256="another list of people")},
    ],
)
def test_an_approval_does_not_hold_for_another_campaign(change: dict[str, Any]) -> None:
    """Whatever a reader, an audience or a rule can see changes the fingerprint."""
    assert replace(PLAIN, **change).fingerprint != PLAIN.fingerprint


def test_where_a_list_lies_is_no_matter() -> None:
    """The same people from another folder are the same audience."""
    moved = replace(PLAIN, audience=Audience(people_csv="/elsewhere/people.csv"))

    assert moved.fingerprint == PLAIN.fingerprint
    assert moved != PLAIN


def test_a_variant_is_found_by_its_name() -> None:
    """And one that is not there is no other."""
    assert PLAIN.variant("A").text == "Hello"
    with pytest.raises(KeyError):
        PLAIN.variant("B")
