"""Only one process sends for a Page, and a dead one holds nothing."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import URL, Engine, create_engine, text

from pipelines.ledger.locks import PageLocks
from pipelines.ledger.store import open_ledger

HOLDER = """
import sys
from sqlalchemy import create_engine
from pipelines.ledger.locks import PageLocks

locks = PageLocks(create_engine(sys.argv[1]))
print(*(locks.take(page) for page in sys.argv[2:]), flush=True)
sys.stdin.read()
locks.close()
"""


@contextmanager
def holder(address: URL, *pages: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run another process that takes Pages and keeps them until its input ends; give what it got."""
    command = [sys.executable, "-c", HOLDER, address.render_as_string(hide_password=False), *pages]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def soon(happens: Callable[[], bool]) -> bool:
    """Wait until something is so; the limit is there only to end a broken test."""
    limit = time.monotonic() + 60
    while not (so := happens()) and time.monotonic() < limit:
        time.sleep(0.01)
    return so


@pytest.fixture
def locks(ledger: Engine) -> Iterator[PageLocks]:
    """Return the locks of this process."""
    mine = PageLocks(ledger)
    yield mine
    mine.close()


def test_a_page_is_held_by_one_process(ledger_at: URL, locks: PageLocks) -> None:
    """The other is told so without waiting, and other Pages are not touched."""
    assert locks.take("1085")
    with holder(ledger_at, "1084", "1085") as (_, got):
        assert got == "True False"
        assert not locks.take("1084")
        assert locks.take("1086")
        assert locks.held == {"1085", "1086"}


def test_a_killed_process_holds_nothing(ledger_at: URL, locks: PageLocks) -> None:
    """No lease has to run out: the kernel or the database sees that it is gone."""
    with holder(ledger_at, "1084") as (process, got):
        assert got == "True"
        assert not locks.take("1084")
        process.kill()  # SIGKILL: it tidies nothing up
        process.wait()

        assert soon(lambda: locks.take("1084"))
    assert locks.held == {"1084"}


def test_a_process_that_ends_gives_back(ledger_at: URL, locks: PageLocks) -> None:
    """By close."""
    with holder(ledger_at, "1084") as (process, _):
        process.communicate("")
        assert process.returncode == 0

        assert soon(lambda: locks.take("1084"))


def test_taking_twice_is_taking_once(ledger: Engine, locks: PageLocks) -> None:
    """One give-back is enough, however often it was taken."""
    other = PageLocks(ledger)
    assert [locks.take("1084"), locks.take("1084")] == [True, True]
    assert not other.take("1084")

    locks.give_back("1084")

    assert locks.held == frozenset()
    assert other.take("1084")
    assert not locks.take("1084")
    other.close()


def test_giving_back_what_is_not_held_changes_nothing(ledger: Engine, locks: PageLocks) -> None:
    """Neither for the one who asks nor for the one who holds it."""
    other = PageLocks(ledger)
    assert other.take("1084")
    assert locks.take("1085")

    locks.give_back("1084")

    assert not locks.take("1084")
    assert locks.held == {"1085"}
    other.close()


def test_close_gives_all_back(ledger: Engine) -> None:
    """And may be called twice."""
    one, other = PageLocks(ledger), PageLocks(ledger)
    assert all(one.take(page) for page in ("1084", "1085"))
    one.close()
    one.close()

    assert one.held == frozenset()
    assert all(other.take(page) for page in ("1084", "1085"))
    other.close()


def test_two_ledgers_do_not_share_their_locks(
    ledger_at: URL, locks: PageLocks, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same Page in another ledger is another matter."""
    elsewhere = open_ledger(URL.create("sqlite", database=str(tmp_path_factory.mktemp("other") / "ledger.sqlite")))
    other = PageLocks(elsewhere)

    assert locks.take("1084")
    assert other.take("1084")
    other.close()
    elsewhere.dispose()


def test_locks_are_alive_while_they_hold(locks: PageLocks) -> None:
    """Before the first one too."""
    assert locks.is_alive()
    assert locks.take("1084")
    assert locks.is_alive()


def test_a_lost_connection_is_noticed(postgres: URL) -> None:
    """PostgreSQL gave the locks to whoever asked next: the old holder must not believe in them, now or later."""
    engine, another = create_engine(postgres), create_engine(postgres, isolation_level="AUTOCOMMIT")
    old, new = PageLocks(engine), PageLocks(another)
    assert old.take("1084")
    with another.connect() as connection:
        ended = text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        assert connection.execute(ended).scalars().all() == [True]

    assert soon(lambda: new.take("1084"))
    assert [old.is_alive(), old.is_alive()] == [False, False]
    old.close()
    new.close()
    engine.dispose()
    another.dispose()
