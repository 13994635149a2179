"""Loading again: the same file, a file that grew, the same fact from another place. Nothing counts twice."""

from datetime import timedelta
from pathlib import Path

import pytest
import zstandard

from tests.conftest import Home
from tests.deliveries import ANNA, BEN, NOON, PAGE, compact, delivery, message, ms, write_lines

ONE = delivery(message(ANNA, NOON, "m_1"))
TWO = delivery(message(BEN, NOON + timedelta(minutes=1), "m_2"))


def test_a_redelivery_is_a_duplicate(home: Home, tmp_path: Path) -> None:
    """Meta sends the same event again with another entry.time; it is one fact, first delivered when it was."""
    again = delivery(message(ANNA, NOON, "m_1"), time=NOON + timedelta(hours=30))
    summary = home.load(write_lines(tmp_path / "log.jsonl", ONE, again))
    assert (summary.events, summary.duplicates) == (1, 1)
    assert home.value("SELECT received_at FROM events") == NOON + timedelta(milliseconds=400)


@pytest.mark.parametrize("standby_first", [True, False])
def test_a_standby_copy_is_the_same_fact_and_the_fuller_copy_stays(
    home: Home, tmp_path: Path, standby_first: bool
) -> None:
    """Whichever came first, the owner's copy with the payload is kept."""
    tap = {"sender": {"id": ANNA}, "recipient": {"id": PAGE}, "timestamp": ms(NOON)}
    full = delivery({**tap, "postback": {"mid": "m_1", "title": "Buy", "payload": "BUY"}})
    bare = delivery({**tap, "postback": {"mid": "m_1", "title": "Buy"}}, channel="standby")
    pair = (bare, full) if standby_first else (full, bare)
    for number, body in enumerate(pair):
        home.load(write_lines(tmp_path / f"{number}.jsonl", body))
    assert home.rows("SELECT channel, payload ->> '$.postback.payload' FROM events") == [("messaging", "BUY")]
    assert home.value("SELECT sum(count_events) FROM event_hourly") == 1


def test_a_message_taken_back_is_an_event_of_its_own(home: Home, tmp_path: Path) -> None:
    """The deletion carries the message's mid, and is not that message again."""
    log = write_lines(tmp_path / "log.jsonl", ONE, delivery(message(ANNA, NOON, "m_1", is_deleted=True)))
    home.load(log)
    assert home.rows("SELECT kind FROM events ORDER BY kind") == [("message",), ("message_deleted",)]


def test_loading_again_changes_nothing_and_reads_nothing(home: Home, tmp_path: Path) -> None:
    """An unchanged file is passed over."""
    log = write_lines(tmp_path / "log.jsonl", ONE, TWO, "junk")
    home.load(log)
    before = home.rows("SELECT * EXCLUDE (batch) FROM events ORDER BY ALL")
    summary = home.load(log)
    assert (summary.unchanged_files, summary.lines, summary.events) == (1, 0, 0)
    assert home.rows("SELECT * EXCLUDE (batch) FROM events ORDER BY ALL") == before
    assert home.value("SELECT count(*) FROM rejects") == 1


def test_a_file_that_grew_is_read_from_where_it_ended(home: Home, tmp_path: Path) -> None:
    """Only the new lines are read, and their numbers go on."""
    log = write_lines(tmp_path / "log.jsonl", ONE)
    home.load(log)
    with log.open("ab") as file:
        file.write(compact(TWO) + b"\n")
    summary = home.load(log)
    assert (summary.lines, summary.events, summary.duplicates) == (1, 1, 0)
    assert home.rows("SELECT mid, source_line FROM events ORDER BY mid") == [("m_1", 1), ("m_2", 2)]


def test_a_torn_last_line_is_read_again_once_it_is_whole(home: Home, tmp_path: Path) -> None:
    """What a writer was in the middle of is a reject until the rest arrives; then it is an event, once."""
    log = tmp_path / "log.jsonl"
    log.write_bytes(compact(ONE) + b"\n" + compact(TWO)[:50])
    assert home.load(log).rejects == 1
    log.write_bytes(compact(ONE) + b"\n" + compact(TWO) + b"\n")
    assert home.load(log).events == 1
    assert home.rows("SELECT lines, event_lines, reject_lines FROM sources") == [(2, 2, 0)]
    assert home.value("SELECT count(*) FROM rejects") == 0


def test_a_last_line_without_line_break_counts_once(home: Home, tmp_path: Path) -> None:
    """A whole object needs no line break to be whole, and growing after it doubles nothing."""
    log = tmp_path / "log.jsonl"
    log.write_bytes(compact(ONE))
    assert home.load(log).events == 1
    log.write_bytes(compact(ONE) + b"\n" + compact(TWO))
    summary = home.load(log)
    assert (summary.lines, summary.events) == (1, 1)
    assert home.rows("SELECT mid, source_line FROM events ORDER BY mid") == [("m_1", 1), ("m_2", 2)]


def test_a_segment_compressed_after_loading_is_still_the_same_source(home: Home, tmp_path: Path) -> None:
    """Closing a segment packs it; nothing in it is read as new."""
    log = write_lines(tmp_path / "log.jsonl", ONE, TWO)
    home.load(log)
    (tmp_path / "log.jsonl.zst").write_bytes(zstandard.compress(log.read_bytes()))
    log.unlink()
    assert home.load(tmp_path).events == 0
    assert home.value("SELECT count(*) FROM sources") == 1


def test_another_file_under_a_known_name_is_read_from_its_start(home: Home, tmp_path: Path) -> None:
    """A rotated log begins anew; its name says nothing."""
    log = write_lines(tmp_path / "log.jsonl", ONE)
    home.load(log)
    write_lines(log, TWO, delivery(message(ANNA, NOON + timedelta(hours=1), "m_3")))
    assert home.load(log).events == 2
    assert home.rows("SELECT lines, event_lines FROM sources") == [(3, 3)]
