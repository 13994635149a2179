"""A home of the version before opens in this one, and keeps what cannot be rebuilt; one of the next does not."""

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Engine, MetaData, create_engine, insert, inspect, select, text

from pipelines.audit.verify import verify
from pipelines.errors import LedgerUnreachable, SurroundingsError, WarehouseTooNew
from pipelines.ledger import chain, queue
from pipelines.ledger import store as ledger_store
from pipelines.ledger.schema import finding_reviews, metadata
from pipelines.ledger.store import open_ledger
from pipelines.warehouse import SCHEMA_VERSION, Warehouse
from pipelines.warehouse_layout import layout_of, make_way
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, BEN, delivery, message, otn, write_lines
from tests.ledger.broadcasts import launched, row, send_ids
from tests.ledger.conftest import ledger_at, postgres

__all__ = ["ledger_at", "postgres"]
MIGRATIONS = Path(ledger_store.__file__).with_name("migrations")
REVIEW = {
    "group_key": "a" * 32, "page_id": "1084", "rule": "otn.topic", "decision": "reviewed", "reason": "agreed",
    "reviewed_by": "eve", "reviewed_at": NOW, "covers_until": NOW,
}  # fmt: skip


@pytest.fixture
def database(ledger_at: URL) -> Iterator[Engine]:
    """Return the bare database of a ledger that is not there yet."""
    engine = create_engine(ledger_at)
    yield engine
    engine.dispose()


def bring_to(database: Engine, layout: str, way: Callable[[Config, str], None] = command.upgrade) -> None:
    """Make a ledger as the version of that layout did; by `command.downgrade` out of a newer one."""
    with database.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        way(config, layout)


def dump(database: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table that is there, but for the layout's own number."""
    found = MetaData()
    found.reflect(database)
    with database.connect() as connection:
        return {
            name: [tuple(each) for each in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for name, table in found.tables.items()
            if name != "alembic_version"
        }


def as_wide(rows: list[tuple[object, ...]], before: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Return rows without the columns that are new: those stand last."""
    return [row[: len(before[0])] for row in rows] if before else rows


def test_the_layout_before_keeps_every_row(database: Engine, ledger_at: URL, tmp_path: Path) -> None:
    """Campaigns, sends, reviews and the trail are what they were; the trail holds, and the work goes on."""
    bring_to(database, "head")  # only this version's code can write, so its ledger is taken back to the layout before
    with database.begin() as connection:
        connection.execute(insert(finding_reviews), REVIEW)
    launched(database, row(ANNA, "t1"), row(BEN))
    bring_to(database, "0003", command.downgrade)
    chain.keep_head(database, tmp_path / "audit-heads.jsonl")
    before = dump(database)

    opened = open_ledger(ledger_at)
    after = dump(opened)
    assert {name: as_wide(after[name], rows) for name, rows in before.items()} == before
    assert set(inspect(opened).get_table_names()) == {*metadata.tables, "alembic_version"}
    assert verify(opened, tmp_path / "audit-heads.jsonl").ok
    ids = set(send_ids(opened))
    with opened.begin() as connection:
        assert queue.start(connection, ids, NOW) == ids
    opened.dispose()


def test_the_layout_before_that_keeps_its_decisions(database: Engine, ledger_at: URL) -> None:
    """The first layout had reviews alone."""
    bring_to(database, "0001")
    with database.begin() as connection:
        connection.execute(insert(finding_reviews), REVIEW)
    before = dump(database)

    opened = open_ledger(ledger_at)
    assert dump(opened)["finding_reviews"] == before["finding_reviews"]
    launched(opened, row(ANNA, "t1"))
    opened.dispose()


def test_an_upgrade_that_was_done_is_not_done_again(database: Engine, ledger_at: URL) -> None:
    """Opening it twice changes nothing."""
    bring_to(database, "0002")
    open_ledger(ledger_at).dispose()
    before = dump(database)
    open_ledger(ledger_at).dispose()
    assert dump(database) == before


def test_a_ledger_of_a_newer_version_is_refused(database: Engine, ledger_at: URL) -> None:
    """With a sentence, and untouched."""
    open_ledger(ledger_at).dispose()
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = dump(database)
    with pytest.raises(LedgerUnreachable, match=r"written by a newer Clear to Send .* Upgrade\."):
        open_ledger(ledger_at)
    assert dump(database) == before


# --- the warehouse: derived, so it is made anew ----------------------------------------------------------------------


def set_layout(path: Path, layout: int) -> None:
    """Say that another version wrote a warehouse."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE warehouse_state SET schema_version = ?", [layout])


@pytest.fixture
def loaded(home: Home) -> Home:
    """Return a home with a loaded segment."""
    write_lines(home.folder / "logs" / "a.jsonl", delivery(otn(ANNA, NOW, "t1")), delivery(message(BEN, NOW, "m_1")))
    home.load(home.folder / "logs")
    return home


def test_an_older_warehouse_makes_way_and_is_loaded_anew(loaded: Home) -> None:
    """Set aside, not deleted; what the logs hold is in the new one as it was in the old."""
    path = loaded.folder / "warehouse.duckdb"
    tables = "SELECT event_id, kind, psid FROM events ORDER BY ALL"
    before = loaded.rows(tables), loaded.rows("SELECT token, state FROM tokens")
    set_layout(path, SCHEMA_VERSION - 1)

    aside = make_way(path)
    assert aside == loaded.folder / f"warehouse.duckdb.layout-{SCHEMA_VERSION - 1}"
    assert aside.exists()
    assert not path.exists()
    loaded.load(loaded.folder / "logs")
    assert (loaded.rows(tables), loaded.rows("SELECT token, state FROM tokens")) == before
    assert layout_of(path) == SCHEMA_VERSION
    assert make_way(path) is None


def test_a_warehouse_that_is_not_older_stays(loaded: Home, tmp_path: Path) -> None:
    """Neither this layout's, nor a newer one, which is refused; nor one that another process holds."""
    path = loaded.folder / "warehouse.duckdb"
    set_layout(path, SCHEMA_VERSION + 1)
    assert make_way(path) is None
    with pytest.raises(WarehouseTooNew, match="written by a newer Clear to Send"):
        Warehouse.open(path)
    assert make_way(tmp_path / "none.duckdb") is None
    (tmp_path / "none.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(SurroundingsError):
        make_way(tmp_path / "none.duckdb")
