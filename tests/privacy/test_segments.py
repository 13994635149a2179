"""Log files while they are erased from: appended to, compressed, damaged, and left half written by a kill."""

import gzip
import json
import threading
from pathlib import Path

import pytest
import zstandard

from pipelines.privacy.journal import Change, FileChange, Journal
from pipelines.privacy.segments import erase_logs
from pipelines.privacy.wanted import OnePerson
from pipelines.receive.segments import Segment
from pipelines.receive.tidying import tidy
from tests.conftest import NOW
from tests.deliveries import ANNA, BEN, NOON, compact, delivery, message

ANNAS, BENS = (compact(delivery(message(psid, NOON, f"m_{psid}"))) for psid in (ANNA, BEN))
WANTED = OnePerson(ANNA, None, NOW)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with an empty folder of logs."""
    (tmp_path / "logs").mkdir()
    return tmp_path


def erase(home: Path) -> tuple[int, int]:
    """Erase Anna; return items and files."""
    gone = erase_logs(home, home / "logs", WANTED, Journal(home / "erasing" / "journal.jsonl"))
    return gone.items, gone.files


def test_a_segment_that_is_written_stays_the_same_file(home: Path) -> None:
    """The receiver goes on where it was; what it has not finished is left alone."""
    segment = Segment.make(home / "logs", NOW)
    segment.append(ANNAS + b"\n" + BENS + b"\n" + ANNAS[:50], b"")
    inode = segment.path.stat().st_ino

    assert erase(home) == (1, 1)

    segment.append(ANNAS[50:] + b"\n", b"")
    lines = segment.path.read_bytes().split(b"\n")
    assert segment.path.stat().st_ino == inode
    assert [line.strip() for line in lines] == [b"", BENS, ANNAS, b""]
    segment.close()
    tidy(home / "logs")
    assert erase(home) == (1, 1)
    (packed,) = (home / "logs").glob("*.jsonl.zst")
    unpacked = zstandard.ZstdDecompressor().stream_reader(packed.read_bytes(), read_across_frames=True).read()
    assert [line.strip() for line in unpacked.split(b"\n")] == [b"", BENS, b"", b""]


def test_segments_that_are_compressed_meanwhile_bring_nothing_back(home: Path) -> None:
    """Whichever comes first, the erasing or the compression."""
    for _ in range(15):
        segment = Segment.make(home / "logs", NOW)
        segment.append((ANNAS + b"\n") * 200, b"")
        segment.close()
    tidying = threading.Thread(target=tidy, args=(home / "logs",))
    tidying.start()
    erase(home)
    tidying.join()

    for path in (home / "logs").iterdir():
        data = path.read_bytes()
        plain = zstandard.ZstdDecompressor().stream_reader(data).read() if path.suffix == ".zst" else data
        assert ANNA.encode() not in plain


def test_a_line_that_a_kill_left_half_written_is_finished(home: Path) -> None:
    """What stays of it was in the journal before the file was touched."""
    both = compact(delivery(message(ANNA, NOON, "m"), message(BEN, NOON, "n")))
    path = home / "logs" / "a.jsonl"
    path.write_bytes(both + b"\n" + BENS + b"\n")
    erase(home)
    whole = path.read_bytes()
    rest = whole[: len(both)]
    path.write_bytes(rest[:90] + both[90:] + b"\n" + BENS + b"\n")
    journal = Journal(home / "erasing" / "journal.jsonl")
    (told,) = journal.read()

    assert told == FileChange(
        "logs/a.jsonl", "logs/a.jsonl", len(whole), True, (Change(1, 0, len(both), 1, rest.decode()),)
    )
    erase(home)
    assert path.read_bytes() == whole


def test_of_a_damaged_file_the_rest_is_kept_as_far_as_it_can_be_read(home: Path) -> None:
    """And it is named."""
    good = gzip.compress((BENS + b"\n" + ANNAS + b"\n") * 3)
    (home / "logs" / "a.jsonl.gz").write_bytes(good[:-6])

    gone = erase_logs(home, home / "logs", WANTED, Journal(home / "journal"))

    assert (gone.items >= 2, gone.damaged) == (True, {"logs/a.jsonl.gz"})
    lines = gzip.decompress((home / "logs" / "a.jsonl.gz").read_bytes()).split(b"\n")
    assert {line.strip() for line in lines} == {BENS, b""}


def test_a_body_that_is_no_text_is_looked_into(home: Path) -> None:
    """The receiver keeps it as base64."""
    import base64

    line = json.dumps({"body_base64": base64.b64encode(ANNAS + b"\xff").decode()}).encode()
    (home / "logs" / "a.jsonl").write_bytes(line + b"\n")

    erase(home)

    assert (home / "logs" / "a.jsonl").read_bytes().strip() == b""
