"""SECURITY.md promises nothing that no test holds: each that it names is there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / ".github" / "SECURITY.md").read_text(encoding="utf-8")


def test_each_test_that_the_policy_names_is_there() -> None:
    """By file, and by name where it gives one."""
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)
    assert len(named) > 20
    missing = [
        (file, test)
        for file, test in named
        if not (ROOT / file).is_file() or (test and test not in _functions(ROOT / file))
    ]
    assert missing == []


def test_every_row_of_the_threats_names_a_test() -> None:
    """A row without one is a hope."""
    table = TEXT.split("## Who might do harm")[1].split("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")][2:]
    assert len(rows) > 10
    assert [row for row in rows if "`tests/" not in row.rsplit("|", 2)[1]] == []


def _functions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
