"""SQL files, cut into named statements."""

import re
from functools import cache
from pathlib import Path

_NAME = re.compile(r"^-- name: ([^\n]+)\n", re.MULTILINE)


@cache
def statements(path: Path) -> dict[str, str]:
    """Read a .sql file into {name: text}. A statement goes from its line `-- name: some_name` to the next such line."""
    parts = _NAME.split(path.read_text(encoding="utf-8"))
    return dict(zip(parts[1::2], parts[2::2], strict=True))
