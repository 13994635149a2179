"""Meta's two headers of usage: the highest figure counts, whatever else is in them."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dispatch.usage import Usage, usage_of


def business(*figures: Mapping[str, object]) -> dict[str, str]:
    """Return the header of one business."""
    return {"x-business-use-case-usage": json.dumps({"1784": list(figures)})}


def test_nothing_said_is_nothing_used() -> None:
    """Most answers say nothing."""
    assert usage_of({}) == Usage(0, 0)


def test_the_application_tells_percentages() -> None:
    """Its header has no waiting time."""
    header = {"x-app-usage": '{"call_count": 12, "total_cputime": 55.5, "total_time": 31}'}

    assert usage_of(header) == Usage(55.5, 0)


def test_the_highest_figure_and_the_longest_wait_count() -> None:
    """They may come from different objects, and from both headers; minutes become seconds."""
    objects = business(
        {"type": "messenger", "call_count": 40, "estimated_time_to_regain_access": 0},
        {"type": "pages", "total_time": 91, "estimated_time_to_regain_access": 3},
    )

    assert usage_of({**objects, "x-app-usage": '{"call_count": 17}'}) == Usage(91, 180)


def test_other_kinds_of_use_hold_no_message_back() -> None:
    """An advertising account that is worn out is somebody else's trouble; what has no type may be ours."""
    worn_out = {"call_count": 100, "estimated_time_to_regain_access": 9}

    assert usage_of(business({"type": "ads_management", **worn_out})) == Usage(0, 0)
    assert usage_of(business(worn_out)) == Usage(100, 540)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '"80"', '{"call_count": null}', '{"call_count": true}', '{"call_count": NaN}',
     '{"call_count": -5}', '{"call_count": [80]}', '{"1": {"call_count": 80}}', '{"1": [80, null]}', "[" * 100_000],
)  # fmt: skip
def test_garbage_says_nothing(text: str) -> None:
    """A header is no reason to fail, nor to stop."""
    assert usage_of({"x-app-usage": text, "x-business-use-case-usage": text}) == Usage(0, 0)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["call_count", "total_time", "type", "1"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_JSON)
def test_any_json_is_read_without_failing(value: object) -> None:
    """And never as less than nothing."""
    text = json.dumps(value)
    usage = usage_of({"x-app-usage": text, "x-business-use-case-usage": text})

    assert usage.percent >= 0
    assert usage.regain_s >= 0
