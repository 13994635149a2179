"""Walks the audit chain and says of every place where it was altered, cut or filled in what that means."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from pipelines.ledger import chain
from pipelines.ledger.chain import GENESIS, Head

_MOST_FAULTS = 20
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the walk found. `head` is the hash of the last entry; `notes` are what cannot be vouched for, no faults."""

    entries: int
    head: str
    ok: bool
    faults: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Walk:
    """How far the walk got: the last entry's number and hash, those hashes that are asked for, and what was wrong."""

    hashes: dict[int, str]
    last: int
    last_hash: str
    count: int
    faults: list[str]


def verify(ledger: Engine, kept: Path, tell: Callable[[int], None] = lambda _: None) -> Verdict:
    """
    Prove the chain: every number, every hash, the ledger's own head, and each head that was kept outside of it.

    Entries that are appended meanwhile do no harm: heads are read before and after the walk. `tell` hears now and then
    how many entries were walked.
    """
    kept_heads = chain.kept_heads(kept)
    with ledger.connect().execution_options(yield_per=_AT_ONCE) as connection:
        before = chain.head(connection)
        asked = {before.entries, *(head.entries for head in kept_heads)}
        walk = _walk(chain.entries(connection), asked, tell)
    with ledger.connect() as connection:
        after = chain.head(connection)
    faults = [*walk.faults, *_against_own_head(walk, before, after), *_against_kept(walk, kept_heads, kept)]
    if len(faults) > _MOST_FAULTS:
        faults[_MOST_FAULTS:] = [f"And {len(faults) - _MOST_FAULTS:,} more faults of these kinds."]
    notes = tuple(_notes(walk.last, kept_heads, kept))
    return Verdict(walk.count, walk.last_hash, not faults, tuple(faults), notes)


def _walk(entries: Iterator[chain.Entry], asked: Collection[int], tell: Callable[[int], None]) -> _Walk:
    walk = _Walk({0: GENESIS}, 0, GENESIS, 0, [])
    try:
        for entry in entries:
            walk.faults += _faults_of(entry, walk.last, walk.last_hash)
            if entry.entry_id in asked:
                walk.hashes[entry.entry_id] = entry.hash
            walk.last, walk.last_hash, walk.count = entry.entry_id, entry.hash, walk.count + 1
            if walk.count % _AT_ONCE == 0:
                tell(walk.count)
    except (ValueError, TypeError) as error:  # SQLite keeps whatever somebody writes into a column
        walk.faults.append(
            f"What comes after entry {walk.last} cannot be read ({error}): it was changed after it was written. "
            "Nothing behind it was checked."
        )
    return walk


def _faults_of(entry: chain.Entry, last: int, last_hash: str) -> Iterator[str]:
    number = entry.entry_id
    if number != last + 1:
        yield f"{_numbers(last + 1, number - 1).capitalize()} removed: entry {number} comes next."
    elif entry.previous_hash != last_hash:
        before = f"entry {last}" if last else "the beginning"
        yield f"Entry {number} does not follow {before}: what it followed when it was written was replaced since."
    if entry.hash != entry.expected_hash():
        yield (
            f"Entry {number} does not fit its own hash: it was changed after it was written. "
            f"It now says: {entry.action} by {entry.actor} at {entry.at}."
        )


def _against_own_head(walk: _Walk, before: Head, after: Head) -> Iterator[str]:
    """Compare with the head that the ledger keeps of itself."""
    if walk.last < before.entries:
        yield (
            f"The ledger counted {before.entries} entries and the chain ends with entry {walk.last}: "
            f"{_numbers(walk.last + 1, before.entries)} cut off."
        )
    elif walk.last > after.entries:
        yield (
            f"The ledger counted {after.entries} entries and the chain goes on to entry {walk.last}: "
            f"{_numbers(after.entries + 1, walk.last)} put in from outside, or the count was set back."
        )
    elif walk.hashes.get(before.entries, before.hash) != before.hash:
        yield (
            f"The hash that the ledger keeps of its last entry, {before.entries}, is not that of the entry: "
            "one of the two was changed."
        )


def _against_kept(walk: _Walk, heads: list[Head], kept: Path) -> Iterator[str]:
    """Compare with every head that was kept outside the ledger: whoever rewrote the ledger did not rewrite those."""
    longest = max((head.entries for head in heads), default=0)
    if longest > walk.last:
        yield (
            f"{kept.name} was told of {longest} entries and the chain ends with entry {walk.last}: "
            f"{_numbers(walk.last + 1, longest)} cut off, or this is an older copy of the ledger."
        )
    changed = [head.entries for head in heads if walk.hashes.get(head.entries, head.hash) != head.hash]
    if changed:
        yield (
            f"Entry {min(changed)} is not the one that {kept.name} was told of when it was the last: "
            "the chain was rewritten, there or before."
        )


def _notes(last: int, heads: list[Head], kept: Path) -> Iterator[str]:
    vouched = max((head.entries for head in heads), default=0)
    if last and not vouched:
        yield (
            f"No head of this chain was kept outside the ledger ({kept.name} is missing or empty). The entries fit "
            "together, but nobody can vouch that none was cut off at the end, nor that all were not written anew."
        )
    elif vouched < last:
        yield f"{kept.name} vouches for the chain up to entry {vouched}; what came later, up to {last}, is not in it."


def _numbers(first: int, last: int) -> str:
    return f"entry {first} was" if first == last else f"entries {first} to {last} were"
