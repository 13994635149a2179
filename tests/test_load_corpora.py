"""Real payloads from public repositories: every well-formed one gives its events, every malformed one a reject."""

import csv
import json
import os
from pathlib import Path

import pytest

from tests.conftest import IS_DEEP, Home

CORPUS = Path(os.environ.get("CLEAR_TO_SEND_CORPORA", Path(__file__).parents[2] / "shared" / "corpora")) / "webhooks"
pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of real payloads is not at hand; CLEAR_TO_SEND_CORPORA names it"
)


def _rows() -> list[dict[str, str]]:
    with (CORPUS / "index.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _is_malformed(row: dict[str, str]) -> bool:
    return "malformed" in row["event_kind"] or row["shape"] == "raw_body"


def _single() -> list[dict[str, str]]:
    """What is loaded as a file of its own, which takes a while: what is malformed, and of the others every fifth."""
    return [row for number, row in enumerate(_rows()) if IS_DEEP or _is_malformed(row) or number % 5 == 0]


def _name(row: dict[str, str]) -> str:
    return row["file"].replace("/", "__").removesuffix(".txt").removesuffix(".json") + ".json"


def _raw(row: dict[str, str]) -> bytes:
    """Return a payload; a single event gets the envelope that it lacks."""
    raw = (CORPUS / row["file"]).read_bytes()
    if row["shape"] != "messaging_event":
        return raw
    entry = {"id": "1", "time": 1458692752478, "messaging": [json.loads(raw)]}
    return json.dumps({"object": "page", "entry": [entry]}, indent=2).encode()


def _items(row: dict[str, str]) -> int:
    if row["shape"] != "webhook":
        return 1
    entries = json.loads((CORPUS / row["file"]).read_bytes())["entry"]
    return sum(
        max(1, sum(len(entry.get(name) or []) for name in ("messaging", "standby", "changes"))) for entry in entries
    )


def test_every_payload_gives_its_events_and_every_malformed_one_a_reject(home: Home, tmp_path: Path) -> None:
    """Nothing is lost: per file, items in = events + duplicates, and a malformed body is told with a reason."""
    for row in _single():
        (tmp_path / _name(row)).write_bytes(_raw(row))
    home.load(tmp_path)
    sources = {
        Path(name).name: rest
        for name, *rest in home.rows("SELECT source_file, events + duplicates, reject_lines FROM sources")
    }
    wrong = []
    for row in _single():
        expected = [0, 1] if _is_malformed(row) else [_items(row), 0]
        if sources[_name(row)] != expected:
            wrong.append((_name(row), sources[_name(row)], expected))
    assert wrong == []


def test_all_payloads_in_one_file_load_like_the_single_files(home: Home, tmp_path: Path) -> None:
    """One body a line, well-formed ones only: no rejects, every item, and the kinds that the index names."""
    rows = [row for row in _rows() if row["shape"] in ("webhook", "messaging_event") and not _is_malformed(row)]
    log = tmp_path / "all.jsonl"
    log.write_bytes(b"\n".join(json.dumps(json.loads(_raw(row))).encode() for row in rows) + b"\n")
    summary = home.load(log)
    assert (summary.lines, summary.rejects) == (len(rows), 0)
    assert home.value("SELECT events + duplicates FROM sources") == sum(_items(row) for row in rows)
    kinds = {kind for (kind,) in home.rows("SELECT DISTINCT kind FROM events")}
    assert {
        "message",
        "message_echo",
        "postback",
        "optin",
        "delivery",
        "read",
        "reaction",
        "referral",
        "policy_enforcement",
    } <= kinds
