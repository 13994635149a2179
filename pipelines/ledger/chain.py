"""The audit chain: appended in the transaction of the act itself, each entry's hash covering the one before.

A chain does not notice that its tail was cut off, so its head is also kept in a file beside the ledger and printed in
every export.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import DBAPIError

from pipelines.ledger.schema import audit_entries, audit_head

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `at` is naive UTC, `detail` JSON with sorted keys; campaign and Page are None where it is about none."""

    entry_id: int
    at: datetime
    actor: str
    action: str
    campaign_id: str | None
    page_id: str | None
    detail: str
    previous_hash: str
    hash: str

    def expected_hash(self) -> str:
        """Return what the hash of this entry must be, given the one before."""
        fields = [
            self.entry_id, self.at.isoformat(), self.actor, self.action, self.campaign_id, self.page_id, self.detail,
            self.previous_hash,
        ]  # fmt: skip
        return sha256(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """How many entries the chain has, and the hash of the last."""

    entries: int
    hash: str


def append(
    connection: Connection,
    at: datetime,
    actor: str,
    action: str,
    detail: Mapping[str, Any],
    *,
    campaign_id: str | None = None,
    page_id: str | None = None,
) -> None:
    """Append one entry in the caller's transaction, which keeps every other writer of the chain waiting until it ends.

    `detail` holds what a reviewer needs and no secret: no access token, no one-time token.
    """
    longer = update(audit_head).values(entries=audit_head.c.entries + 1)
    entries, previous = connection.execute(longer.returning(audit_head.c.entries, audit_head.c.hash)).one()
    text = json.dumps(detail, ensure_ascii=False, sort_keys=True, default=str)
    draft = Entry(entries, at, actor, action, campaign_id, page_id, text, previous, "")
    values = {name: getattr(draft, name) for name in Entry.__dataclass_fields__} | {"hash": draft.expected_hash()}
    connection.execute(insert(audit_entries), values)
    connection.execute(update(audit_head).values(hash=values["hash"]))


def head(connection: Connection) -> Head:
    """Return how far the chain goes."""
    return Head(*connection.execute(select(audit_head.c.entries, audit_head.c.hash)).one())


def entries(connection: Connection, campaign_id: str | None = None) -> Iterator[Entry]:
    """Give the chain, oldest first; with a campaign only what is about it."""
    query = select(*(audit_entries.c[name] for name in Entry.__dataclass_fields__)).order_by(audit_entries.c.entry_id)
    if campaign_id is not None:
        query = query.where(audit_entries.c.campaign_id == campaign_id)
    for row in connection.execute(query):
        yield Entry(*row)


def keep_head(ledger: Engine, file: Path) -> None:
    """Write the chain's head, as one JSON line, to a file that is not part of the ledger; on disk when it returns."""
    with ledger.connect() as connection:
        now = head(connection)
    line = json.dumps({"entries": now.entries, "hash": now.hash})
    with file.open("a+", encoding="utf-8") as kept:
        kept.seek(0)
        before = kept.read()
        if line not in before.splitlines()[-1:]:
            torn = before and not before.endswith("\n")  # a crash left half a line: it must not swallow this one
            kept.write(f"\n{line}\n" if torn else f"{line}\n")
            kept.flush()
            os.fsync(kept.fileno())


@contextmanager
def kept_head(ledger: Engine, file: Path) -> Iterator[None]:
    """Keep the head after what is done within, also when that ends in an error, which is the one that is told."""
    try:
        yield
    except Exception:
        with suppress(OSError, DBAPIError):
            keep_head(ledger, file)
        raise
    keep_head(ledger, file)


def kept_heads(file: Path) -> list[Head]:
    """Return the heads that were kept, oldest first; a line torn by a crash is passed over."""
    heads = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        try:
            heads.append(Head(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return heads
