"""A campaign of a million people: lanes and tokens chosen, sends reserved; against bare databases in the same run."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import Cost, say, work
from tests.benchmarks.table import Row, ratio
from tests.benchmarks.timing import timer
from tests.benchmarks.workspace import Workspace

MOMENT = datetime.fromisoformat("2026-11-22T10:30")
PAGE = "108444444444444"
PEOPLE = 1_000_000
_TOPIC = "restock:trail-shoes"
_BATCH = 50_000


def planning(space: Workspace) -> list[Row]:
    """Plan and reserve, and do the least of each by hand."""
    home = space.new("planning-home")
    say(f"  making a warehouse of {PEOPLE:,} people who can all be written to ...")
    work("make_plan_home", home=home, people=PEOPLE)
    say("  planning, by hand and by the planner ...")
    rows = [_row("chosen", work("plan_people", home=home), work("plan_bare", home=home), "a bare DuckDB join", 5)]
    say("  reserving, by hand and by the ledger ...")
    ours, bare = work("reserve_people", home=home), work("reserve_bare", home=home)
    rows.append(_row("reserved in SQLite", ours, bare, "a bare `executemany`", 20))
    space.new("planning-home")
    return rows


def _row(what: str, ours: Cost, bare: Cost, against: str, target: int) -> Row:
    pace = ratio(ours.seconds / bare.seconds, ours.cpu_seconds / bare.cpu_seconds)
    return Row(f"{PEOPLE:,} sends {what}, against {against}", _cost(ours), _cost(bare), pace, f"≤ {target} s")


def _cost(cost: Cost) -> str:
    return f"{cost.seconds:.1f} s, {cost.cpu_seconds:.1f} s of CPU, {cost.peak_bytes / 2**20:,.0f} MiB"


def make_home(home: Path, people: int) -> None:
    """Fill a home with the warehouse of planning_home.sql."""
    from pipelines.warehouse import Warehouse

    script = Path(__file__).with_name("planning_home.sql").read_text(encoding="utf-8")
    given = {"people": people, "moment": MOMENT}
    with Warehouse.open(home / "warehouse.duckdb", memory_limit="4GiB") as warehouse:
        cursor = warehouse.cursor()
        cursor.execute("SET preserve_insertion_order = true")
        for statement in cursor.extract_statements(script):
            cursor.execute(statement, {name: given[name] for name in statement.named_parameters})
        warehouse.checkpoint()


def plan(home: Path) -> dict[str, Any]:
    """Plan the campaign, from the open warehouse to the counts."""
    with _planned(home) as (_, _, answer):
        return answer


def plan_bare(home: Path) -> dict[str, Any]:
    """Do the least that a plan must do, as a table of the warehouse's own kind."""
    from pipelines.warehouse import Warehouse

    with Warehouse.open(home / "warehouse.duckdb") as warehouse, warehouse.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare_plan")
        took = timer()
        cursor.execute(_bare("plan"), {"moment": MOMENT})
        return took()


def reserve(home: Path) -> dict[str, Any]:
    """Reserve all of a plan, from its rows to the commit."""
    from pipelines.ledger import approvals, campaigns, sends
    from pipelines.plan import planner

    with _planned(home) as (cursor, ledger, _):
        campaigns.create(ledger, "shoes", campaigns.Draft(PAGE, "shoes", "{}", "f", None, None), "ann", MOMENT)
        approvals.freeze(
            ledger, "shoes", "ann", MOMENT, plan_hash="p", content_hash="c", verdict="pass", summary={}
        )  # fmt: skip
        frozen = approvals.plan_of(ledger, "shoes")
        assert frozen is not None
        approvals.approve(ledger, campaigns.get(ledger, "shoes"), frozen, "ben", MOMENT, "")
        record = campaigns.get(ledger, "shoes")
        took = timer()
        count = sends.launch(ledger, record, planner.batches(cursor, PAGE, _BATCH), "ann", MOMENT, {})
        return {**took(), "sends": count}


def reserve_bare(home: Path) -> dict[str, Any]:
    """Insert the same rows, which are there already, into a table without keys or rules."""
    from pipelines.plan import planner

    with _planned(home) as (cursor, _, _):
        fixed, end = ("shoes", PAGE), ("queued", str(MOMENT))
        rows = [
            (*fixed, *row[:-1], str(row[-1]), *end)
            for batch in planner.batches(cursor, PAGE, _BATCH)
            for row in batch
        ]  # fmt: skip
    connection = sqlite3.connect(home / "bare.sqlite")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(_bare("sends"))
    took = timer()
    connection.executemany(_bare("insert"), rows)
    connection.commit()
    answer = took()
    connection.close()
    return answer


@contextmanager
def _planned(home: Path) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
    """Plan, and give the cursor, the ledger, and what the plan took."""
    from pipelines import DATA
    from pipelines.ledger.store import ledger_url, open_ledger
    from pipelines.plan import planner
    from pipelines.plan.campaign import Audience, Campaign, Cap, Room, Variant
    from pipelines.policy import load_policy
    from pipelines.warehouse import Warehouse

    meant = Campaign(
        name="Shoes", page_id=PAGE, purpose="promotional", room=Room(1999, 80, 80, 1000), topic=_TOPIC,
        variants=(Variant("a", "one", 0.5), Variant("b", "two", 0.5)), cap=Cap(2, timedelta(days=7)),
        lanes=("standard_window", "otn", "marketing"), audience=Audience(topics=(_TOPIC,)),
    )  # fmt: skip
    policy, ledger = load_policy(DATA / "policy"), open_ledger(ledger_url(home, ""))
    with Warehouse.open(home / "warehouse.duckdb") as warehouse, warehouse.cursor() as cursor:
        took = timer()
        counts = planner.plan(cursor, ledger, policy, "shoes", meant, meant.lanes, MOMENT)
        yield cursor, ledger, {**took(), "people": counts.people}
    ledger.dispose()


def _bare(name: str) -> str:
    from pipelines.statements import statements

    return statements(Path(__file__).with_name("planning_bare.sql"))[name]
