"""The forecast as a whole: stored with what it was made from, the same for the same seed, and there for any history."""

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta

import pandas as pd
import pytest

from pipelines.forecast import read
from pipelines.forecast.bands import sends_to_waste_none
from pipelines.forecast.forecast import make_forecast
from pipelines.forecast.read import Narrowed
from pipelines.forecast.store import is_current, read_state, refresh_forecast
from pipelines.forecast.whatif import Question, ask
from pipelines.policy import Policy
from pipelines.warehouse import Warehouse
from tests.forecast.conftest import ENDS_AT, Made
from tests.forecast.histories import PAGE

ALL = Narrowed()


@pytest.fixture(scope="module")
def stored(made: Callable[..., Made], policy: Policy) -> Warehouse:
    """Return a warehouse with a forecast of three topics."""
    warehouse, _ = made("growing", topics=3, days=320, a_day=20.0)
    refresh_forecast(warehouse, policy, ENDS_AT)
    return warehouse


def test_the_same_seed_gives_the_same_forecast_and_another_seed_another(
    made: Callable[..., Made], policy: Policy
) -> None:
    """Table by table."""
    warehouse, _ = made("growing", topics=2, days=90, a_day=8.0)
    cursor = warehouse.cursor()
    first, again, other = (make_forecast(cursor, policy, ENDS_AT, paths=60, seed=seed) for seed in (1, 1, 2))
    assert first is not None
    assert again is not None
    assert other is not None
    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    assert not first.tables["bands"]["mean"].equals(other.tables["bands"]["mean"])


def test_topics_add_up_to_their_page(stored: Warehouse) -> None:
    """On every measure and day, by their means."""
    cursor = stored.cursor()
    whole = read.days(cursor, ALL, "soonest_first").set_index(["measure", "days_ahead"])["mean"]
    parts = sum(
        read.days(cursor, Narrowed(PAGE, "otn", str(topic)), "soonest_first").set_index(["measure", "days_ahead"])[
            "mean"
        ]
        for topic in read.topics(cursor, ALL)["topic"]
    )
    pd.testing.assert_series_equal(whole, parts, check_names=False)


def test_bands_lie_within_each_other_and_begin_at_the_tokens_held(stored: Warehouse) -> None:
    """And one day ahead lies near today."""
    days = read.days(stored.cursor(), ALL, "as_before")
    lows, highs = days[["low_95", "low_80", "low_50", "middle"]], days[["middle", "high_50", "high_80", "high_95"]]
    assert (lows.diff(axis=1).iloc[:, 1:] >= -1e-9).all().all()
    assert (highs.diff(axis=1).iloc[:, 1:] >= -1e-9).all().all()
    held = read.topics(stored.cursor(), ALL)["count_held"].sum()
    tomorrow = days[(days["measure"] == "held") & (days["days_ahead"] == 1)]["middle"].item()
    assert abs(tomorrow - held) < 0.2 * held


def test_soonest_first_never_wastes_more_than_the_order_of_the_past(stored: Warehouse) -> None:
    """On the same draws."""
    cursor = stored.cursor()
    for before, soonest in zip(
        read.unused(cursor, ALL, "as_before"), read.unused(cursor, ALL, "soonest_first"), strict=True
    ):
        assert soonest.middle <= before.middle
    assert (read.topics(cursor, ALL)["saved_90"] >= -1e-6).all()


def test_it_is_made_anew_for_another_day_and_not_for_the_same(stored: Warehouse, policy: Policy) -> None:
    """The warehouse keeps its version where nothing changed."""
    cursor = stored.cursor()
    version = stored.version()
    assert is_current(cursor, ENDS_AT)
    refresh_forecast(stored, policy, ENDS_AT)
    assert stored.version() == version
    late = ENDS_AT + timedelta(hours=20)
    refresh_forecast(stored, policy, late)
    assert stored.version() == version  # of the same day still
    state = read_state(cursor)
    assert state is not None
    assert (state.starts_at, state.count_topics) == (ENDS_AT, 3)


def test_where_the_logs_end_early_the_forecast_begins_where_they_end(made: Callable[..., Made], policy: Policy) -> None:
    """Silence is not taken for days without opt-ins."""
    warehouse, _ = made("growing", topics=2, days=100, a_day=6.0)
    state = refresh_forecast(warehouse, policy, ENDS_AT + timedelta(days=9))
    assert state is not None
    assert state.starts_at == ENDS_AT
    assert state.made_at == ENDS_AT + timedelta(days=9)


def test_an_empty_warehouse_has_no_forecast_and_needs_none(empty: Warehouse, policy: Policy) -> None:
    """No table is missed, no advice is given."""
    assert refresh_forecast(empty, policy, ENDS_AT) is None
    assert is_current(empty.cursor(), ENDS_AT)
    assert read.advice(empty.cursor(), ALL) == []


@pytest.mark.parametrize(
    ("topics", "days", "a_day"),
    [
        (1, 1, 5.0),
        (2, 8, 0.4),
        (1, 400, 0.05),
        pytest.param(1, 3, 4.0, marks=pytest.mark.deep),
        pytest.param(3, 20, 9.0, marks=pytest.mark.deep),
        pytest.param(1, 90, 40.0, marks=pytest.mark.deep),
    ],
)
def test_young_thin_and_single_histories_are_forecast(
    made: Callable[..., Made], policy: Policy, topics: int, days: int, a_day: float
) -> None:
    """From one day to a year of an opt-in every third week."""
    warehouse, drawn = made("growing", topics=topics, days=days, a_day=a_day, seed=5)
    state = refresh_forecast(warehouse, policy, ENDS_AT)
    if not drawn.gained.sum():
        assert state is None
        return
    assert state is not None
    cursor = warehouse.cursor()
    held = int(read.topics(cursor, ALL)["count_held"].sum())
    assert (
        held
        == cursor.execute(
            "SELECT count(*) FROM token_spans WHERE state = 'available' AND to_at > $1", [ENDS_AT]
        ).fetchall()[0][0]
    )
    assert read.advice(cursor, ALL)
    assert read.days(cursor, ALL, "soonest_first")["middle"].notna().all()


def test_when_all_have_ended_nothing_is_held_and_the_advice_says_so(made: Callable[..., Made], policy: Policy) -> None:
    """A year after the last opt-in."""
    warehouse, _ = made("growing", topics=2, days=30, a_day=4.0)
    long_after = ENDS_AT + timedelta(days=500)
    cursor = warehouse.cursor()
    cursor.execute("UPDATE sources SET last_event_at = $1", [long_after])
    state = refresh_forecast(warehouse, policy, long_after)
    assert state is not None
    assert read.topics(cursor, ALL)["count_held"].sum() == 0
    assert [each.subject for each in read.advice(cursor, ALL)] == ["nothing"]
    assert read.runoff(cursor, ALL).empty


def test_sending_at_the_advised_pace_wastes_none_of_the_tokens_held(stored: Warehouse) -> None:
    """And half of it wastes some, where enough end."""
    cursor = stored.cursor()
    for row in read.topics(cursor, ALL).itertuples():
        for pace, wastes in ((int(row.pace), False), (int(row.pace) // 2, True)):
            answer = ask(cursor, Question(PAGE, "otn", str(row.topic), sends_a_week=pace))
            assert answer is not None
            died = answer.bands[(answer.bands["measure"] == "died") & (answer.bands["days_ahead"] == 182)][
                "mean"
            ].item()
            due = read.runoff(cursor, Narrowed(PAGE, "otn", str(row.topic)))
            if not wastes:
                assert died <= 1 + 1e-6
            elif due[due["day"] < pd.Timestamp(ENDS_AT + timedelta(days=180))]["count_tokens"].sum() > 26 * pace:
                assert died > 0


def test_the_pace_is_the_steepest_rise_of_the_run_off() -> None:
    """What ends within a week is to be sent within it."""
    assert sends_to_waste_none(
        pd.DataFrame([[0, 0, 3, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 21]]).to_numpy(float)
    ).tolist() == [14]
    assert sends_to_waste_none(pd.DataFrame([[5.0] + [0.0] * 40]).to_numpy(float)).tolist() == [5]


def test_what_if_answers_in_the_direction_of_the_question(stored: Warehouse) -> None:
    """More opt-ins, no sends, fixed sends, a campaign."""
    cursor = stored.cursor()
    topic = str(read.topics(cursor, ALL)["topic"].iloc[0])

    def end(measure: str, **more: object) -> float:
        answer = ask(cursor, Question(PAGE, "otn", topic, **more))  # type: ignore[arg-type]
        assert answer is not None
        table = answer.bands
        return float(table[(table["measure"] == measure) & (table["days_ahead"] == 91)]["mean"].item())

    assert end("gained", optins=2.0) == pytest.approx(2 * end("gained"), rel=0.05)
    assert end("spent", sends_a_week=0) == 0
    assert end("spent", sends_a_week=7) == pytest.approx(91, abs=7)
    assert end("held", sends_a_week=0) > end("held")
    assert end("spent", sends_a_week=0, campaign_on=10, campaign_share=0.5) > 0
    assert ask(cursor, Question(PAGE, "otn", "no such topic")) is None


def test_a_pages_what_if_covers_all_of_its_topics(stored: Warehouse) -> None:
    """Asked without a topic."""
    answer = ask(stored.cursor(), Question(PAGE, "otn"))
    assert answer is not None
    assert answer.topics == 3


def test_moment_of_the_present_day_counts(made: Callable[..., Made], policy: Policy) -> None:
    """At noon, what ended in the morning is no more held."""
    warehouse, _ = made("growing", topics=2, days=100, a_day=6.0)
    noon = datetime(2026, 11, 19, 12)
    state = refresh_forecast(warehouse, policy, noon)
    assert state is not None
    assert state.starts_at == noon
    held = (
        warehouse.cursor()
        .execute("SELECT count(*) FROM token_spans WHERE state = 'available' AND from_at <= $1 AND to_at > $1", [noon])
        .fetchall()[0][0]
    )
    assert read.topics(warehouse.cursor(), ALL)["count_held"].sum() == held


@pytest.mark.parametrize(
    "start", ["pipelines.cli", "dashboard.forecast.whatif, dashboard.forecast.making, dashboard.reads"]
)
def test_slow_libraries_stay_out_of_start_up(start: str) -> None:
    """Neither commands nor pages load them before a forecast is made."""
    slow = "{'statsmodels', 'lifelines', 'scipy', 'holidays'}"
    code = f"import sys, {start}; sys.exit(' '.join({slow} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
