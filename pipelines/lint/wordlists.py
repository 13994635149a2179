"""Lists of words that a rule leaves out of account, from data/words.toml."""

import tomllib
from functools import cache

from pipelines import DATA


@cache
def words(name: str) -> frozenset[str]:
    """Return one list of the file."""
    return frozenset(tomllib.loads((DATA / "words.toml").read_text(encoding="utf-8"))[name].split())
