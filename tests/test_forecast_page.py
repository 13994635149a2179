"""The page Expiry forecast: a stored answer at once, a newer one from the background, and what if."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from dashboard.forecast import making as forecasting
from dashboard.home import close_warehouses
from pipelines.forecast.store import read_state, refresh_forecast
from pipelines.policy import Policy
from pipelines.warehouse import Warehouse
from tests.forecast.conftest import ENDS_AT
from tests.forecast.histories import write_history
from tests.opened_page import bars, number, opened, words


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Path:
    """Return a home with a stored forecast of two topics."""
    folder = tmp_path_factory.mktemp("home")
    with Warehouse.open(folder / "warehouse.duckdb") as warehouse:
        write_history(warehouse, "growing", ENDS_AT, topics=2, days=390, a_day=12.0)
        refresh_forecast(warehouse, policy, ENDS_AT)
        warehouse.checkpoint()
    return folder


def held(home: Path, where: str = "true") -> int:
    """Count the tokens held at the moment of the forecast."""
    query = f"SELECT count(*) FROM token_spans WHERE state = 'available' AND from_at <= $1 AND to_at > $1 AND {where}"
    with Warehouse.open(home / "warehouse.duckdb") as warehouse:
        ((count,),) = warehouse.cursor().execute(query, [ENDS_AT]).fetchall()
    return int(count)


def test_the_page_answers_with_numbers_and_advice(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held is exact; what dies and what to do stands in sentences."""
    page = opened(monkeypatch, home, "forecast", moment=ENDS_AT)
    assert not page.exception
    assert not page.error
    assert number(page, "Tokens held") == held(home)
    shown = words(page)
    assert "die unused" in shown
    assert "Launch topic 0" in shown
    assert "none of the tokens held today dies unused" in shown


def test_a_chosen_topic_narrows_figures_and_charts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As its address says."""
    page = opened(monkeypatch, home, "forecast", moment=ENDS_AT, series="topic 001")
    assert number(page, "Tokens held") == held(home, "topic = 'topic 001'")
    (ends,) = bars(page, "runoff-ahead")
    assert sum(ends["y"]) == number(page, "Tokens held")


def test_the_bands_lie_around_the_middle(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of them, after what was so far."""
    page = opened(monkeypatch, home, "forecast", moment=ENDS_AT)
    traces = bars(page, "ahead")
    names = [trace.get("name") for trace in traces]
    assert names[:3] == ["95 %", "80 %", "50 %"]
    wide, middle = traces[0]["y"], traces[-1]["y"]
    assert len(wide) == 2 * len(middle)
    assert all(high >= mid >= low for high, mid, low in zip(wide, middle, reversed(wide), strict=False))


def test_what_if_redraws_with_the_sliders(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No sends: then nothing is sent, and more die."""
    page = opened(monkeypatch, home, "forecast", moment=ENDS_AT, close=False, part="What if")
    before = number(page, "Die unused, 91 days")
    slider = next(each for each in page.slider if each.label == "Sends a week")
    slider.set_value(0).run()
    assert not page.exception
    assert number(page, "Sent, 91 days") == 0
    assert number(page, "Die unused, 91 days") >= before
    close_warehouses()


def test_its_own_record_is_shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors against seasonal naive, in words, and how often each band held."""
    page = opened(monkeypatch, home, "forecast", moment=ENDS_AT, part="Can it be trusted?")
    assert not page.exception
    assert "Forecast again from 8 past days" in words(page)
    by_horizon = next(each.value for each in page.dataframe if "error_ratio" in each.value)
    assert set(by_horizon["horizon_days"]) == {7, 14, 28, 56, 84}
    assert [trace["name"] for trace in bars(page, "coverage")] == ["50 % band", "80 % band", "95 % band"]


def test_a_page_never_waits_and_a_newer_forecast_comes_from_the_background(
    tmp_path: Path, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old one is shown at once; a while later the new one is."""
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        write_history(warehouse, "growing", ENDS_AT, topics=2, days=60, a_day=6.0)
        refresh_forecast(warehouse, policy, ENDS_AT)
        warehouse.checkpoint()
    later = ENDS_AT + timedelta(hours=23)
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        warehouse.cursor().execute("UPDATE sources SET last_event_at = $1", [later + timedelta(hours=20)])
    tomorrow = later + timedelta(hours=20)
    page = opened(monkeypatch, tmp_path, "forecast", moment=tomorrow, close=False)
    assert not page.exception
    assert "as of 20 Nov 2026" in words(page)
    deadline = time.monotonic() + 60
    while forecasting.is_being_made(tmp_path / "warehouse.duckdb") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert forecasting.failure(tmp_path / "warehouse.duckdb") == ""
    page.run()
    assert "as of 21 Nov 2026" in words(page)
    close_warehouses()
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        state = read_state(warehouse.cursor())
    assert state is not None
    assert state.starts_at == tomorrow


def test_without_a_token_there_is_nothing_to_forecast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence, no chart."""
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        warehouse.cursor().execute("INSERT INTO sources (source_file, lines) VALUES ('a.jsonl', 0)")
    page = opened(monkeypatch, tmp_path, "forecast", moment=ENDS_AT)
    assert not page.exception
    assert "no token" in words(page).lower()
