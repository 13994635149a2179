"""Opt-ins and sends to come: rhythm, trend, holidays, shares and bursts, on series whose truth is known."""

from datetime import date

import numpy as np
import pytest

from pipelines.forecast.holidays import holiday_flags
from pipelines.forecast.intake import draw_days, draw_weeks, fit_intake, fit_rhythm
from pipelines.forecast.sends import fit_sends, send_chances

WEEK = np.array([1.4, 1.2, 1.0, 1.0, 1.0, 0.8, 0.6])


def drawn(gained: np.ndarray, days: int = 28, paths: int = 400) -> np.ndarray:
    """Fit a history that begins on a Monday, and draw the days after it: (topics, paths, days)."""
    flags = np.zeros(gained.shape[1] + days)
    intake = fit_intake(gained, 0, flags, days)
    rng = np.random.default_rng(1)
    return draw_days(intake, slice(0, len(gained)), draw_weeks(intake, paths, days, rng), days, rng)


def poisson(rate: np.ndarray, seed: int = 2) -> np.ndarray:
    """Draw counts of a known rate."""
    return np.random.default_rng(seed).poisson(rate).astype(float)


def test_the_weekly_rhythm_is_found() -> None:
    """From 40 weeks of Poisson counts."""
    rhythm = fit_rhythm(poisson(np.tile(40 * WEEK, 40)), 0, np.zeros(300))
    assert rhythm[280:287] == pytest.approx(WEEK / WEEK.mean(), abs=0.08)


def test_a_rhythm_of_chance_alone_is_drawn_towards_none() -> None:
    """Ten thin weeks cannot tell Mondays from Sundays."""
    rhythm = fit_rhythm(poisson(np.full(70, 1.2)), 0, np.zeros(77))
    assert np.ptp(rhythm) < 0.6


def test_a_holiday_counts_where_the_history_has_some() -> None:
    """Seven days of three times as many; without any, a holiday ahead changes nothing."""
    flags = np.zeros(300)
    flags[[20, 70, 120, 160, 210, 250, 290]] = 1
    rate = np.where(flags[:280] > 0, 120.0, 40.0)
    with_holidays = fit_rhythm(poisson(rate), 0, flags)
    assert with_holidays[290] / with_holidays[291] > 2
    without = fit_rhythm(poisson(np.full(280, 40.0)), 0, np.concatenate([np.zeros(280), np.ones(20)]))
    assert without[290] / without[283] == pytest.approx(1, abs=0.15)


def test_holidays_are_those_of_the_country_of_the_zone() -> None:
    """A zone without a country has none."""
    flags = holiday_flags("Europe/London", date(2026, 12, 20), 14)
    assert np.flatnonzero(flags).tolist() == [5, 6, 8, 12]  # Christmas, Boxing Day and its Monday, New Year
    assert holiday_flags("Etc/GMT+3", date(2026, 12, 20), 14).sum() == 0
    assert holiday_flags(None, date(2026, 12, 20), 14).sum() == 0


def test_growth_goes_on_and_fades() -> None:
    """The trend is damped: more than the last level, less than the old slope for ever."""
    rate = np.exp(np.linspace(np.log(20), np.log(80), 280))[None]
    found = drawn(poisson(rate), 56).sum(axis=2)
    assert 80 * 56 * 0.95 < np.median(found) < 80 * 56 * 1.4


def test_thin_topics_get_their_share_of_the_page_and_its_rhythm() -> None:
    """Four opt-ins a week cannot show a rhythm of their own."""
    rate = np.stack([np.tile(60 * WEEK, 30), np.tile(0.6 * WEEK, 30)])
    found = drawn(poisson(rate))
    assert found[1].sum(axis=1).mean() == pytest.approx(0.6 * 28, rel=0.3)
    mondays, sundays = found[1][:, 0::7].mean(), found[1][:, 6::7].mean()
    assert mondays > 1.5 * sundays


@pytest.mark.parametrize("rate", [0.5, 8.0, 60.0])
def test_bands_of_a_steady_truth_hold_it(rate: float) -> None:
    """80 % bands of four weeks, thin topics and thick; before any stretching."""
    hits = []
    for seed in range(25):
        truth = poisson(np.full((6, 238), rate), seed)
        sums = drawn(truth[:, :210], paths=200).sum(axis=2)
        low, high = np.quantile(sums, [0.1, 0.9], axis=1)
        came = truth[:, 210:].sum(axis=1)
        hits.append(((came >= np.floor(low)) & (came <= np.ceil(high))).mean())
    assert 0.75 <= np.mean(hits) <= 0.97


def test_the_chance_of_a_send_rises_as_the_usual_gap_passes() -> None:
    """A broadcast every 30 days, each to a quarter of those held."""
    spent = np.zeros((1, 300))
    spent[0, 10::30] = 50
    sends = fit_sends(spent, np.full((1, 300), 200.0), 0)
    chances = send_chances(sends)[0]
    assert chances[3] < 0.01 < chances[29]
    assert sends.elapsed[0] == 19
    assert 1 / (1 + np.exp(-sends.size_location[0])) == pytest.approx(0.25, abs=0.01)


def test_where_nothing_was_ever_sent_nothing_is_foreseen() -> None:
    """Not even by chance."""
    sends = fit_sends(np.zeros((2, 50)), np.ones((2, 50)), 0)
    assert send_chances(sends).sum() == 0


def test_a_topic_with_one_send_leans_on_its_page() -> None:
    """Its gap is that of the others."""
    spent = np.zeros((3, 300))
    spent[0, 5::14], spent[1, 9::14], spent[2, 280] = 20, 20, 20
    sends = fit_sends(spent, np.full((3, 300), 100.0), 0)
    assert np.exp(sends.gap_location[2]) == pytest.approx(14, rel=0.3)
