"""What reviewers decide is kept, signed, and never rewritten."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import URL, Engine, delete, insert, inspect, text
from sqlalchemy.exc import IntegrityError

from pipelines.errors import LedgerUnreachable, UsageError
from pipelines.ledger.reviews import Review, history, record, standing
from pipelines.ledger.schema import finding_reviews, metadata
from pipelines.ledger.store import ledger_url, open_ledger

NOW = datetime(2026, 11, 22, 12)
SEEN = Review("g1", "1084", "tag.any.disallows.promotion", "reviewed", "Old campaign, stopped.", "Mei", NOW, NOW)


def test_a_review_is_read_back_as_it_was_written(ledger: Engine) -> None:
    """Text, times and names come back unchanged, in any script."""
    signed = replace(SEEN, reason="已處理, ไม่ใช่โปรโมชั่น", reviewed_by="Đặng")
    record(ledger, [signed])

    assert standing(ledger) == [signed]


def test_the_last_decision_on_a_group_holds(ledger: Engine) -> None:
    """A group that was reopened is open, whatever was decided before; nothing is overwritten."""
    again = replace(SEEN, decision="reopened", reason="It went out again.", reviewed_at=NOW + timedelta(days=1))
    record(ledger, [SEEN, replace(SEEN, group_key="g2")])
    record(ledger, [again])

    assert [replace(SEEN, group_key="g2"), again] == standing(ledger)
    assert [SEEN, again] == history(ledger, "g1")


@pytest.mark.parametrize("missing", [{"reason": " "}, {"reviewed_by": ""}])
def test_a_review_needs_a_reason_and_a_name(ledger: Engine, missing: dict[str, str]) -> None:
    """Of several decisions either all are kept or none."""
    with pytest.raises(UsageError):
        record(ledger, [SEEN, replace(SEEN, **missing)])

    assert standing(ledger) == []


@pytest.mark.parametrize("broken", [{"decision": "ignored"}, {"reason": "  "}, {"reviewed_by": " "}])
def test_the_database_refuses_what_no_code_may_write(ledger: Engine, broken: dict[str, str]) -> None:
    """The constraints stand in the database itself."""
    row = {name: getattr(SEEN, name) for name in Review.__dataclass_fields__} | broken

    with pytest.raises(IntegrityError), ledger.begin() as connection:
        connection.execute(insert(finding_reviews), row)


def test_opening_twice_changes_nothing(ledger: Engine, ledger_at: URL) -> None:
    """The migrations run once."""
    record(ledger, [SEEN])
    open_ledger(ledger_at).dispose()

    assert standing(ledger) == [SEEN]


def test_the_migrations_make_the_tables_that_the_code_knows(ledger: Engine) -> None:
    """No table or column stands in one of the two only."""
    with ledger.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_ledger_of_a_newer_version_is_left_alone(ledger: Engine, ledger_at: URL) -> None:
    """It says so, and what is in it stays."""
    with ledger.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(LedgerUnreachable, match="newer Clear to Send"):
        open_ledger(ledger_at)
    assert inspect(ledger).has_table("finding_reviews")


def test_sqlite_keeps_what_was_committed(tmp_path: Path) -> None:
    """Write-ahead log, and each commit on disk before it returns."""
    engine = open_ledger(ledger_url(tmp_path, ""))
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        connection.execute(delete(finding_reviews))
    engine.dispose()


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    """A sentence, not a traceback, and the file stays as it was."""
    (tmp_path / "ledger.sqlite").write_text("this is a shopping list, which is longer than a header", "utf-8")

    with pytest.raises(LedgerUnreachable, match="cannot be opened"):
        open_ledger(ledger_url(tmp_path, ""))
    assert "shopping" in (tmp_path / "ledger.sqlite").read_text("utf-8")


@pytest.mark.parametrize("address", ["nonsense", "mysql://host/name"])
def test_an_address_that_does_not_fit_is_refused(tmp_path: Path, address: str) -> None:
    """Before anything is opened."""
    with pytest.raises(UsageError, match="ledger_url"):
        ledger_url(tmp_path, address)


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    """Not even where the server cannot be reached."""
    url = ledger_url(tmp_path, f"postgresql://me:s3cret@/x?host={tmp_path}")

    with pytest.raises(LedgerUnreachable) as caught:
        open_ledger(url)
    assert "s3cret" not in str(caught.value)
