"""An erasure that is killed at any moment is finished by the next, and ends as an undisturbed one does."""

import multiprocessing
import os
import random
import shutil
import time
from pathlib import Path

from pipelines.audit.verify import verify
from pipelines.policy import Policy
from tests.conftest import Home
from tests.deliveries import ANNA
from tests.privacy.homes import forget, ledger_of, tables, traces
from tests.privacy.logs import secret

KILLS = int(os.environ.get("CLEAR_TO_SEND_KILLS", "3"))
_KILLS_A_HOME = 3
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.privacy.homes"])


def _forget(folder: Path, policy: Policy) -> None:
    """Run in a process of its own."""
    forget(Home(folder, policy))


def test_kills_leave_nothing_half_done(full: Path, tmp_path: Path, policy: Policy) -> None:
    """Again and again in the same home, at moments drawn over the whole of an erasure."""
    once = Home(tmp_path / "once", policy)
    shutil.copytree(full, once.folder)
    began = time.monotonic()
    forget(once)
    took, expected = time.monotonic() - began, tables(once)
    chance, killed = random.Random(7), 0

    for number in range(-(-KILLS // _KILLS_A_HOME)):
        home = Home(tmp_path / f"killed-{number}", policy)
        shutil.copytree(full, home.folder)
        for _ in range(_KILLS_A_HOME):
            process = _forks.Process(target=_forget, args=(home.folder, policy))
            process.start()
            process.join(chance.uniform(0.05, took * 1.3))
            killed += process.is_alive()
            process.kill()
            process.join()
        forget(home)

        ledger = ledger_of(home)
        verdict = verify(ledger, home.folder / "audit-heads.jsonl")
        with ledger.connect() as connection:
            states = connection.exec_driver_sql("SELECT state, psid FROM deletion_requests").all()
        ledger.dispose()
        assert verdict.ok, verdict.faults
        assert {tuple(row) for row in states} == {("erased", None)}
        assert traces(home.folder, ANNA, secret(ANNA)) == []
        assert tables(home) == expected
    assert killed > 0
