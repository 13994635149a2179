"""Dispatchers as processes of their own that begin at once: forked from one that has imported all there is to import.

A process of the command takes a second to begin, and a hundred are to be killed. Commands come a line each on standard
input: `go` answers with the process id of a new dispatcher, `wait ID` with its exit code once it has ended.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from pipelines.dispatch_command import run_dispatch
from pipelines.errors import ClearToSendError
from pipelines.settings import read_settings
from tests.sandbox.serving import Clock

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Forks:
    """The process that forks."""

    process: "subprocess.Popen[str]"
    said: Path
    """What the dispatchers said."""

    def go(self) -> int:
        """Begin a dispatcher that sends until nothing is left, and return its process id."""
        return int(self._ask("go"))

    def wait(self, pid: int) -> int:
        """Wait for a dispatcher to end; its exit code, negative for a signal."""
        return int(self._ask(f"wait {pid}"))

    def kill(self, pid: int) -> int:
        """End a dispatcher at once, and return its exit code: a signal's, unless it had ended by itself."""
        os.kill(pid, signal.SIGKILL)  # it has not been waited for: the id is still its own
        return self.wait(pid)

    def _ask(self, command: str) -> str:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


@contextmanager
def forks(home: Path, said: Path, environment: Mapping[str, str]) -> Iterator[Forks]:
    """Stand ready to fork for as long as the block lasts."""
    call = [sys.executable, "-m", "tests.dispatch.forking", str(home)]
    with (
        said.open("ab") as file,
        subprocess.Popen(
            call,
            cwd=ROOT,
            env={**os.environ, **environment},
            text=True,
            start_new_session=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
        ) as process,
    ):
        try:
            yield Forks(process, said)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def is_over(pid: int) -> bool:
    """Say whether a process has ended, waited for or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def main() -> None:
    """Fork on demand until standard input ends."""
    home, clock = Path(sys.argv[1]), Clock()
    for line in sys.stdin:
        command, _, pid = line.strip().partition(" ")
        if command == "go":
            child = os.fork() or _dispatch(home, clock)
            print(child, flush=True)  # noqa: T201  the answer
        else:
            print(os.waitstatus_to_exitcode(os.waitpid(int(pid), 0)[1]), flush=True)  # noqa: T201


def _dispatch(home: Path, clock: Callable[..., object]) -> int:
    code = 3
    try:
        words = Console(stderr=True, highlight=False, soft_wrap=True)
        code = 0 if run_dispatch(read_settings(home), clock, words, until_empty=True) else 1  # type: ignore[arg-type]
    except ClearToSendError as error:
        print(error, file=sys.stderr)  # noqa: T201
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
