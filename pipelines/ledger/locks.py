"""One dispatcher a Page: a lock that the operating system or the database gives back when its holder dies.

So no clock and no heartbeat decides who may send, and a killed dispatcher's Pages are free at once. SQLite: a locked
file beside the ledger. PostgreSQL: an advisory lock of a connection of its own.
"""

import contextlib
import fcntl
from hashlib import sha256
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, Engine, func, select


class PageLocks:
    """The Pages that this process holds. Give them back with `close`."""

    def __init__(self, ledger: Engine) -> None:
        self._ledger = ledger
        self._files: dict[str, IO[bytes]] = {}
        self._connection: Connection | None = None
        self._held: set[str] = set()

    @property
    def held(self) -> frozenset[str]:
        """The Pages held now."""
        return frozenset(self._held)

    def take(self, page_id: str) -> bool:
        """Try to become the only one who sends for a Page, without waiting. Return whether it is so."""
        if page_id in self._held:
            return True
        taken = self._lock_file(page_id) if self._ledger.dialect.name == "sqlite" else self._lock_key(page_id)
        if taken:
            self._held.add(page_id)
        return taken

    def give_back(self, page_id: str) -> None:
        """Let another send for a Page."""
        self._held.discard(page_id)
        if page_id in self._files:
            self._files.pop(page_id).close()
        elif self._connection is not None:
            self._connection.execute(select(func.pg_advisory_unlock(_key(page_id))))

    def is_alive(self) -> bool:
        """Say whether the locks still hold: a lost connection to PostgreSQL has given them all back."""
        if self._connection is None:
            return True
        with contextlib.suppress(Exception):
            self._connection.execute(select(1))
            return True
        return False

    def close(self) -> None:
        """Give everything back."""
        for page_id in list(self._held):
            with contextlib.suppress(Exception):  # the database is gone, and the locks with it
                self.give_back(page_id)
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()

    def _lock_file(self, page_id: str) -> bool:
        database = Path(self._ledger.url.database or "")
        file = database.with_name(f"{database.name}.page-{_key(page_id):x}.lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._files[page_id] = file
        return True

    def _lock_key(self, page_id: str) -> bool:
        if self._connection is None:
            self._connection = self._ledger.connect().execution_options(isolation_level="AUTOCOMMIT")
        return bool(self._connection.execute(select(func.pg_try_advisory_lock(_key(page_id)))).scalar_one())


def _key(page_id: str) -> int:
    """63 bits of a Page's id: what an advisory lock can carry."""
    return int.from_bytes(sha256(page_id.encode()).digest()[:8], "big") >> 1
