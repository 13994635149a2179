"""Real payloads from public repositories: every well-formed one gives its events, every malformed one a reject."""

import csv
import json
import os
from pathlib import Path

import pytest

from tests.conftest import Home

CORPUS = Path(os.environ.get("CLEAR_TO_SEND_CORPORA", Path(__file__).parents[2] / "shared" / "corpora")) / "webhooks"
pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of real payloads is not at hand; CLEAR_TO_SEND_CORPORA names it"
)


def _rows() -> list[dict[str, str]]:
    with (CORPUS / "index.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def laid_out(tmp_path: Path) -> Path:
    """Return a folder with each payload as a file of its own; single events get the envelope that they lack."""
    for row in _rows():
        raw = (CORPUS / row["file"]).read_bytes()
        if row["shape"] == "messaging_event":
            entry = {"id": "1", "time": 1458692752478, "messaging": [json.loads(raw)]}
            raw = json.dumps({"object": "page", "entry": [entry]}, indent=2).encode()
        (tmp_path / (row["file"].replace("/", "__").removesuffix(".txt").removesuffix(".json") + ".json")).write_bytes(
            raw
        )
    return tmp_path


def _items(row: dict[str, str]) -> int:
    if row["shape"] != "webhook":
        return 1
    entries = json.loads((CORPUS / row["file"]).read_bytes())["entry"]
    return sum(
        max(1, sum(len(entry.get(name) or []) for name in ("messaging", "standby", "changes"))) for entry in entries
    )


def test_every_payload_gives_its_events_and_every_malformed_one_a_reject(home: Home, laid_out: Path) -> None:
    """Nothing is lost: per file, items in = events + duplicates, and a malformed body is told with a reason."""
    home.load(laid_out)
    sources = {
        Path(name).name: rest
        for name, *rest in home.rows("SELECT source_file, events + duplicates, reject_lines FROM sources")
    }
    wrong = []
    for row in _rows():
        name = row["file"].replace("/", "__").removesuffix(".txt").removesuffix(".json") + ".json"
        is_malformed = "malformed" in row["event_kind"] or row["shape"] == "raw_body"
        expected = [0, 1] if is_malformed else [_items(row), 0]
        if sources[name] != expected:
            wrong.append((name, sources[name], expected))
    assert wrong == []


def test_all_payloads_in_one_file_load_like_the_single_files(home: Home, tmp_path: Path) -> None:
    """One body a line, well-formed ones only: no rejects, and the kinds that the index names."""
    bodies = [
        (CORPUS / row["file"]).read_bytes()
        for row in _rows()
        if row["shape"] == "webhook" and "malformed" not in row["event_kind"]
    ]
    log = tmp_path / "all.jsonl"
    log.write_bytes(b"\n".join(json.dumps(json.loads(body)).encode() for body in bodies) + b"\n")
    summary = home.load(log)
    assert (summary.lines, summary.rejects) == (len(bodies), 0)
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
