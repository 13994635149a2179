"""Whoever alters the chain is found out, on each database."""

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select, text, update
from sqlalchemy.exc import DatabaseError

from pipelines.audit.verify import verify
from pipelines.ledger import chain
from pipelines.ledger.schema import audit_entries, audit_head
from tests.audit.staging import LAUNCH


@pytest.fixture
def told(ledger: Engine) -> Engine:
    """Return a ledger with eight entries."""
    for number in range(1, 9):
        with ledger.begin() as connection:
            at = LAUNCH + timedelta(minutes=number)
            chain.append(connection, at, "ana", "campaign_checked", {"number": number}, campaign_id="shoes")
    return ledger


@pytest.fixture
def attacked(told: Engine) -> Engine:
    """Return the same, with its guards gone: whoever may drop a trigger may change an entry."""
    triggers = {"sqlite": ("audit_entries_stay", "audit_entries_remain"), "postgresql": ("audit_entries_stay",)}
    where = {"sqlite": "", "postgresql": " ON audit_entries"}
    with told.begin() as connection:
        for trigger in triggers[told.dialect.name]:
            connection.execute(text(f"DROP TRIGGER {trigger}{where[told.dialect.name]}"))
    return told


@pytest.fixture
def kept(told: Engine, tmp_path: Path) -> Path:
    """Return a file that was told of the chain's head."""
    file = tmp_path / "audit-heads.jsonl"
    chain.keep_head(told, file)
    return file


def rewrite(ledger: Engine) -> None:
    """Make every hash fit again, and the ledger's own head too."""
    previous = chain.GENESIS
    with ledger.begin() as connection:
        for entry in list(chain.entries(connection)):
            follows = replace(entry, previous_hash=previous)
            values = {"previous_hash": previous, "hash": follows.expected_hash()}
            found = audit_entries.c.entry_id == entry.entry_id
            connection.execute(update(audit_entries).where(found).values(values))
            previous = values["hash"]
        connection.execute(update(audit_head).values(hash=previous))


def test_an_untouched_chain_holds(told: Engine, kept: Path) -> None:
    """Every entry fits, and the kept head vouches for all of them."""
    verdict = verify(told, kept)

    assert (verdict.entries, verdict.ok, verdict.faults, verdict.notes) == (8, True, (), ())
    with told.connect() as connection:
        assert verdict.head == chain.head(connection).hash


def test_an_empty_chain_holds(ledger: Engine, tmp_path: Path) -> None:
    """Nothing was done, and nothing is missing."""
    verdict = verify(ledger, tmp_path / "none.jsonl")

    assert verdict == type(verdict)(0, chain.GENESIS, True, (), ())


def test_without_a_kept_head_the_tail_cannot_be_vouched_for(told: Engine, tmp_path: Path) -> None:
    """The chain itself is in order, and what it cannot prove is said."""
    verdict = verify(told, tmp_path / "none.jsonl")

    assert verdict.ok
    assert len(verdict.notes) == 1
    assert "none.jsonl" in verdict.notes[0]


def test_what_came_after_the_kept_head_is_said(told: Engine, kept: Path) -> None:
    """A head that was kept earlier vouches for what stood then."""
    with told.begin() as connection:
        chain.append(connection, LAUNCH, "bo", "everything_stopped", {})

    verdict = verify(told, kept)

    assert verdict.ok
    assert "up to entry 8" in verdict.notes[0]


def test_a_changed_entry_is_named(attacked: Engine, kept: Path) -> None:
    """One word in one entry."""
    with attacked.begin() as connection:
        connection.execute(update(audit_entries).where(audit_entries.c.entry_id == 3).values(actor="nobody"))

    verdict = verify(attacked, kept)

    assert not verdict.ok
    assert [fault.split(":")[0] for fault in verdict.faults] == ["Entry 3 does not fit its own hash"]


def test_a_changed_entry_with_a_new_hash_breaks_the_next(attacked: Engine, kept: Path) -> None:
    """Whoever also makes its hash anew is told by the entry after it."""
    with attacked.begin() as connection:
        entry = list(chain.entries(connection))[2]
        values = {"actor": "x", "hash": replace(entry, actor="x").expected_hash()}
        connection.execute(update(audit_entries).where(audit_entries.c.entry_id == 3).values(values))

    verdict = verify(attacked, kept)

    assert [fault.split(":")[0] for fault in verdict.faults] == ["Entry 4 does not follow entry 3"]


def test_a_removed_entry_is_missed(attacked: Engine, kept: Path) -> None:
    """From the middle, and from the beginning."""
    with attacked.begin() as connection:
        connection.execute(delete(audit_entries).where(audit_entries.c.entry_id.in_((1, 4, 5))))

    verdict = verify(attacked, kept)

    assert [fault.split(":")[0] for fault in verdict.faults] == ["Entry 1 was removed", "Entries 4 to 5 were removed"]
    assert verdict.entries == 5


def test_a_cut_tail_is_missed_by_the_ledgers_own_head(attacked: Engine, tmp_path: Path) -> None:
    """The last entries are gone; the count in the ledger still knows of them."""
    with attacked.begin() as connection:
        connection.execute(delete(audit_entries).where(audit_entries.c.entry_id > 6))

    verdict = verify(attacked, tmp_path / "none.jsonl")

    assert len(verdict.faults) == 1
    assert "entries 7 to 8 were cut off" in verdict.faults[0]


def test_a_cut_tail_with_a_mended_head_is_missed_by_the_kept_one(attacked: Engine, kept: Path) -> None:
    """Whoever sets the ledger's count back does not reach the file."""
    with attacked.begin() as connection:
        connection.execute(delete(audit_entries).where(audit_entries.c.entry_id > 6))
        last = connection.execute(select(audit_entries.c.hash).where(audit_entries.c.entry_id == 6)).scalar_one()
        connection.execute(update(audit_head).values(entries=6, hash=last))

    verdict = verify(attacked, kept)

    assert len(verdict.faults) == 1
    assert "was told of 8 entries and the chain ends with entry 6" in verdict.faults[0]


def test_entries_beyond_the_count_are_found(attacked: Engine, kept: Path) -> None:
    """An entry that did not come through the program."""
    with attacked.begin() as connection:
        connection.execute(update(audit_head).values(entries=7))

    assert "goes on to entry 8" in verify(attacked, kept).faults[0]


def test_a_changed_head_is_found(told: Engine, kept: Path) -> None:
    """The ledger's own head says another hash."""
    with told.begin() as connection:
        connection.execute(update(audit_head).values(hash=sha256(b"x").hexdigest()))

    assert "is not that of the entry" in verify(told, kept).faults[0]


def test_swapped_entries_are_found(attacked: Engine, kept: Path) -> None:
    """Two entries in each other's place: each hash covers the number."""
    with attacked.begin() as connection:
        for old, new in ((3, 99), (4, 3), (99, 4)):
            found = audit_entries.c.entry_id == old
            connection.execute(update(audit_entries).where(found).values(entry_id=new))

    verdict = verify(attacked, kept)

    assert {"Entry 3 does not fit its own hash", "Entry 4 does not fit its own hash"} <= {
        fault.split(":")[0] for fault in verdict.faults
    }


def test_a_chain_written_anew_is_told_by_the_kept_head_alone(attacked: Engine, kept: Path, tmp_path: Path) -> None:
    """With every hash made to fit, the ledger proves nothing against itself."""
    with attacked.begin() as connection:
        connection.execute(update(audit_entries).where(audit_entries.c.entry_id == 2).values(actor="nobody"))
    rewrite(attacked)

    assert verify(attacked, tmp_path / "none.jsonl").ok
    faults = verify(attacked, kept).faults
    assert len(faults) == 1
    assert "the chain was rewritten" in faults[0]


def test_many_faults_are_counted(attacked: Engine, kept: Path) -> None:
    """A list of faults stays readable."""
    for number in range(9, 40):
        with attacked.begin() as connection:
            chain.append(connection, LAUNCH, "ana", "campaign_checked", {"number": number})
    with attacked.begin() as connection:
        connection.execute(update(audit_entries).values(actor="nobody"))

    faults = verify(attacked, kept).faults

    assert len(faults) == 21
    assert faults[-1] == "And 19 more faults of these kinds."


def test_a_torn_line_of_the_kept_heads_is_passed_over(told: Engine, kept: Path) -> None:
    """A crash while a head was being kept is no attack, and the next head is kept as ever."""
    with kept.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"entries": 8})[:-2])
    with told.begin() as connection:
        chain.append(connection, LAUNCH, "bo", "everything_stopped", {})
    chain.keep_head(told, kept)

    verdict = verify(told, kept)

    assert (verdict.ok, verdict.notes) == (True, ())


def test_rubbish_where_a_time_should_be_is_a_fault(attacked: Engine, kept: Path) -> None:
    """SQLite lets anything stand in a column: the proof says so and does not break. PostgreSQL refuses it itself."""
    rubbish = text("UPDATE audit_entries SET at = 'rubbish' WHERE entry_id = 5")
    if attacked.dialect.name == "postgresql":
        with pytest.raises(DatabaseError), attacked.begin() as connection:
            connection.execute(rubbish)
        return
    with attacked.begin() as connection:
        connection.execute(rubbish)

    verdict = verify(attacked, kept)

    assert not verdict.ok
    assert "cannot be read" in verdict.faults[0]
