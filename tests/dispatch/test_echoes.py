"""What arrived although its answer was lost: told by echoes, in segments of every form in which logs are kept."""

import gzip
import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, Engine

from pipelines.dispatch.echoes import EchoReader
from pipelines.ledger import queue
from pipelines.ledger.moves import SendState
from pipelines.ledger.queue import Result
from pipelines.ledger.store import open_ledger
from tests import deliveries
from tests.conftest import IS_DEEP
from tests.dispatch.sending import PAGE, crowd, launch, rows, tally
from tests.sandbox.serving import START

AT = START + timedelta(seconds=90)


@pytest.fixture
def lost(tmp_path: Path) -> Engine:
    """Return a ledger of three sends, each of which went out, and whose answers never came."""
    ledger = open_ledger(URL.create("sqlite", database=str(tmp_path / "ledger.sqlite")))
    launch(ledger, crowd(3))
    put(ledger, 1, "unconfirmed")
    put(ledger, 2, "unconfirmed")
    put(ledger, 3, "unconfirmed")
    return ledger


def put(ledger: Engine, send_id: int, state: SendState) -> None:
    """Let a send come to that state by a call."""
    with ledger.begin() as connection:
        queue.start(connection, [send_id], START)
        if state != "sending":
            queue.record(connection, [Result(send_id, state, START)])


def echo(send_id: int, at: datetime = AT, *, page_id: str = PAGE, psid: str = "") -> bytes:
    """Return the line of an echo, by default to the one whose send it is."""
    whom = psid or crowd(9)[send_id - 1].psid
    item = deliveries.echo(whom, at, f"m_{send_id}", metadata=f"clear-to-send/1 send={send_id} lane=standard_window")
    return deliveries.compact(deliveries.delivery({**item, "sender": {"id": page_id}}, page=page_id))


def settled(ledger: Engine, reader: EchoReader, since: datetime = START) -> int:
    """Read what is there, and settle what can be."""
    reader.read(since)
    with ledger.begin() as connection:
        return reader.settle(connection, AT)


def plain(path: Path, lines: bytes) -> None:
    """Write as it comes."""
    path.with_name(f"{path.name}.jsonl").write_bytes(lines)


def packed_by_gzip(path: Path, lines: bytes) -> None:
    """Write as log rotation leaves it, in two members."""
    half = lines.index(b"\n") + 1
    path.with_name(f"{path.name}.jsonl.gz").write_bytes(gzip.compress(lines[:half]) + gzip.compress(lines[half:]))


def packed_by_zstd(path: Path, lines: bytes) -> None:
    """Write as a log shipper leaves it, in two frames."""
    half = lines.index(b"\n") + 1
    frames = zstandard.compress(lines[:half]) + zstandard.compress(lines[half:])
    path.with_name(f"{path.name}.jsonl.zst").write_bytes(frames)


@pytest.mark.parametrize("write", [plain, packed_by_gzip, packed_by_zstd])
def test_an_echo_settles_its_send(lost: Engine, tmp_path: Path, write: Callable[[Path, bytes], None]) -> None:
    """With its id and the moment at which the message went out; a file in a folder below as well."""
    folder = tmp_path / "logs" / "2026"
    folder.mkdir(parents=True)
    write(folder / "a", echo(1) + b"\n" + echo(3) + b"\n")

    assert settled(lost, reader := EchoReader(tmp_path / "logs")) == 2
    assert settled(lost, reader) == 0
    assert rows(lost, "state", "mid", "settled_by", "state_at")[0] == ("accepted", "m_1", "echo", AT)
    assert tally(lost) == {"accepted": 2, "unconfirmed": 1}


WRAPPED: dict[str, Callable[[bytes], bytes]] = {
    "in a shipper's field": lambda line: json.dumps({"level": "info", "body": line.decode()}).encode(),
    "twice": lambda line: json.dumps({"log": json.dumps({"message": line.decode()})}).encode(),
    "as an object": lambda line: b'{"payload":' + line + b"}",
    "in a list": lambda line: json.dumps({"body": f"[{line.decode()}]"}).encode(),
    "with a slash escaped, as PHP does": lambda line: line.replace(b"/", b"\\/"),
    "beside what somebody wrote": lambda line: (
        b'{"note":"{metadata of clear-to-send/1 send=2","a":' + line + b',"b":"{metadata"}'
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_an_echo_is_found_in_whatever_it_is_wrapped(
    lost: Engine, tmp_path: Path, wrap: Callable[[bytes], bytes]
) -> None:
    """A log shipper puts its own fields around it, or makes text of it."""
    plain(tmp_path / "a", wrap(echo(1)) + b"\n")

    assert settled(lost, EchoReader(tmp_path)) == 1
    assert rows(lost, "state", "state_at")[0] == ("accepted", AT)


def test_a_line_is_read_once_it_is_all_there(lost: Engine, tmp_path: Path) -> None:
    """A segment grows between two looks, and may end in half a line."""
    whole, reader = echo(2), EchoReader(tmp_path)
    with (tmp_path / "a.jsonl").open("ab", buffering=0) as segment:
        segment.write(echo(1) + b"\n" + whole[:40])
        assert settled(lost, reader) == 1
        segment.write(whole[40:60])
        assert settled(lost, reader) == 0
        segment.write(whole[60:] + b"\n" + echo(3) + b"\n")
        assert settled(lost, reader) == 2


def test_a_last_line_without_an_end_is_read(lost: Engine, tmp_path: Path) -> None:
    """Some write a file for each delivery, and no newline."""
    (tmp_path / "one.json").write_bytes(echo(1))

    assert settled(lost, EchoReader(tmp_path)) == 1


def test_a_file_that_begins_anew_is_read_from_its_beginning(lost: Engine, tmp_path: Path) -> None:
    """Log rotation may empty a file and go on with it."""
    reader, segment = EchoReader(tmp_path), tmp_path / "a.jsonl"
    segment.write_bytes(echo(1) + b"\n" + b'{"long": "line"}\n')
    assert settled(lost, reader) == 1
    segment.write_bytes(echo(2) + b"\n")

    assert settled(lost, reader) == 1


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gz", "zst"])
def test_a_packed_file_is_read_again_when_it_has_become_whole(
    lost: Engine, tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    """It may be read while it is written; that is nobody's failure."""
    noise = b"".join(json.dumps({"n": os.urandom(40).hex()}).encode() + b"\n" for _ in range(3000))
    packed, reader = pack(echo(1) + b"\n" + noise + echo(2) + b"\n"), EchoReader(tmp_path)
    segment = tmp_path / f"a.jsonl.{'gz' if pack is gzip.compress else 'zst'}"
    segment.write_bytes(packed[: len(packed) // 2])
    early = settled(lost, reader)
    segment.write_bytes(packed)

    assert early + settled(lost, reader) == 2


def test_an_echo_that_comes_before_its_answer_is_lost_is_remembered(lost: Engine, tmp_path: Path) -> None:
    """The echo of a message that is still on its way says nothing yet; each byte is read once all the same."""
    launch(lost, crowd(2, first=11), "boots")
    four, _ = (send_id for send_id, campaign in rows(lost, "send_id", "campaign_id") if campaign == "boots")
    put(lost, four, "sending")
    plain(tmp_path / "a", echo(four, psid=crowd(2, first=11)[0].psid) + b"\n")
    reader = EchoReader(tmp_path)
    assert settled(lost, reader) == 0
    with lost.begin() as connection:
        queue.record(connection, [Result(four, "unconfirmed", START)])

    assert settled(lost, reader) == 1


def test_an_echo_settles_what_waits_for_another_try(lost: Engine, tmp_path: Path) -> None:
    """An earlier try did arrive: nothing goes out again."""
    launch(lost, crowd(1, first=21), "boots")
    put(lost, 4, "queued")
    plain(tmp_path / "a", echo(4, psid=crowd(1, first=21)[0].psid) + b"\n")

    assert settled(lost, EchoReader(tmp_path)) == 1
    assert rows(lost, "state", "settled_by")[3] == ("accepted", "echo")


def test_an_echo_changes_nothing_that_is_settled(lost: Engine, tmp_path: Path) -> None:
    """What was refused stays so, and an echo that comes twice says nothing new."""
    launch(lost, crowd(1, first=31), "boots")
    put(lost, 4, "refused")
    refused = echo(4, psid=crowd(1, first=31)[0].psid)
    plain(tmp_path / "a", refused + b"\n" + echo(1) + b"\n" + echo(1, AT + timedelta(hours=1)) + b"\n")
    reader = EchoReader(tmp_path)

    assert settled(lost, reader) == 1
    assert rows(lost, "state")[3] == ("refused",)


JUNK = [
    b"not JSON, yet clear-to-send", b"\xff\xfe clear-to-send", b"null", b'"clear-to-send"',
    b"[" * 5000 + b"clear-to-send",
    b'{"is_echo":true,"metadata":["clear-to-send/1 send=1 lane=otn"],"mid":"m"}',
    b'{"is_echo":true,"metadata":"clear-to-send/1 send=1 lane=otn","mid":null}',
    b'{"is_echo":false,"metadata":"clear-to-send/1 send=1 lane=otn","mid":"m"}',
    b'{"is_echo":true,"metadata":"clear-to-send/2 send=1 lane=otn","mid":"m"}',
    b'{"is_echo":true,"metadata":"clear-to-send/1 send=abc lane=otn","mid":"m"}',
    b'{"is_echo":true,"metadata":"clear-to-send/1 send=' + b"9" * 5000 + b' lane=otn","mid":"m"}',
    b'{"is_echo":true,"metadata":"clear-to-send/1 send=99999999999999999999 lane=otn","mid":"m"}',
]  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [{"page_id": "777"}, {"psid": "555"}, {"at": START - timedelta(days=300)}],
    ids=["of another Page", "to another person", "of an earlier time"],
)
def test_an_echo_with_the_same_number_is_not_proof(lost: Engine, tmp_path: Path, other: dict[str, Any]) -> None:
    """Another ledger counts from 1 too: its echoes settle nothing here."""
    plain(tmp_path / "a", echo(1, **other) + b"\n")
    reader = EchoReader(tmp_path)

    assert settled(lost, reader) == 0
    plain(tmp_path / "b", echo(1) + b"\n")
    assert settled(lost, reader) == 1


def test_junk_is_passed_over(lost: Engine, tmp_path: Path) -> None:
    """The loader keeps it as rejects; here it must not hide what comes after it."""
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    (tmp_path / "b.jsonl.gz").write_bytes(b"no gzip at all")
    (tmp_path / "b.jsonl.zst").write_bytes(b"no zstd at all")
    plain(tmp_path / "a", b"\n".join([*JUNK, echo(2)]) + b"\n")

    assert settled(lost, EchoReader(tmp_path)) == 1
    assert settled(lost, EchoReader(tmp_path / "not there")) == 0


@pytest.mark.parametrize("stamp", ["10" * 20, "-5", "1e300", "null", '"soon"', "[]", "true"])
def test_a_moment_that_makes_no_sense_does_not_hide_an_echo(lost: Engine, tmp_path: Path, stamp: str) -> None:
    """It counts as having gone out when its campaign was launched at the earliest."""
    metadata = '"metadata":"clear-to-send/1 send=1 lane=standard_window"'
    ends = f'"sender":{{"id":"{PAGE}"}},"recipient":{{"id":"{crowd(1)[0].psid}"}}'
    line = f'{{{ends},"timestamp":{stamp},"message":{{"is_echo":true,"mid":"m",{metadata}}}}}\n'
    plain(tmp_path / "a", line.encode())

    assert settled(lost, EchoReader(tmp_path)) == 1


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each))
)
@settings(max_examples=100 if IS_DEEP else 30)
def test_no_line_stops_the_reader(tmp_path_factory: pytest.TempPathFactory, body: object) -> None:
    """Whatever it says, and wherever in it our mark stands."""
    folder = tmp_path_factory.mktemp("logs")
    plain(
        folder / "a",
        json.dumps(
            {"clear-to-send": body, "message": {"is_echo": True, "metadata": body}, "sender": body, "timestamp": body}
        ).encode()
        + b"\n",
    )

    EchoReader(folder).read(START)


def test_segments_from_before_the_launch_are_left_alone(lost: Engine, tmp_path: Path) -> None:
    """Years of logs need not be read for the echoes of today."""
    plain(tmp_path / "old", echo(1) + b"\n")
    plain(tmp_path / "new", echo(2) + b"\n")
    launched = START.timestamp()
    os.utime(tmp_path / "old.jsonl", (launched - 86_400, launched - 86_400))
    os.utime(tmp_path / "new.jsonl", (launched + 86_400, launched + 86_400))

    assert settled(lost, EchoReader(tmp_path)) == 1
    assert [state for (state,) in rows(lost, "state")] == ["unconfirmed", "accepted", "unconfirmed"]


def test_a_clock_that_was_set_ahead_hides_no_echo(lost: Engine, tmp_path: Path) -> None:
    """With --as-of tomorrow every file is older than the launch, by the file system's own clock."""
    plain(tmp_path / "a", echo(1) + b"\n")

    assert settled(lost, EchoReader(tmp_path), since=START + timedelta(days=20_000)) == 1
