"""The pages as their readers see them: every number counted again, filters out of the URL, empty and broken homes."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from dashboard.home import close_warehouses
from dashboard.theme import LANES
from pipelines.warehouse import Warehouse
from tests.opened_page import bars, change, number, opened, words
from tests.synthetic import MOMENT, PAGE, make_home

HEALTH = pytest.param("health", marks=pytest.mark.deep)
"""Of what all pages share, the other two tell enough."""
STATE_AT = """
    SELECT arg_max(state, from_at) AS state, any_value(topic) AS topic, any_value(page_id) AS page_id
    FROM token_spans WHERE from_at <= ? GROUP BY token_key
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a home with the synthetic warehouse."""
    yield make_home(tmp_path_factory.mktemp("home"))
    close_warehouses()


@pytest.fixture
def facts(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a cursor for counting again; the pages must not hold the file meanwhile."""
    close_warehouses()
    with Warehouse.open(home / "warehouse.duckdb") as warehouse:
        yield warehouse.cursor()


def one(cursor: duckdb.DuckDBPyConnection, sql: str, *values: object) -> int:
    """Return the single number that a query gives."""
    return int(cursor.execute(sql, list(values)).fetchall()[0][0] or 0)


def count_state(cursor: duckdb.DuckDBPyConnection, state: str, at: object) -> int:
    """Count the tokens whose last stretch begun by `at` is in `state`."""
    return one(cursor, f"SELECT count(*) FROM ({STATE_AT}) WHERE state = ?", at, state)


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment",
    [
        MOMENT,
        MOMENT + timedelta(hours=7, minutes=13),
        pytest.param(MOMENT + timedelta(days=4), marks=pytest.mark.deep),
    ],
)
def test_the_overview_counts_what_is_held_and_who_can_be_reached(
    home: Path, facts: duckdb.DuckDBPyConnection, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its figures, their changes and its sentence say what the rows say, at the last load and some time after it."""
    week_ago = (moment - timedelta(days=7)).replace(hour=23, minute=59, second=59, microsecond=999999)
    held, before = count_state(facts, "available", moment), count_state(facts, "available", week_ago)
    reachable = [
        one(
            facts,
            "SELECT count(DISTINCT k) FROM (SELECT contact_key AS k FROM windows WHERE ? >= opened_at AND ? < closes_at"
            " UNION SELECT contact_key FROM token_spans WHERE state = 'available' AND ? >= from_at AND ? < to_at)",
            *[at] * 4,
        )
        for at in (moment, week_ago)
    ]
    windows = one(
        facts, "SELECT count(*) FROM windows WHERE ? BETWEEN opened_at AND closes_at - INTERVAL 1 MICROSECOND", moment
    )
    facts.close()

    page = opened(monkeypatch, home, moment=moment)

    assert not page.exception
    assert (number(page, "Permissions held"), change(page, "Permissions held")) == (held, held - before)
    assert (number(page, "People reachable"), change(page, "People reachable")) == (
        reachable[0],
        reachable[0] - reachable[1],
    )
    assert number(page, "Windows open") == windows
    assert f"You may message **{reachable[0]} people** today: {windows} in an open window" in words(page)


def test_the_overview_counts_what_came_and_went(
    home: Path, facts: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opted in and lost, a week against the week before; a spent token is not lost. What expires soon is exact."""
    between = [(MOMENT - timedelta(days=7), MOMENT), (MOMENT - timedelta(days=14), MOMENT - timedelta(days=7))]
    optins = [
        one(facts, "SELECT count(*) FROM tokens WHERE opted_in_at > ? AND opted_in_at <= ?", *each) for each in between
    ]
    lost = [
        one(
            facts,
            "SELECT count(*) FROM token_spans WHERE from_at > ? AND from_at <= ?"
            " AND state NOT IN ('available', 'reserved', 'spent')",
            *each,
        )
        for each in between
    ]
    soon = one(
        facts,
        "SELECT count(*) FROM tokens WHERE state = 'available' AND effective_expires_at < ?::DATE + 30",
        MOMENT,
    )
    facts.close()

    page = opened(monkeypatch, home)

    assert (number(page, "Opted in, 7 days"), change(page, "Opted in, 7 days")) == (optins[0], optins[0] - optins[1])
    assert (number(page, "Lost, 7 days"), change(page, "Lost, 7 days")) == (lost[0], lost[0] - lost[1])
    assert number(page, "Expiring in 30 days") == soon
    assert sum(bars(page, "runoff")[0]["y"][:30]) == soon


def test_the_waterfall_falls_from_all_contacts_to_those_out_of_reach(
    home: Path, facts: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its steps take everybody off once, and each names its lane for the click."""
    contacts = one(facts, "SELECT count(*) FROM contacts WHERE first_seen_at <= ?", MOMENT)
    facts.close()

    (trace,) = bars(opened(monkeypatch, home), "reach")

    assert trace["customdata"] == ["contacts", "window", "token", "human_agent", "none"]
    assert trace["x"][0] == contacts == sum(trace["x"][1:])


@pytest.mark.parametrize("lane", ["window", "token", pytest.param("human_agent", marks=pytest.mark.deep), "none"])
def test_the_rows_of_a_lane_come_from_the_url(home: Path, lane: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """?lane=Token+held shows the people behind that bar, and to a viewer nobody's id."""
    page = opened(monkeypatch, home, role="viewer", lane=LANES[lane].label)

    (trace,) = bars(page, "reach")
    rows = page.dataframe[0].value

    assert len(rows) == trace["x"][trace["customdata"].index(lane)]
    assert rows["person"].str.startswith("person-").all()
    assert "psid" not in rows


def test_the_inventory_shows_every_state(
    home: Path, facts: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One figure for each state; stock, topics and time left all end with the same sums."""
    states = dict(facts.execute(f"SELECT state, count(*) FROM ({STATE_AT}) GROUP BY state", [MOMENT]).fetchall())
    facts.close()

    page = opened(monkeypatch, home, "inventory")

    assert not page.exception
    assert {each.label.lower(): number(page, each.label) for each in page.metric} == states
    assert {trace["name"]: trace["y"][-1] for trace in bars(page, "stock") if trace["y"][-1]} == states
    assert {trace["name"]: sum(trace["x"]) for trace in bars(page, "topics")} == states
    assert sum(bars(page, "clock-left")[0]["y"]) == states["available"]
    assert f"You hold **{states['available']} available permissions** for 3 topics" in words(page)


def test_data_health_balances_every_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The balance sheet, the gaps, what has no time, and the rejects with their lines."""
    page = opened(monkeypatch, home, "health")

    assert not page.exception
    assert "1,500 lines = 1,450 with events + 45 duplicate + 5 rejected, in 2 files. 2 gaps of 4 silent hours" in words(
        page
    )
    assert (number(page, "Duplicates"), number(page, "Rejected lines")) == (49, 5)
    gaps, timeless, files, rejects = (each.value for each in page.dataframe)
    assert (len(gaps), timeless["count_events"].sum(), list(files["adds_up"])) == (2, 17, ["✓", "✓"])
    assert "Killed" in list(rejects["line"])


# --- filters and moments ---------------------------------------------------------------------------------------------


def test_filters_come_from_the_url(
    home: Path, facts: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shared address shows what the sender saw: Page, topic and state together."""
    expected = one(
        facts,
        f"SELECT count(*) FROM ({STATE_AT}) WHERE state = 'available' AND topic = 'launch:winter' AND page_id = ?",
        MOMENT,
        PAGE,
    )
    facts.close()

    page = opened(monkeypatch, home, "inventory", page=PAGE, topic="launch:winter", state="available")

    assert [(each.label, number(page, each.label)) for each in page.metric] == [("Available", expected)]
    assert len(page.dataframe[0].value) == expected
    assert set(page.dataframe[0].value["topic"]) == {"launch:winter"}


def test_time_left_and_age_in_the_url_bound_the_rows(
    home: Path, facts: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In days, as the bars are labelled."""
    expected = one(
        facts,
        "SELECT count(*) FROM tokens WHERE state = 'available' AND opted_in_at::DATE <= ?::DATE - 180"
        " AND datediff('day', ?::DATE, effective_expires_at::DATE) BETWEEN 90 AND 179",
        MOMENT,
        MOMENT,
    )
    facts.close()

    page = opened(monkeypatch, home, "inventory", state="available", left="90-179", age="180-364")

    assert expected
    assert len(page.dataframe[0].value) == expected


@pytest.mark.parametrize("view", ["overview", "inventory", HEALTH])
def test_garbage_in_the_url_is_as_if_it_were_not_there(home: Path, view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address cut off, or changed by hand, still shows the page."""
    garbage = {
        "page": "'; DROP TABLE tokens; --",
        "as_of": "yesterday-ish",
        "lane": "%00",
        "topic": ["<script>", "x" * 5000],
        "state": "42",
        "kind": "",
        "left": "-1",
        "age": "{}",
        "days": "nine",
        "clock": "\u202e",
        "range": "1e9",
        "reason": "no such reason",
    }

    page, plain = opened(monkeypatch, home, view, **garbage), opened(monkeypatch, home, view)

    assert not page.exception
    assert [(each.label, each.value) for each in page.metric] == [(each.label, each.value) for each in plain.metric]


@pytest.mark.parametrize(
    ("as_of", "view"),
    [
        ("1900-01-01", "overview"),
        ("2999-12-31", "inventory"),
        pytest.param("1900-01-01", "inventory", marks=pytest.mark.deep),
        pytest.param("2999-12-31", "overview", marks=pytest.mark.deep),
        pytest.param("1900-01-01", "health", marks=pytest.mark.deep),
        pytest.param("2999-12-31", "health", marks=pytest.mark.deep),
    ],
)
def test_a_day_outside_the_data_is_no_error(home: Path, as_of: str, view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first event, or in the future."""
    assert not opened(monkeypatch, home, view, as_of=as_of).exception


def test_a_past_day_is_shown_as_it_was(
    home: Path, facts: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted at the end of that day (UTC), and said in the past tense."""
    day = (MOMENT - timedelta(days=100)).date()
    held = count_state(facts, "available", f"{day} 23:59:59.999999")
    facts.close()

    page = opened(monkeypatch, home, as_of=day.isoformat())

    assert number(page, "Permissions held") == held
    assert f"on {day.day} {day:%b %Y}" in words(page)


@pytest.mark.parametrize("view", ["overview", "inventory", HEALTH])
def test_a_day_before_the_first_token_shows_that_there_was_none(
    home: Path, view: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing to count is an answer, not an error."""
    page = opened(monkeypatch, home, view, as_of=(MOMENT - timedelta(days=399)).date().isoformat())

    assert not page.exception
    assert not page.error
    assert view == "health" or "nobody to message" in words(page) or "No permission fits" in words(page)


@pytest.mark.parametrize("view", [pytest.param("overview", marks=pytest.mark.deep), "inventory", HEALTH])
def test_the_sample_says_that_it_is_one(home: Path, view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody takes sample numbers for their own."""
    assert "Sample data" not in words(opened(monkeypatch, home, view))

    monkeypatch.setenv("CLEAR_TO_SEND_DEMO", "1")

    assert "Sample data" in words(opened(monkeypatch, home, view))
