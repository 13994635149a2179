"""The run-off is exact: every held token stands on the day on which it ends."""

import shutil
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from pipelines import DATA
from pipelines.forecast.history import read_held, read_history, read_known, read_runoff
from pipelines.forecast.read import Narrowed, advice, days
from pipelines.forecast.store import refresh_forecast
from pipelines.policy import Policy, load_policy
from pipelines.warehouse import Warehouse
from tests.conftest import Home
from tests.deliveries import compact, delivery, otn, write_lines
from tests.forecast.conftest import ENDS_AT, Made


@pytest.mark.parametrize("back", [0, 40, 200])
def test_equals_a_count_of_single_tokens(made: Callable[..., Made], policy: Policy, back: int) -> None:
    """One by one in Python, today and on past days."""
    warehouse, _ = made("growing", topics=4, days=400, a_day=12.0)
    cursor = warehouse.cursor()
    at = ENDS_AT - timedelta(days=back, hours=5)
    tokens = cursor.execute("SELECT topic, opted_in_at, spent_at, effective_expires_at FROM tokens").fetchall()
    held = [
        (topic, ends.date())
        for topic, given, spent, ends in tokens
        if given <= at < ends and (spent is None or spent > at)
    ]
    found = read_runoff(cursor, at, policy)
    counted = {(row.topic, row.day.date()): row.count_tokens for row in found.itertuples()}
    assert counted == Counter(held)
    known = read_known(cursor, ENDS_AT)
    assert known is not None
    series = read_history(cursor, known, at).series
    assert read_held(cursor, at, series, policy, 400).runoff.sum() == len(held)


@pytest.fixture
def closing_policy(tmp_path: Path) -> Policy:
    """Return a rule book in which the lane of one-time tokens closes everywhere on 20 December."""
    folder = tmp_path / "policy"
    shutil.copytree(DATA / "policy", folder)
    rule = """
[[rule]]
id = "lane.otn.closes"
words = "The lane closes."
value = false
applies = { kind = "otn", except_regions = ["KR"] }
since = 2026-12-20
source = ["S02"]
verified_on = 2026-11-22
confidence = "high"
"""
    with (folder / "lanes.toml").open("a", encoding="utf-8") as file:
        file.write(rule)
    return load_policy(folder)


def test_a_lane_that_closes_is_a_cliff_with_its_own_count_and_advice(tmp_path: Path, closing_policy: Policy) -> None:
    """Tokens that would live longer end on its day."""
    home = Home(tmp_path / "home", closing_policy)
    given = [datetime(2025, 12, 1, 8) + timedelta(days=5 * number) for number in range(70)]
    bodies = [delivery(otn(f"p{number}", moment, f"t{number}"), time=moment) for number, moment in enumerate(given)]
    home.load(write_lines(tmp_path / "log.jsonl", *(compact(body) for body in bodies)), now=datetime(2026, 11, 17))
    with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse:
        at = datetime(2026, 11, 17)
        found = read_runoff(warehouse.cursor(), at, closing_policy)
        before = found[found["count_closing"] == 0]
        (cliff,) = found[found["count_closing"] > 0].itertuples()
        assert cliff.day.date().isoformat() == "2026-12-20"
        assert cliff.count_tokens == cliff.count_closing
        assert before["day"].max() < cliff.day
        assert found["count_tokens"].sum() == 70
        refresh_forecast(warehouse, closing_policy, at)
        (said,) = (each for each in advice(warehouse.cursor(), Narrowed()) if each.subject == "lane")
        assert said.numbers["tokens"] == cliff.count_closing
        assert "On 20 Dec 2026 the otn lane closes" in said.sentence
        late = days_of(warehouse)
        late = late[late["days_ahead"] > 40]
        assert len(late) > 10
        assert (late["high_95"] == 0).all()


def days_of(warehouse: Warehouse) -> pd.DataFrame:
    """Return what is foreseen to be held."""
    found = days(warehouse.cursor(), Narrowed(), "soonest_first")
    return found[found["measure"] == "held"]
