"""The door to data: what data health shows, what exports hold, and what stays hidden."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dashboard import reads
from dashboard.exports import export
from dashboard.scope import Bounds, Scope, end_of_day
from pipelines.pseudonyms import pseudonym_key
from pipelines.rights import Person
from pipelines.warehouse import Warehouse
from tests.synthetic import MOMENT, PAGE

PAST = end_of_day((MOMENT - timedelta(days=70)).date())


def test_gaps_are_hours_silent_against_their_habit(cursor: duckdb.DuckDBPyConnection) -> None:
    """A stretch of three hours, and a single one, where every week before had events at that hour."""
    found = reads.gaps(cursor, Scope(MOMENT), MOMENT - timedelta(days=28))

    assert [(datetime.fromisoformat("2026-11-17T20:00"), 1), (datetime.fromisoformat("2026-11-10T02:00"), 3)] == list(
        zip(found["from_at"].dt.to_pydatetime(), found["count_hours"], strict=True)
    )


def test_events_by_time_leave_nothing_out(cursor: duckdb.DuckDBPyConnection) -> None:
    """Whatever the width of the bars, they hold the events between the two moments; timeless ones stand apart."""
    from_at = MOMENT - timedelta(days=30)
    (expected,) = cursor.execute(
        "SELECT sum(count_events) FROM event_hourly WHERE hour BETWEEN ? AND ?", [from_at, MOMENT]
    ).fetchall()[0]

    for bucket in ("hour", "day", "week"):
        assert expected == reads.events_by_time(cursor, Scope(MOMENT), from_at, bucket)["count_events"].sum()
    assert dict(reads.timeless(cursor, Scope(MOMENT, PAGE)).itertuples(index=False)) == {"read": 12}


def test_the_balance_sheet_adds_up_by_file_and_in_all(cursor: duckdb.DuckDBPyConnection) -> None:
    """Lines = lines with events + duplicate lines + rejected lines."""
    files, balance = reads.sources(cursor, Scope(MOMENT)), reads.balance(cursor, Scope(MOMENT))

    assert list(files["adds_up"]) == ["✓", "✓"]
    assert (
        balance.lines,
        balance.event_lines + balance.duplicate_lines + balance.reject_lines,
        balance.count_unbalanced,
    ) == (1500, 1450 + 45 + 5, 0)


def test_rejects_show_the_line_without_ids_and_tokens(cursor: duckdb.DuckDBPyConnection) -> None:
    """Also in a torn line, in one wrapped as a string, and where an id is a number."""
    lines = list(reads.rejects(cursor, Scope(MOMENT), None, "key")["line"])

    assert len(lines) == 5
    assert not [line for line in lines if "7000" in line or "SECRET" in line]
    assert '"messaging"' in lines[0]
    assert lines[-1] == "{}"
    assert sorted(reads.reject_reasons(cursor, Scope(MOMENT))["count_rejects"]) == [2, 3]


def test_policy_events_are_those_known_at_the_moment(cursor: duckdb.DuckDBPyConnection) -> None:
    """A past day does not know of later ones, and a Page sees its own."""
    events = reads.policy_events(cursor)

    assert list(reads.policy_events_of(events, Scope(MOMENT))["action"]) == ["warning", "block"]
    assert list(reads.policy_events_of(events, Scope(PAST))["action"]) == ["block"]
    assert list(reads.policy_events_of(events, Scope(MOMENT, PAGE))["action"]) == ["warning"]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_export_holds_every_row_and_no_id(warehouse: Warehouse, tmp_path: Path, form: Any) -> None:
    """Exports have no limit; they mask people and tokens as the page does."""
    growth = Person("gil", "growth")
    values = Bounds().values()
    data = export(warehouse, "inventory.token_rows", Scope(MOMENT), values, form, lambda: growth, "key")
    file = tmp_path / f"tokens.{form}"
    file.write_bytes(data)

    rows = duckdb.sql(f"SELECT * FROM '{file}'").df()
    psids = {row[0] for row in warehouse.cursor().execute("SELECT psid FROM tokens").fetchall()}

    assert len(rows) == 600
    assert not [psid for psid in psids if psid.encode() in data]
    assert rows["token"].str.fullmatch("….{4}").all()


def test_a_pseudonym_holds_for_one_home(tmp_path: Path) -> None:
    """The key is made once, is readable by its owner only, and differs between homes."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    key = pseudonym_key(tmp_path / "a")

    assert key == pseudonym_key(tmp_path / "a") != pseudonym_key(tmp_path / "b")
    assert (tmp_path / "a" / "pseudonym.key").stat().st_mode & 0o777 == 0o600
