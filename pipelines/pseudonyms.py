"""How people are named to whoever may not see their ids: a pseudonym that only the home's key can make."""

import hashlib
import os
import secrets
from functools import cache
from pathlib import Path

_KEY_FILE = "pseudonym.key"
_LENGTH = 10


def pseudonym_key(home: Path) -> str:
    """Return the home's secret behind the pseudonyms, made at the first call: the same person keeps the same name.

    A home that cannot be written has a key for as long as the process runs.
    """
    file = home / _KEY_FILE
    try:
        return file.read_text(encoding="ascii")
    except OSError:
        pass
    # Written aside and then given its name: whoever comes at the same time must not read half a key.
    fresh = home / f"{_KEY_FILE}.{secrets.token_hex(4)}"
    try:
        with open(fresh, "x", encoding="ascii", opener=_private) as made:  # Path.open takes no opener
            made.write(secrets.token_hex(16))
        try:
            os.link(fresh, file)
        except FileExistsError:
            pass  # somebody else was first
        finally:
            fresh.unlink()
        return file.read_text(encoding="ascii")
    except OSError:
        return _key_of_this_process()


def pseudonym(key: str, page_id: str, psid: str) -> str:
    """Return what stands for a person; dashboard/sql/people.sql says the same in SQL."""
    return f"person-{hashlib.sha256(f'{key}{page_id}/{psid}'.encode()).hexdigest()[:_LENGTH]}"


@cache
def _key_of_this_process() -> str:
    return secrets.token_hex(16)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
