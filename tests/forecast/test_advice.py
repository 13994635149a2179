"""Advice in sentences: the numbers in them are those that were handed in."""

from datetime import date, datetime

import pandas as pd
import pytest

from pipelines.forecast.advice import Advice, Unused, advise

AT = datetime(2026, 11, 20)
UNUSED = [Unused(30, 90, 100, 120), Unused(60, 200, 200, 200), Unused(90, 280, 300, 340)]
SOONEST = [Unused(30, 10, 20, 30), Unused(60, 30, 40, 50), Unused(90, 50, 60, 70)]


def topic(name: str, **facts: object) -> dict[str, object]:
    """Return a row of forecast_topics: a topic that lasts, unless something else is said."""
    usual = {
        "page_id": "p", "kind": "otn", "topic": name, "count_held": 500, "gained_week": 20.0, "spent_week": 10.0,
        "need": 80.0, "died_30": 0.0, "died_60": 0.0, "died_90": 0.0, "saved_90": 0.0, "half_gone_on": None,
        "dry_chance": 0.0, "dry_early": None, "dry_on": None, "dry_late": None, "pace": 0, "expected_waste": 0.0,
    }  # fmt: skip
    return usual | facts


def said(*topics: dict[str, object], closing: list[tuple[date, str, int]] | None = None) -> dict[str, Advice]:
    """Return the advice by subject."""
    return {each.subject: each for each in advise(pd.DataFrame(topics), UNUSED, SOONEST, closing or [], AT)}


def test_what_dies_unused_and_what_the_same_sends_would_save() -> None:
    """A band where there is one."""
    sentence = said(topic("a"))["unused"].sentence
    assert (
        "100 (90 to 120) within 30 days, 200 within 60 days and 300 (280 to 340) within 90 days die unused" in sentence
    )
    assert "would save 240 of them within 90 days" in sentence


def test_the_broadcast_that_saves_most_comes_first() -> None:
    """By what dies within 60 days, not by size."""
    found = said(
        topic("big", count_held=9_000, died_60=3.0, half_gone_on=date(2027, 1, 4), pace=1),
        topic("dying", died_60=230.4, half_gone_on=date(2026, 12, 7), pace=31),
    )["first"]
    assert found.topic == "dying"
    assert "230 of its 500 tokens die unused within 60 days" in found.sentence
    assert "by 7 Dec 2026" in found.sentence


def test_a_topic_that_runs_dry_is_named_with_its_dates_and_need() -> None:
    """Middle, and the band of dates."""
    dates = {"dry_early": date(2026, 12, 1), "dry_on": date(2026, 12, 20), "dry_late": None}
    found = said(topic("thin", dry_chance=0.8, count_held=120, **dates))["dry"]
    assert found.sentence.startswith("thin runs dry around 20 Dec 2026")
    assert "between 1 Dec 2026 and a day beyond this forecast" in found.sentence
    assert "holds 120, and a usual broadcast takes 80" in found.sentence


def test_a_topic_that_nobody_joins_is_over_and_not_dry() -> None:
    """Its last tokens are named."""
    gone = {"dry_early": AT.date(), "dry_on": AT.date(), "dry_late": AT.date(), "dry_chance": 1.0}
    found = said(topic("launch", gained_week=0.0, count_held=40, **gone), topic("lasting"))
    assert "Nobody joins launch 40 any more" in found["over"].sentence
    assert "No topic that people still join" in found["dry"].sentence


@pytest.mark.parametrize(("paces", "whole"), [((31, 9), 40), ((31, None), 31)])
def test_the_pace_that_wastes_none_adds_up_over_topics(paces: tuple[int | None, ...], whole: int) -> None:
    """Kinds that are never used up have none."""
    found = said(*(topic(f"t{number}", pace=pace) for number, pace in enumerate(paces)))["pace"]
    assert found.numbers["a_week"] == whole
    assert f"Send {whole} messages a week" in found.sentence


def test_a_lane_that_closes_comes_before_all_else() -> None:
    """With its day and its tokens."""
    first, *_ = advise(pd.DataFrame([topic("a")]), UNUSED, SOONEST, [(date(2027, 2, 9), "otn", 412)], AT)
    assert first.sentence.startswith("On 9 Feb 2027 the otn lane closes, and 412 tokens end with it")


def test_where_nothing_is_held_that_is_all_there_is_to_say() -> None:
    """And what to do about it."""
    assert list(said(topic("a", count_held=0))) == ["nothing"]
