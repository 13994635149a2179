"""One look: colours all can tell apart, charts that say what was counted, sentences that fit their numbers."""

import itertools
import math
from datetime import timedelta

import pandas as pd
import pytest

from dashboard import charts, theme, words
from dashboard.reach import Reach
from dashboard.reads import Balance, Runoff
from tests.synthetic import MOMENT

INKS = {**theme.STATES, "expiring": theme.EXPIRING}
# How eyes without one kind of cone see linear RGB (Machado, Oliveira and Fernandes 2009, full severity).
EYES = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red cones": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "no green cones": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
}


def linear(color: str) -> list[float]:
    """Return a colour's red, green and blue as amounts of light."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def light(color: str) -> float:
    """Return a colour's relative luminance."""
    red, green, blue = linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    dark, bright = sorted([light(one), light(other)])
    return (bright + 0.05) / (dark + 0.05)


def seen(color: str, eye: str) -> tuple[float, float, float]:
    """Return a colour as an eye sees it, in CIE Lab."""
    red, green, blue = (
        min(max(sum(weight * part for weight, part in zip(row, linear(color), strict=True)), 0), 1) for row in EYES[eye]
    )
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883,
    )
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("ground", [theme.LIGHT_GROUND, theme.DARK_GROUND])
@pytest.mark.parametrize("name", [*INKS, *theme.LANES])
def test_a_colour_stands_out_from_both_grounds(name: str, ground: str) -> None:
    """Three to one, as the accessibility guidelines ask of graphics, so one palette serves light and dark."""
    assert contrast((INKS | theme.LANES)[name].color, ground) >= 2.99


@pytest.mark.parametrize("eye", EYES)
def test_no_two_states_look_alike(eye: str) -> None:
    """To any eye: well above the just noticeable difference, which is about 2."""
    distances = {
        (one, other): math.dist(seen(INKS[one].color, eye), seen(INKS[other].color, eye))
        for one, other in itertools.combinations(INKS, 2)
    }

    assert {pair: round(distance) for pair, distance in distances.items() if distance < 20} == {}


def test_lost_states_are_told_apart_without_any_colour() -> None:
    """Each has a hatching of its own."""
    hatchings = [theme.STATES[state].pattern for state in ("expired", "revoked", "stranded", "reserved")]

    assert len({*hatchings, ""}) == 5


def test_the_steps_of_the_waterfall_meet() -> None:
    """Each bar begins where the next one ends, down to those out of reach."""
    reach = Reach(contacts=1000, window=50, token=300, human_agent=20)

    (trace,) = charts.reach_waterfall(reach, "token").data

    assert list(trace.x) == [1000, 50, 300, 20, 630]
    assert list(trace.base) == [0, 950, 650, 630, 0]
    assert [base + x for base, x in zip(trace.base, trace.x, strict=True)][1:4] == [1000, 950, 650]


def test_the_run_off_sums_up_at_its_horizons() -> None:
    """The labels at 30, 60 and 90 days count today and the days before the line."""
    days = [MOMENT.date() + timedelta(days=ahead) for ahead in (0, 29, 30, 89, 90)]
    frame = pd.DataFrame({"expires_on": pd.to_datetime(days), "topic": "a", "count_tokens": [1, 2, 4, 8, 16]})

    figure = charts.runoff_by_day(Runoff(MOMENT, frame))

    labels = [each.text for each in figure.layout.annotations if "days" in each.text]
    assert labels == ["<b>3</b><br>in 30 days", "<b>7</b><br>in 60 days", "<b>15</b><br>in 90 days"]


def test_a_policy_date_stands_in_the_stock_as_a_labelled_line() -> None:
    """Only if it lies in the days shown."""
    days = pd.date_range(MOMENT.date() - timedelta(days=30), periods=31)
    frame = pd.DataFrame({"day": days, "state": "available", "count_tokens": 5})
    marks = [((MOMENT - timedelta(days=10)).date(), "lane closes"), ((MOMENT - timedelta(days=99)).date(), "long ago")]

    texts = [each.text for each in charts.stock_by_day(frame, marks).layout.annotations]

    assert "lane closes" in texts
    assert "long ago" not in texts


@pytest.mark.parametrize(
    "figure",
    [
        charts.stock_by_day(pd.DataFrame({"day": pd.to_datetime([]), "state": [], "count_tokens": []})),
        charts.topics_by_state(pd.DataFrame({"topic": [], "state": [], "count_tokens": []})),
        charts.windows_closing(pd.DataFrame({"hour": pd.to_datetime([]), "count_windows": []}), MOMENT, "UTC"),
        charts.reach_waterfall(Reach(0, 0, 0, 0), "window"),
    ],
)
def test_a_chart_of_nothing_is_no_error(figure: object) -> None:
    """Filters may fit nothing."""
    assert figure


def test_sentences_fit_their_numbers() -> None:
    """One person is no people, nothing is not 0 %, and text out of the logs stays text."""
    none, soon = pd.Series(dtype=int), pd.Series([3, 1], index=["a*b*", "c"])

    one = words.reach_answer(Reach(5, 1, 0, 1), none, MOMENT, today=True)
    many = words.reach_answer(Reach(2000, 1000, 205, 1), soon, MOMENT, today=False)

    assert one.startswith("You may message **1 person** today: 1 in an open window and 0 more with a token. No token")
    assert many.startswith("You could message **1,205 people** on 22 Nov 2026:")
    assert many.endswith("**4 tokens** were to expire unused within 30 days, 3 of them for *a\\*b\\**.")
    assert "nobody" in words.reach_answer(Reach(0, 0, 0, 0), none, MOMENT, today=True)
    assert "**1 file does not add up.**" in words.health_answer(Balance(1, 9, 5, 2, 1, 5, 2, 1), 0, 0)


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(0, 0, "-"), (0, 9, "0 %"), (1, 9999, "< 0.1 %"), (1, 200, "0.5 %"), (1, 3, "33 %")]
)
def test_a_share_is_no_more_precise_than_it_is_worth(part: int, whole: int, said: str) -> None:
    """One digit after the point below ten percent, none above."""
    assert words.share(part, whole) == said


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(hours=47), "47 h ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=-2), "on 24 Nov 2026"),
    ],
)
def test_freshness_is_said_in_the_unit_that_fits(passed: timedelta, said: str) -> None:
    """Also for a log that is ahead of the clock."""
    assert words.ago(MOMENT - passed, MOMENT) == said
