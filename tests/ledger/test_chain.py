"""The audit chain: each entry covers the one before, whoever appends at the same time, and its head is kept outside."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine

from pipelines.ledger import chain
from pipelines.ledger.store import open_ledger
from tests.ledger.broadcasts import NOW


def append(ledger: Engine, *acts: str, **about: str) -> None:
    """Append an entry for each act, all in one transaction."""
    with ledger.begin() as connection:
        for number, act in enumerate(acts):
            chain.append(connection, NOW + timedelta(seconds=number), "Mei", act, {"why": "補貨"}, **about)


def entries(ledger: Engine, campaign_id: str | None = None) -> list[chain.Entry]:
    """Return the chain."""
    with ledger.connect() as connection:
        return list(chain.entries(connection, campaign_id))


def head(ledger: Engine) -> chain.Head:
    """Return how far it goes."""
    with ledger.connect() as connection:
        return chain.head(connection)


def assert_whole(ledger: Engine, count: int) -> None:
    """Check every hash, every number and the head."""
    links = entries(ledger)
    assert [each.entry_id for each in links] == list(range(1, count + 1))
    assert [each.hash for each in links] == [each.expected_hash() for each in links]
    assert [later.previous_hash for _, later in pairwise(links)] == [earlier.hash for earlier, _ in pairwise(links)]
    assert links[0].previous_hash == chain.GENESIS
    assert head(ledger) == chain.Head(count, links[-1].hash)


def test_an_empty_chain_has_a_head(ledger: Engine) -> None:
    """Its hash is the one that the first entry covers."""
    assert entries(ledger) == []
    assert head(ledger) == chain.Head(0, chain.GENESIS)


def test_each_entry_covers_the_one_before(ledger: Engine) -> None:
    """Within one transaction and across several."""
    append(ledger, "campaign_written", "campaign_checked", campaign_id="shoes", page_id="1084")
    append(ledger, "everything_stopped")

    assert_whole(ledger, 3)


def test_a_hash_can_be_made_again_without_this_program(ledger: Engine) -> None:
    """It is the sha256 of a JSON list that a reviewer can write down."""
    append(ledger, "campaign_written", campaign_id="shoes", page_id="1084")
    (entry,) = entries(ledger)
    moment, detail = "2026-11-22T12:00:00", json.dumps({"why": "補貨"}, ensure_ascii=False)
    fields = [1, moment, "Mei", "campaign_written", "shoes", "1084", detail, "0" * 64]

    assert entry.hash == sha256(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


@pytest.mark.parametrize(
    "lie",
    [
        {"entry_id": 2},
        {"at": NOW + timedelta(microseconds=1)},
        {"actor": "Đặng"},
        {"action": "campaign_edited"},
        {"campaign_id": "boots"},
        {"campaign_id": None},
        {"page_id": "1085"},
        {"detail": '{"why": "補貨 "}'},
        {"previous_hash": "1" * 64},
    ],
    ids="-".join,
)
def test_the_hash_covers_every_field(lie: dict[str, Any]) -> None:
    """Whatever is changed shows."""
    entry = chain.Entry(1, NOW, "Mei", "campaign_written", "shoes", "1084", '{"why": "補貨"}', chain.GENESIS, "")

    assert replace(entry, **lie).expected_hash() != entry.expected_hash()


def test_what_is_about_one_campaign_is_found(ledger: Engine) -> None:
    """Its entries keep the numbers they have in the whole chain."""
    append(ledger, "campaign_written", campaign_id="shoes")
    append(ledger, "campaign_written", "campaign_checked", campaign_id="boots")
    append(ledger, "campaign_cancelled", campaign_id="shoes")

    assert [each.entry_id for each in entries(ledger, "shoes")] == [1, 4]


def test_an_act_that_fails_leaves_no_entry(ledger: Engine) -> None:
    """Neither a number nor the head is used up."""
    append(ledger, "campaign_written")

    with ledger.connect() as connection:
        chain.append(connection, NOW, "Mei", "campaign_checked", {})
        connection.rollback()
    append(ledger, "campaign_edited")

    assert_whole(ledger, 2)


def test_those_who_append_at_once_make_one_chain(ledger: Engine, ledger_at: URL) -> None:
    """Two programs with two threads each: no number is missing, none is used twice."""
    other = open_ledger(ledger_at)

    def work(number: int) -> None:
        for turn in range(25):
            append((ledger, other)[number % 2], f"turn_{number}_{turn}")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    other.dispose()

    assert_whole(ledger, 100)
    for number in range(4):
        mine = [each.action for each in entries(ledger) if each.action.startswith(f"turn_{number}_")]
        assert mine == [f"turn_{number}_{turn}" for turn in range(25)]


# --- the head, kept outside ------------------------------------------------------------------------------------------


def test_the_head_is_kept_once_for_each_length(ledger: Engine, tmp_path: Path) -> None:
    """Keeping it again adds nothing, a longer chain adds a line, and what was kept stays."""
    file = tmp_path / "heads.jsonl"
    chain.keep_head(ledger, file)
    chain.keep_head(ledger, file)
    append(ledger, "campaign_written")
    for _ in range(3):
        chain.keep_head(ledger, file)

    assert chain.kept_heads(file) == [chain.Head(0, chain.GENESIS), head(ledger)]
    assert len(file.read_text("utf-8").splitlines()) == 2


def test_nothing_was_kept_yet(tmp_path: Path) -> None:
    """No file, no heads."""
    assert chain.kept_heads(tmp_path / "heads.jsonl") == []


TEARS: dict[str, Callable[[str], str]] = {
    "in the middle": lambda line: line[: len(line) // 2],
    "before the line's end": lambda line: line.rstrip("\n"),
    "after one character": lambda line: line[:1],
}


@pytest.mark.parametrize("where", TEARS)
def test_a_torn_line_costs_only_itself(ledger: Engine, tmp_path: Path, where: str) -> None:
    """A crash while the second head was written: it may be lost, but not the one before, nor the next."""
    file = tmp_path / "heads.jsonl"
    append(ledger, "campaign_written")
    chain.keep_head(ledger, file)
    first, kept = head(ledger), file.read_text("utf-8")
    append(ledger, "campaign_checked")
    chain.keep_head(ledger, file)
    second = file.read_text("utf-8").removeprefix(kept)
    file.write_text(kept + TEARS[where](second), "utf-8")

    assert first in chain.kept_heads(file)
    append(ledger, "campaign_edited")
    chain.keep_head(ledger, file)

    heads = chain.kept_heads(file)
    assert (heads[0], heads[-1]) == (first, head(ledger))


def test_a_line_that_is_no_head_is_passed_over(ledger: Engine, tmp_path: Path) -> None:
    """Whatever a broken disk left there."""
    file = tmp_path / "heads.jsonl"
    file.write_text("\n".join(["5", "[1, 2]", '{"entries": 5}', "null", "", "\x00\x00\x00", ""]), "utf-8")
    chain.keep_head(ledger, file)

    assert chain.kept_heads(file) == [head(ledger)]
