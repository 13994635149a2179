"""The README, the commands, the stages and the lock say the same."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import typer

from pipelines import STAGES

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def commands() -> set[str]:
    """Return every command of the command line, sub-commands in full: "load", "audit verify"."""
    from pipelines.cli import app  # not at the top: the laws above must hold even while the command line is broken

    def below(command: object, path: tuple[str, ...]) -> Iterator[str]:
        children = getattr(command, "commands", {})
        if not children:
            yield " ".join(path)
        for word, child in children.items():
            yield from below(child, (*path, word))

    return set(below(typer.main.get_command(app), ()))


def code_of(markdown: str) -> str:
    """Return what stands in code blocks and between backticks."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", markdown, re.DOTALL))


def test_the_readme_names_every_command_and_no_other() -> None:
    """Each command stands in the README as one types it, and nothing else is offered there."""
    shown = code_of(README.read_text(encoding="utf-8"))
    known = commands()
    words = {word for command in known for word in command.split()[:1]}
    offered = set(re.findall(r"clear-to-send ([a-z][a-z-]*)", shown))

    assert {each for each in known if not re.search(rf"clear-to-send {re.escape(each)}\b", shown)} == set()
    assert offered - words == set()


def test_the_readme_names_every_stage() -> None:
    """The stage table of the code is the stage table of the README."""
    shown = code_of(README.read_text(encoding="utf-8"))

    assert [stage.name for stage in STAGES if not re.search(rf"`(pipelines/)?{stage.name}/?`", shown)] == []


def test_the_lock_names_versions_and_hashes_only() -> None:
    """Every locked package has its exact version and hashes, and no word says where it came from."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", lock.strip())
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    every = wanted["dependencies"] + wanted["optional-dependencies"]["dev"]
    direct = {re.split(r"[<>=! \[]", each)[0] for each in every}

    assert [
        entry for entry in entries if not re.match(r"[\w.-]+==\S+[^\n]*\\\n +--hash=sha256:[0-9a-f]{64}", entry)
    ] == []
    assert direct - {entry.split("==")[0] for entry in entries} == set()
    assert not re.search(r"://|file:|index|#|/", lock)
