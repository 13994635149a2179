"""The chain's verdict as the pages know it: walked in the background, kept with the head it was walked up to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock, Thread

from dashboard.ledger import ledger_at
from pipelines.audit.verify import Verdict, verify
from pipelines.errors import ClearToSendError
from pipelines.ledger import chain
from pipelines.ledger.chain import Head
from pipelines.ledger.store import failing_in_words
from pipelines.priority import step_back
from pipelines.rights import Person
from pipelines.settings import read_settings

_DOES = "prove the trail"


@dataclass(frozen=True, slots=True)
class Checked:
    """A walk that came to its end, at a moment (naive UTC). `head` is where the chain was when it began."""

    verdict: Verdict
    head: Head
    at: datetime


@dataclass(frozen=True, slots=True)
class Walk:
    """How it stands: the last walk that ended, and how far the one that goes on has come, of how many entries.

    `failure` says why the last one came to no end; '' where it did.
    """

    checked: Checked | None = None
    goes_on: bool = False
    walked: int = 0
    of: int = 0
    failure: str = ""


class _Walker:
    """Walks the chain of one home, at most once at a time."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = Lock()
        self._thread: Thread | None = None
        self.walk = Walk()

    def begin(self, clock: Callable[[], datetime]) -> None:
        """Walk, unless that goes on already."""
        with self._lock:
            if self.walk.goes_on:
                return
            self.walk = Walk(self.walk.checked, goes_on=True)
            self._thread = Thread(target=self._run, args=(clock,), name="audit-check", daemon=True)
            self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait for the end of a walk, but not for long."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self, clock: Callable[[], datetime]) -> None:
        step_back()  # nobody waits for it as a webhook does for its acknowledgement
        before = self.walk.checked
        try:
            ledger = ledger_at(self._home)
            with failing_in_words(ledger):
                with ledger.connect() as connection:
                    head = chain.head(connection)

                def tell(walked: int) -> None:
                    self.walk = Walk(before, goes_on=True, walked=walked, of=head.entries)

                tell(0)
                verdict = verify(ledger, read_settings(self._home).heads_path, tell)
            self.walk = Walk(Checked(verdict, head, clock()))
        except (ClearToSendError, OSError) as error:
            self.walk = Walk(before, failure=str(error))
        finally:
            if self.walk.goes_on:  # nothing that was foreseen: the log has it
                self.walk = Walk(before, failure="The check broke off; the log of the server says why.")


@cache
def _walker(home: Path) -> _Walker:
    return _Walker(home)


def begin(home: Path, by: Person, clock: Callable[[], datetime], wait: float = 0.0) -> None:
    """Have the chain walked, and wait so many seconds for the verdict: a short chain has it by then. Raises Refused."""
    by.must("audit", _DOES)
    _walker(home).begin(clock)
    _walker(home).wait(wait)


def standing(home: Path, by: Person) -> Walk:
    """Return the last verdict, and whether the chain is being walked. Raises Refused."""
    by.must("audit", _DOES)
    return _walker(home).walk


def head(home: Path, by: Person) -> Head:
    """Return how far the chain goes now. Raises Refused, LedgerUnreachable."""
    by.must("audit", "read the trail")
    ledger = ledger_at(home)
    with failing_in_words(ledger), ledger.connect() as connection:
        return chain.head(connection)
