"""The commands as a user meets them, each in a process of its own, forked from one that has imported what they need.

A process that begins from nothing spends most of its time on imports, hundreds of times in a run of all tests.
"""

import json
import os
import subprocess
import sys
import tempfile
import traceback
from functools import cache
from pathlib import Path

_IMPORTED = (
    "pipelines.cli", "pipelines.forecast_command", "pipelines.lint_command", "pipelines.campaign_home",
    "pipelines.audit_command", "pipelines.dispatch_command", "pipelines.forecast.store", "statsmodels.api", "lifelines",
    "pandas",
)  # fmt: skip
ROOT = Path(__file__).parent.parent


def run_command(*words: str | Path, stdin: bytes = b"", env: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Run `clear-to-send WORDS`. Returns exit code, stdout, stderr. `env` is the whole environment, else this one's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stdin").write_bytes(stdin)
        code = wait_for(begin_command(*words, folder=folder, env=env))
        out, err = ((folder / each).read_bytes().decode() for each in ("stdout", "stderr"))
    return code, out, err


def begin_command(*words: str | Path, folder: Path, env: dict[str, str] | None = None) -> int:
    """Begin `clear-to-send WORDS` and return its process id. `folder` has a file stdin, and gets stdout and stderr."""
    wanted = {
        "words": [str(word) for word in words], "env": dict(os.environ) if env is None else env,
        "cwd": str(Path.cwd()), "folder": str(folder),
    }  # fmt: skip
    return _ask(wanted)


def wait_for(process_id: int) -> int:
    """Wait until a command that was begun has ended. Returns its exit code, negative for a signal."""
    return _ask({"wait": process_id})


def _ask(wanted: dict[str, object]) -> int:
    process = _forker()
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(wanted) + "\n")
    process.stdin.flush()
    return int(process.stdout.readline())


@cache
def _forker() -> "subprocess.Popen[str]":
    """Start the process that forks; it ends when this one does, and its standard input with it."""
    call = [sys.executable, "-m", "tests.commands"]
    return subprocess.Popen(call, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def main() -> None:
    """Fork on demand until standard input ends."""
    for name in _IMPORTED:
        __import__(name)
    for line in sys.stdin:
        wanted = json.loads(line)
        if "wait" in wanted:
            answer = os.waitstatus_to_exitcode(os.waitpid(wanted["wait"], 0)[1])
        else:
            answer = os.fork() or _carry_out(wanted)
        print(answer, flush=True)  # noqa: T201


def _carry_out(wanted: dict[str, object]) -> int:
    """Become the command, and never return."""
    from pipelines.cli import main as command

    code = 1
    try:
        _become(wanted)
        command()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  as the interpreter would
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become(wanted: dict[str, object]) -> None:
    folder, words, env = Path(str(wanted["folder"])), wanted["words"], wanted["env"]
    assert isinstance(words, list)
    assert isinstance(env, dict)
    for number, (name, flags) in enumerate(
        [("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY | os.O_CREAT), ("stderr", os.O_WRONLY | os.O_CREAT)]
    ):
        os.dup2(os.open(folder / name, flags, 0o600), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  the old one has read ahead
    os.environ.clear()
    os.environ.update(env)
    os.chdir(str(wanted["cwd"]))
    sys.argv = ["clear-to-send", *words]


if __name__ == "__main__":
    main()
