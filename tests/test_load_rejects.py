"""Bad lines: each becomes a reject with its place, its reason and the line itself, and the rest goes on."""

import gzip
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.deliveries import ANNA, BEN, NOON, compact, delivery, message, write_lines

ONE = delivery(message(ANNA, NOON, "m_1"))
TWO = delivery(message(BEN, NOON + timedelta(minutes=1), "m_2"))


def test_every_line_is_accounted_for(home: Home, tmp_path: Path) -> None:
    """Lines = lines with new events + duplicates + rejects, and each reject has its line and reason."""
    log = write_lines(
        tmp_path / "log.jsonl", ONE, ONE, "not json", compact(TWO)[:60], TWO, "", "  ", "[]", '"text"', '{"a":1}'
    )
    summary = home.load(log)
    assert (summary.lines, summary.event_lines, summary.duplicates, summary.rejects) == (8, 2, 1, 5)
    assert home.rows("SELECT source_line, line FROM rejects ORDER BY source_line") == [
        (3, "not json"),
        (4, compact(TWO)[:60].decode()),
        (8, "[]"),
        (9, '"text"'),
        (10, '{"a":1}'),
    ]
    assert home.value("SELECT count(*) FROM rejects WHERE reason = ''") == 0


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"127.0.0.1 - - GET /", "is not JSON"),
        (compact(ONE)[:-10], "is cut off"),
        (compact(ONE)[:-1] + b",}", "is not JSON"),
        (b'{"object":"page","entry":[]}', "entry is empty"),
        (b'{"object":"page","entry":[{"id":"1","messaging":[]}]}', "messaging is empty"),
        (b'{"object":"page","entry":["x"]}', "an entry is a text"),
        (b'{"object":"page","entry":[{"id":"1","messaging":["x"]}]}', "not an object"),
        (b'{"object":"page","entry":[{"id":"1","messaging":[{"message":"x"}]}]}', "message is not an object"),
        (b'{"object":"page","entry":[{"messaging":[{"sender":{"id":"1"},"message":{"mid":"a"}}]}]}', "names no Page"),
        (b'{"field":"messages","value":{"page_id":"1"}}', "Test button"),
        (b'{"object":"p\xff","entry":[]}', "is not UTF-8"),
        (b'{"body":"oops"}', "is not a delivery"),
        (b"{" * 100_000, "cut off"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    ],
)
def test_a_reject_says_what_is_wrong(home: Home, tmp_path: Path, line: bytes, reason: str) -> None:
    """The reason is a sentence about the line, and the line beside it is loaded."""
    summary = home.load(write_lines(tmp_path / "log.jsonl", line, TWO))
    assert (summary.lines, summary.events, summary.rejects) == (2, 1, 1)
    assert reason in home.value("SELECT reason FROM rejects")


def test_a_comma_before_a_bracket_inside_a_text_is_no_fault(home: Home, tmp_path: Path) -> None:
    """Only JSON's own brackets count."""
    odd = delivery(message(ANNA, NOON, "m_1", text='a,} b, ] {"c":1,}'))
    assert home.load(write_lines(tmp_path / "log.jsonl", odd)).events == 1


def test_half_a_surrogate_pair_is_mended(home: Home, tmp_path: Path) -> None:
    """A text cut in the middle of an emoji still loads."""
    line = compact(delivery(message(ANNA, NOON, "m_1", text="XX"))).replace(b"XX", rb"shoes \ud83d")
    assert home.load(write_lines(tmp_path / "log.jsonl", line)).events == 1
    assert home.value("SELECT text FROM messages") == "shoes \ufffd"


def test_a_good_item_beside_a_bad_one_is_kept(home: Home, tmp_path: Path) -> None:
    """The bad item becomes a reject of its own; the line counts as one with events."""
    body = delivery(message(ANNA, NOON, "m_1"))
    body["entry"][0]["messaging"].append("junk")
    summary = home.load(write_lines(tmp_path / "log.jsonl", body))
    assert (summary.lines, summary.event_lines, summary.rejects) == (1, 1, 0)
    assert home.value("SELECT count(*) FROM rejects") == 1


def test_broken_compression_keeps_what_came_before(home: Home, tmp_path: Path) -> None:
    """The readable part is loaded, the problem is told, other files go on."""
    many = b"".join(
        compact(delivery(message(ANNA, NOON + timedelta(seconds=n), f"m_{n}"))) + b"\n" for n in range(2000)
    )
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(many)[:-3000])
    write_lines(tmp_path / "b.jsonl", delivery(message(BEN, NOON, "m_b")))
    summary = home.load(tmp_path)
    assert 0 < summary.events <= 2001
    assert home.value("SELECT count(*) FROM events WHERE mid = 'm_b'") == 1
    assert "a.jsonl.gz" in summary.problems[0]
    assert "broken" in summary.problems[0]


def test_a_line_too_long_is_refused_and_the_rest_goes_on(home: Home, tmp_path: Path) -> None:
    """A line of many megabytes is no webhook; what surrounds it loads, with right numbers."""
    huge = b'{"object":"' + b"x" * (17 << 20) + b'"}'
    home.load(write_lines(tmp_path / "log.jsonl", ONE, huge, TWO))
    assert home.rows("SELECT mid, source_line FROM events ORDER BY mid") == [("m_1", 1), ("m_2", 3)]
    ((line, reason, kept),) = home.rows("SELECT source_line, reason, length(line) FROM rejects")
    assert (line, kept) == (2, 1 << 16)
    assert "longer than 16 MiB" in reason


def test_blank_lines_keep_the_numbers_right(home: Home, tmp_path: Path) -> None:
    """Blank lines are no lines to account for, and shift nothing."""
    summary = home.load(write_lines(tmp_path / "log.jsonl", "", ONE, "\t", "", TWO, ""))
    assert (summary.lines, summary.events) == (2, 2)
    assert home.rows("SELECT source_line FROM events ORDER BY ALL") == [(2,), (5,)]
