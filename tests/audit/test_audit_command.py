"""What the commands give back and print: a proof, an export, one send."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import Engine, text

from pipelines.audit_command import (
    as_json,
    export,
    show_export,
    show_trace,
    show_verdict,
    trace,
    verify_file,
    verify_home,
)
from pipelines.ledger import chain
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.rights import Person
from pipelines.settings import Settings, read_settings
from tests.audit.staging import ANNA, ANNAS, BEN, CLEO, LAUNCH, logs, run
from tests.conftest import Home

NOW = LAUNCH + timedelta(days=1)
CY = Person("cy", "reviewer")


@pytest.fixture
def settings(home: Home) -> Settings:
    """Return the settings of an empty home."""
    return read_settings(home.folder, create=True)


@pytest.fixture
def books(settings: Settings) -> Iterator[Engine]:
    """Return the ledger of that home."""
    ledger = open_ledger(ledger_url(settings.home, settings.ledger_url))
    yield ledger
    ledger.dispose()


@pytest.fixture
def numbers(books: Engine, home: Home, tmp_path: Path) -> dict[str, int]:
    """Return the sends of a campaign that has run in that home, with its logs."""
    sent = run(books, "shoes")
    home.load(logs(tmp_path, sent))
    return sent


def printed(say: object, told: object) -> str:
    """What a command's words are."""
    out = StringIO()
    say(told, Console(file=out, width=200))  # type: ignore[operator]
    return out.getvalue()


def test_a_home_is_proven(settings: Settings, numbers: dict[str, int], books: Engine) -> None:
    """One object, and words that say what cannot be vouched for."""
    told = verify_home(settings)

    with books.connect() as connection:
        assert (told["entries"], told["head"], told["ok"]) == (4, chain.head(connection).hash, True)
    assert set(json.loads(json.dumps(told))) == {"entries", "head", "ok", "faults", "notes"}
    words = printed(show_verdict, told)
    assert "The chain holds: 4 entries" in words
    assert "audit-heads.jsonl" in words


def test_a_broken_chain_is_said_to_be_broken(settings: Settings, numbers: dict[str, int], books: Engine) -> None:
    """With the entry that was changed."""
    with books.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_entries_stay"))
        connection.execute(text("UPDATE audit_entries SET actor = 'nobody' WHERE entry_id = 2"))

    told = verify_home(settings)

    assert told["ok"] is False
    assert "Entry 2 does not fit its own hash" in printed(show_verdict, told)


def test_an_export_can_be_proven_against_the_chain(settings: Settings, numbers: dict[str, int], tmp_path: Path) -> None:
    """One of this home is known to it, in a copy too; one of another home is not."""
    told = export(settings, "shoes", tmp_path / "out", NOW, CY)
    copy = Path(shutil.copy(told["file"], tmp_path / "copy.zip"))
    elsewhere = read_settings(tmp_path / "elsewhere", create=True)

    assert verify_file(settings, copy)["ok"]
    assert "the chain knows the manifest" in printed(show_verdict, verify_file(settings, copy))
    assert "No entry of the chain knows copy.zip" in verify_file(elsewhere, copy)["faults"][0]
    assert told["file"] in printed(show_export, told).replace("\n", "")
    assert (told["entries"], told["logs"]) == (5, True)
    assert verify_home(settings)["notes"] == ()


def test_without_a_warehouse_an_export_says_so(settings: Settings, books: Engine, tmp_path: Path) -> None:
    """And makes none."""
    run(books, "shoes")
    told = export(settings, "shoes", tmp_path / "out", NOW, CY)

    assert told["logs"] is False
    assert "There is no warehouse" in printed(show_export, told)
    assert not settings.warehouse_path.exists()


def test_one_send_reads_from_permission_to_receipt(settings: Settings, numbers: dict[str, int]) -> None:
    """In words and as one object; no id and no token unless ids are asked for."""
    lineage = trace(settings, numbers[ANNA], CY)
    words = printed(show_trace, lineage)

    for told in (
        "Hi Ann, the trail shoes are back & waiting.", '"restock:trail-shoes", optin at 2026-10-31 12:00:00 UTC',
        "log.jsonl, line 1", "by bo, 2026-11-20 11:00:00 UTC, because: The shop is open today only.", "mid m_anna",
        "Delivered   2026-11-20 12:00:06 UTC", "Read        nothing in the logs",
    ):  # fmt: skip
        assert told in words
    assert ANNA not in words
    assert ANNAS not in words
    assert ANNA in printed(show_trace, trace(settings, numbers[ANNA], CY, show_ids=True))
    assert as_json(lineage)["delivered_at"] == "2026-11-20T12:00:06Z"
    assert json.loads(json.dumps(as_json(lineage)))["campaign_name"] == "Trail shoes <are> back"


def test_a_refusal_and_a_window_read_as_such(settings: Settings, numbers: dict[str, int]) -> None:
    """The reason with its key; the message that opened the window."""
    refused, in_window = (printed(show_trace, trace(settings, numbers[psid], CY)) for psid in (CLEO, BEN))

    assert "=This person isn't available right now. [551]" in refused
    assert "message at 2026-11-20 05:00:00 UTC" in in_window
    assert "Replied" in in_window
