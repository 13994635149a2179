"""A person is forgotten: nothing of them is left in any corner of the home, and of the others everything."""

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from pipelines.audit.verify import verify
from pipelines.forget_command import Forgotten
from pipelines.load.erased import TEXT
from pipelines.privacy.retention import erased_of
from pipelines.settings import read_settings
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, delivery, message, write_lines
from tests.privacy.homes import CAMPAIGN, LATER, audit, forget, ledger_of, tables, traces
from tests.privacy.loading import load
from tests.privacy.logs import secret

COUNT = "SELECT psid, count(*) FROM events WHERE psid <> '{}' GROUP BY psid ORDER BY psid"


def test_nothing_is_left_of_a_person(home: Home, forgotten: Home, forgotten_in: tuple[Path, Forgotten]) -> None:
    """Not in a segment, a table, the ledger, a plan or an export; and the others are all there."""
    done = forgotten_in[1]

    assert len(traces(home.folder, ANNA, secret(ANNA))) > 10
    assert traces(forgotten.folder, ANNA, secret(ANNA)) == []
    assert done.erased["events"]["message"] > 0
    assert done.erased["sends"] == 1
    assert forgotten.rows(COUNT.format(ANNA)) == home.rows(COUNT.format(ANNA))


def test_the_warehouse_is_what_a_load_of_the_erased_logs_makes(forgotten: Home) -> None:
    """Every table, the balance of every file and every finding are equal."""
    erased = tables(forgotten)
    (forgotten.folder / "warehouse.duckdb").unlink()

    load(forgotten, forgotten.folder / "logs", erased=erased_of(read_settings(forgotten.folder), LATER))
    audit(forgotten)

    assert tables(forgotten) == erased


def test_bookmarks_still_fit_and_nothing_is_read_twice(forgotten: Home) -> None:
    """Lines keep their places, so the next load goes on where the last one ended."""
    before = tables(forgotten)

    summary = load(forgotten, forgotten.folder / "logs", erased=erased_of(read_settings(forgotten.folder), LATER))

    assert (summary.lines, summary.unchanged_files, summary.files) == (0, 5, 5)
    assert tables(forgotten) == before


def test_the_same_logs_from_elsewhere_do_not_bring_them_back(forgotten: Home, full: Path, tmp_path: Path) -> None:
    """A line of which nothing is left is counted, without a word of theirs; who is not a person stays out too."""
    shutil.copytree(full / "logs", tmp_path / "archive")

    summary = load(forgotten, tmp_path / "archive", erased=erased_of(read_settings(forgotten.folder), LATER))

    assert summary.lines == summary.event_lines + summary.duplicates + summary.rejects
    assert forgotten.value(f"SELECT count(*) FROM rejects WHERE line = '{TEXT}'") > 0
    assert traces(forgotten.folder, ANNA, secret(ANNA)) == []


def test_logs_that_were_loaded_from_elsewhere_are_counted_as_a_new_load_would(
    full: Path, tmp_path: Path, new_home: Callable[[], Home]
) -> None:
    """Files that are not the home's own are left alone; the warehouse is what they give from now on.

    But for copies of lines: which of them were copies of somebody's, the warehouse does not know.
    """
    archive = tmp_path / "archive"
    shutil.copytree(full / "logs", archive)
    (archive / "d.jsonl").unlink()
    one, other = new_home(), new_home()
    load(one, archive)
    forget(one)
    load(other, archive, erased=erased_of(read_settings(one.folder), LATER))

    assert tables(one) == tables(other)
    assert traces(one.folder, ANNA, secret(ANNA)) == []


def test_the_ledger_keeps_its_counts_and_the_trail_its_proof(forgotten: Home) -> None:
    """A send stays a send, under a pseudonym; the trail says that it was done, and to nobody by name."""
    ledger = ledger_of(forgotten)

    with ledger.connect() as connection:
        psids = list(connection.exec_driver_sql("SELECT psid FROM sends ORDER BY send_id").scalars())
        entries = connection.exec_driver_sql("SELECT action, detail FROM audit_entries ORDER BY entry_id").all()
        plan_hash = connection.exec_driver_sql("SELECT plan_hash FROM plans").scalar_one()
    verdict = verify(ledger, forgotten.folder / "audit-heads.jsonl")
    ledger.dispose()
    done = json.loads(entries[-1].detail)

    assert sorted(psid[:10] for psid in psids) == ["2400000000", "forgotten-"]
    assert [action for action, _ in entries[-2:]] == ["erasure_begun", "erasure_done"]
    assert verdict.ok, verdict.faults
    assert not verdict.notes
    assert list(done["plans"].values()) == [plan_hash]
    assert [path.stem for path in (forgotten.folder / "plans").iterdir()] == [plan_hash]
    assert done["exports"] == [f"audit-{CAMPAIGN}-{NOW:%Y%m%dT%H%M%SZ}.zip"]


def test_who_is_not_known_leaves_a_tombstone_all_the_same(home: Home) -> None:
    """Logs to come may name them."""
    stranger = "24000000000000077"

    done = forget(home, stranger)
    again = forget(home, stranger)

    assert done.held_nothing
    assert again.request != done.request
    assert len(erased_of(read_settings(home.folder), LATER).people) == 1


def test_one_page_only(home: Home) -> None:
    """What they wrote to another Page stays."""
    done = forget(home, page="108999999999999")

    assert done.held_nothing
    assert home.value(f"SELECT count(*) FROM events WHERE psid = '{ANNA}'") > 0


def test_who_writes_again_is_met_anew(forgotten: Home) -> None:
    """A tombstone covers the past."""
    path = write_lines(
        forgotten.folder / "logs" / "z.jsonl", delivery(message(ANNA, LATER + timedelta(days=1), "m_new"))
    )

    load(forgotten, path, erased=erased_of(read_settings(forgotten.folder), LATER))

    assert forgotten.rows(f"SELECT mid FROM events WHERE psid = '{ANNA}'") == [("m_new",)]
