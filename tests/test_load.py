"""Loading: every line ends as events, as a duplicate, or as a reject that says why."""

import gzip
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
import zstandard

from pipelines.errors import UsageError
from tests.conftest import Home
from tests.deliveries import ANNA, BEN, NOON, PAGE, compact, delivery, echo, message, ms, otn, write_lines

ONE = delivery(message(ANNA, NOON, "m_1"))
TWO = delivery(message(BEN, NOON + timedelta(minutes=1), "m_2"))


def test_a_line_becomes_an_event_with_its_place_in_the_file(home: Home, tmp_path: Path) -> None:
    """Each event says which file and line it came from."""
    log = write_lines(tmp_path / "log.jsonl", ONE, TWO)
    home.load(log)
    assert home.rows(
        "SELECT page_id, psid, kind, occurred_at, mid, source_file, source_line FROM events ORDER BY source_line"
    ) == [
        (PAGE, ANNA, "message", NOON, "m_1", str(log), 1),
        (PAGE, BEN, "message", NOON + timedelta(minutes=1), "m_2", str(log), 2),
    ]


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz", "log.jsonl.zst", "log.json", "log.ndjson", "other.txt"])
def test_plain_and_compressed_files_load_alike(home: Home, tmp_path: Path, name: str) -> None:
    """The ending says how a file is packed; a file of another name is read as lines."""
    raw = compact(ONE) + b"\n" + compact(TWO) + b"\n"
    packed = gzip.compress(raw) if name.endswith(".gz") else zstandard.compress(raw) if name.endswith(".zst") else raw
    (tmp_path / name).write_bytes(packed)
    summary = home.load(tmp_path / name)
    assert (summary.lines, summary.events, summary.rejects) == (2, 2, 0)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ONE, indent=2) + "\n" + json.dumps(TWO, indent=2),
        json.dumps([ONE, TWO], indent=2),
        json.dumps([ONE, TWO]),
        "\ufeff" + json.dumps([ONE, TWO], indent=1).replace("\n", "\r\n"),
    ],
    ids=["pretty", "array", "array on one line", "array with BOM and CRLF"],
)
def test_a_json_document_is_read_value_by_value(home: Home, tmp_path: Path, text: str) -> None:
    """A .json file may hold one body over many lines, several, or an array of them."""
    (tmp_path / "export.json").write_text(text, encoding="utf-8")
    summary = home.load(tmp_path / "export.json")
    assert (summary.lines, summary.events, summary.rejects) == (2, 2, 0)


def test_a_document_s_events_stand_at_the_line_where_their_body_begins(home: Home, tmp_path: Path) -> None:
    """Provenance holds in pretty-printed files too."""
    first = json.dumps(ONE, indent=2)
    (tmp_path / "export.json").write_text(first + "\n" + json.dumps(TWO, indent=2), encoding="utf-8")
    home.load(tmp_path / "export.json")
    assert home.rows("SELECT mid, source_line FROM events ORDER BY mid") == [("m_1", 1), ("m_2", first.count("\n") + 2)]


@pytest.mark.parametrize("field", ["body", "payload", "message"])
@pytest.mark.parametrize("shape", [dict, str], ids=["object", "text"])
def test_a_log_shipper_s_wrapper_is_opened(home: Home, tmp_path: Path, field: str, shape: type) -> None:
    """The delivery may stand inside another object, as an object or as text."""
    inner = ONE if shape is dict else json.dumps(ONE)
    log = write_lines(tmp_path / "log.jsonl", {"ts": "2026-11-20T12:00:00Z", "level": "info", field: inner}, TWO)
    summary = home.load(log)
    assert (summary.lines, summary.events, summary.rejects) == (2, 2, 0)


def test_wrappers_inside_wrappers_are_opened(home: Home, tmp_path: Path) -> None:
    """Shippers are stacked in real life."""
    home.load(write_lines(tmp_path / "log.jsonl", {"message": json.dumps({"body": json.dumps(ONE)})}))
    assert home.value("SELECT mid FROM events") == "m_1"


def test_bare_entries_and_events_are_taken(home: Home, tmp_path: Path) -> None:
    """Some handlers log the entry, or each event by itself."""
    log = write_lines(tmp_path / "log.jsonl", ONE["entry"][0], TWO["entry"][0]["messaging"][0])
    assert home.load(log).events == 2
    assert home.rows("SELECT DISTINCT page_id FROM events") == [(PAGE,)]


def test_ids_may_be_numbers_and_times_seconds_or_text(home: Home, tmp_path: Path) -> None:
    """Ids come out as text, times as UTC, whatever the log wrote."""
    written = [
        ms(NOON),
        ms(NOON) // 1000,
        str(ms(NOON)),
        "2026-11-20T12:00:00+0000",
        "2026-11-20T13:00:00+01:00",
        float(ms(NOON)),
    ]
    bodies = []
    for number, timestamp in enumerate(written):
        each = message(int(ANNA), NOON, f"m_{number}")  # type: ignore[arg-type]
        each["timestamp"] = timestamp
        bodies.append({"object": "page", "entry": [{"id": int(PAGE), "time": ms(NOON), "messaging": [each]}]})
    home.load(write_lines(tmp_path / "log.jsonl", *bodies))
    assert home.rows("SELECT DISTINCT page_id, psid, occurred_at FROM events") == [(PAGE, ANNA, NOON)]
    assert home.value("SELECT count(*) FROM events") == len(written)


def test_an_unknown_kind_is_kept_under_its_own_name(home: Home, tmp_path: Path) -> None:
    """What Meta adds tomorrow is neither dropped nor guessed at, and no field of it is lost."""
    new = {
        "sender": {"id": ANNA},
        "recipient": {"id": PAGE},
        "timestamp": ms(NOON),
        "teleport": {"to": "moon"},
        "extra": [1, 2],
    }
    home.load(write_lines(tmp_path / "log.jsonl", delivery(new)))
    assert home.rows("SELECT kind, CAST(payload AS VARCHAR) FROM events") == [("teleport", compact(new).decode())]


def test_several_items_and_entries_in_one_line(home: Home, tmp_path: Path) -> None:
    """A delivery may carry many events, for several Pages, on different channels."""
    body = delivery(message(ANNA, NOON, "m_1"), message(BEN, NOON, "m_2"))
    body["entry"][0]["standby"] = [message(ANNA, NOON, "m_3")]
    body["entry"].append({"id": "999", "time": ms(NOON), "changes": [{"field": "feed", "value": {"post_id": "7"}}]})
    summary = home.load(write_lines(tmp_path / "log.jsonl", body))
    assert (summary.lines, summary.events) == (1, 4)
    assert home.rows("SELECT kind, channel FROM events ORDER BY ALL") == [
        ("change:feed", "changes"),
        ("message", "messaging"),
        ("message", "messaging"),
        ("message", "standby"),
    ]


def test_standard_input_is_a_source(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads what is piped in."""
    stream = io.TextIOWrapper(io.BytesIO(compact(ONE) + b"\n" + compact(TWO) + b"\n"))
    monkeypatch.setattr("sys.stdin", stream)
    assert home.load("-").events == 2


def test_folders_and_globs(home: Home, tmp_path: Path) -> None:
    """A folder means the logs in it and below; a glob means what it matches; nothing is read twice."""
    write_lines(tmp_path / "logs" / "a.jsonl", ONE)
    write_lines(tmp_path / "logs" / "deep" / "b.jsonl", TWO)
    (tmp_path / "logs" / "notes.md").write_text("no log")
    assert home.load(tmp_path / "logs", str(tmp_path / "logs" / "*.jsonl")).files == 2


@pytest.mark.parametrize("path", ["missing.jsonl", "nothing-*.jsonl"])
def test_a_path_that_means_nothing_is_a_usage_error(home: Home, tmp_path: Path, path: str) -> None:
    """The sentence names the path."""
    with pytest.raises(UsageError, match=path.replace("*", r"\*")):
        home.load(tmp_path / path)


def test_an_empty_folder_says_what_would_be_read(home: Home, tmp_path: Path) -> None:
    """The sentence names the endings."""
    (tmp_path / "logs").mkdir()
    with pytest.raises(UsageError, match=r"holds no logs.*\.jsonl"):
        home.load(tmp_path / "logs")


def test_an_event_without_any_time_is_kept_and_counted(home: Home, tmp_path: Path) -> None:
    """It cannot be placed, so it opens nothing and gives nothing; but it is there."""
    body = {
        "object": "page",
        "entry": [{"id": PAGE, "messaging": [{"sender": {"id": ANNA}, "message": {"mid": "m_1"}}]}],
    }
    home.load(write_lines(tmp_path / "log.jsonl", body))
    home.load(write_lines(tmp_path / "again.jsonl", body))
    assert home.rows("SELECT occurred_at FROM events") == [(None,)]
    assert home.rows("SELECT hour, count_events FROM event_hourly") == [(None, 1)]
    assert home.value("SELECT count(*) FROM windows") == 0


def test_instagram_events_are_told_by_their_object(home: Home, tmp_path: Path) -> None:
    """The object is kept, since rules differ."""
    body = {**ONE, "object": "instagram"}
    home.load(write_lines(tmp_path / "log.jsonl", body))
    assert home.value("SELECT object FROM events") == "instagram"


def test_large_chunks_number_their_lines_right(home: Home, tmp_path: Path) -> None:
    """A chunk parsed in parts side by side gives each event its own line, and each torn line its own reject."""
    log = tmp_path / "log.jsonl"
    with log.open("wb") as file:
        for number in range(40_000):
            body = compact(delivery(message(ANNA, NOON + timedelta(seconds=number), f"m_{number + 1}", text="x" * 60)))
            file.write((body if number % 1000 else body[:80]) + b"\n")
    assert log.stat().st_size > 8 << 20
    summary = home.load(log)
    assert (summary.lines, summary.events, summary.rejects) == (40_000, 39_960, 40)
    assert home.value("SELECT count(*) FROM events WHERE mid <> 'm_' || source_line") == 0
    assert home.value("SELECT count(*) FROM rejects WHERE (source_line - 1) % 1000 = 0") == 40


def test_tokens_and_echoes_survive_a_mixed_file(home: Home, tmp_path: Path) -> None:
    """Kinds do not disturb each other."""
    log = write_lines(tmp_path / "log.jsonl", delivery(otn(ANNA, NOON, "t1"), echo(ANNA, NOON, "m_9")), ONE)
    home.load(log)
    assert home.rows("SELECT kind FROM events ORDER BY kind") == [("message",), ("message_echo",), ("optin",)]


def test_a_torn_first_line_does_not_make_a_document_of_lines(home: Home, tmp_path: Path) -> None:
    """A .json file of lines stays one, even if its first line is broken."""
    (tmp_path / "log.json").write_bytes(compact(ONE)[:70] + b"\n" + compact(ONE) + b"\n" + compact(TWO) + b"\n")
    summary = home.load(tmp_path / "log.json")
    assert (summary.events, summary.rejects) == (2, 1)
