"""Frozen plans without a person. A plan is known by its file's hash, so it gets another, and the trail names both."""

import secrets
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path

import duckdb

from pipelines.statements import statements

_SQL = statements(Path(__file__).with_suffix(".sql"))


def plans_of(folder: Path, psid: str) -> Iterator[Path]:
    """Give the plans that name a person."""
    for draft in folder.glob("*.draft"):
        draft.unlink()  # of a check, or of an erasure, that was killed
    with duckdb.connect() as table:
        for file in sorted(folder.glob("*.parquet")):
            (count,) = table.execute(_SQL["names"], {"file": str(file), "psid": psid}).fetchone() or (0,)
            if count:
                yield file


def rewrite(file: Path, psid: str, name: str) -> str:
    """Write a plan anew, with a pseudonym, beside the old one. Returns the hash by which it is known from now on."""
    draft = file.with_name(f"{secrets.token_hex(8)}.draft")
    with duckdb.connect() as table:
        table.execute(_SQL["rewrite"], {"file": str(file), "draft": str(draft), "psid": psid, "name": name})
    with draft.open("rb") as written:
        digest = file_digest(written, "sha256").hexdigest()
    draft.chmod(0o600)
    draft.replace(file.with_name(f"{digest}.parquet"))
    return digest
