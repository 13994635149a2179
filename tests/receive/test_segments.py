"""Segments end by size and age, are compressed, and come through crashes, other receivers and clocks that are set."""

import json
import logging
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import zstandard

from pipelines.receive.log import Limits
from tests.conftest import Home
from tests.deliveries import ANNA, NOON, compact, delivery, message
from tests.receive.serving import START, bodies, lines, process, read, segments, served, signed, wait_for

BODIES = [compact(delivery(message(ANNA, NOON, f"m_{number}"))) for number in range(40)]


def names(home: Path) -> set[str]:
    """Return the names of all files in the log folder."""
    return {path.name for path in (home / "logs").iterdir()}


def test_a_full_segment_is_compressed_while_the_next_one_is_written(tmp_path: Path) -> None:
    """And at the end all are, each with its signatures, and nothing else is left."""
    with served(tmp_path, limits=Limits(segment_bytes=2_000)) as route:
        assert {route.post(body) for body in BODIES} == {200}
        wait_for(lambda: len([path for path in segments(tmp_path) if path.suffix == ".zst"]) > 3)

    assert sorted(bodies(tmp_path)) == sorted(BODIES)
    assert all(name.endswith((".jsonl.zst", ".signatures.zst")) for name in names(tmp_path))
    assert max(len(read(path)) for path in segments(tmp_path)) < 2_000 + len(BODIES[-1]) + 1


def test_an_old_segment_ends_though_nothing_comes(tmp_path: Path) -> None:
    """By a timer."""
    with served(tmp_path, limits=Limits(segment_seconds=0.01)) as route:
        assert route.post(BODIES[0]) == 200
        wait_for(lambda: [path.suffix for path in segments(tmp_path)] == [".zst"])
        assert lines(tmp_path) == [BODIES[0]]


def test_a_compressed_segment_is_the_same_source(home: Home) -> None:
    """What was loaded while it was open is not loaded again."""
    with served(home.folder) as route:
        assert {route.post(body) for body in BODIES} == {200}
        assert home.load(home.folder / "logs").events == len(BODIES)
    did = home.load(home.folder / "logs")

    assert (did.files, did.lines, did.events) == (1, 0, 0)
    assert home.value("SELECT count(*) FROM sources") == 1


def test_several_receivers_leave_each_others_open_segments_alone(tmp_path: Path) -> None:
    """One in another process and one in this, while a third starts, stops and tidies again and again."""
    with process(tmp_path) as (_, port), served(tmp_path) as near:
        for number, body in enumerate(BODIES[:6]):
            with served(tmp_path) as short:
                far = short.client.post(f"http://127.0.0.1:{port}/webhook", content=body, headers=signed(body))
                assert far.status_code == short.post(body) == near.post(body) == 200
            still_open = [path for path in segments(tmp_path) if path.suffix == ".jsonl"]
            assert [path.read_bytes().count(b"\n") for path in still_open] == [number + 1] * 2

    assert sorted(lines(tmp_path)) == sorted(BODIES[:6] * 3)


def test_a_torn_last_line_is_set_aside_and_told(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """It was never acknowledged; what stands before it is loaded, and the loader never sees the rest."""
    caplog.set_level(logging.WARNING)
    logs = home.folder / "logs"
    logs.mkdir(parents=True)
    whole = b"".join(body + b"\n" for body in BODIES[:3])
    (logs / "webhook-2026-11-22T10-00-00Z-aaaaaaaa.jsonl").write_bytes(whole + BODIES[3][:50])
    (logs / "webhook-2026-11-22T10-00-00Z-bbbbbbbb.jsonl").write_bytes(b"\x00" * 9)
    (logs / "webhook-2026-11-22T10-00-00Z-cccccccc.jsonl").write_bytes(BODIES[4] + b"\n" + BODIES[5])
    (logs / "webhook-2026-11-22T10-00-00Z-dddddddd.jsonl").write_bytes(b"")
    with served(home.folder):
        pass

    torn = "webhook-2026-11-22T10-00-00Z-{}.jsonl.torn"
    assert (logs / torn.format("aaaaaaaa")).read_bytes() == BODIES[3][:50]
    assert (logs / torn.format("bbbbbbbb")).read_bytes() == b"\x00" * 9
    assert [read(path) for path in segments(home.folder)] == [whole, BODIES[4] + b"\n" + BODIES[5] + b"\n"]
    assert (home.load(logs).events, home.load(logs).rejects) == (5, 0)
    assert "was torn by a crash" in caplog.text
    assert ANNA not in caplog.text


@pytest.mark.parametrize("died_at", ["compressing", "removing"])
def test_a_crash_while_tidying_is_finished_by_the_next_start(tmp_path: Path, died_at: str) -> None:
    """A half-written copy is written anew; where both stand, the plain one goes."""
    plain = tmp_path / "logs" / "webhook-2026-11-22T10-00-00Z-aaaaaaaa.jsonl"
    plain.parent.mkdir()
    plain.write_bytes(b"".join(body + b"\n" for body in BODIES))
    packed = zstandard.compress(plain.read_bytes())
    if died_at == "compressing":
        plain.with_name(f"{plain.name}.zst.part").write_bytes(packed[:20])
    else:
        plain.with_name(f"{plain.name}.zst").write_bytes(packed)
    with served(tmp_path):
        assert names(tmp_path) == {f"{plain.name}.zst"}

    assert lines(tmp_path) == BODIES


def test_a_clock_that_is_set_neither_ends_a_segment_nor_writes_into_another(tmp_path: Path) -> None:
    """Back a day or on a year: one segment each run; the same moment twice: two names."""
    moments = [START, START - timedelta(days=1), START + timedelta(days=365)]
    now = moments[:1]
    for _ in range(3):
        with served(tmp_path, clock=lambda: now[0]) as route:
            for body, now[0] in zip(BODIES, moments, strict=False):
                assert route.post(body) == 200
            assert len([path for path in segments(tmp_path) if path.suffix == ".jsonl"]) == 1
        now[0] = START

    assert len(segments(tmp_path)) == 3
    assert sorted(lines(tmp_path)) == sorted(BODIES[:3] * 3)


def test_what_comes_while_the_disk_syncs_goes_together(tmp_path: Path) -> None:
    """Many at once are each stored once, and the counts in the home say so."""
    with served(tmp_path) as route:
        at_once = [threading.Thread(target=route.post, args=(body,)) for body in BODIES]
        for each in at_once:
            each.start()
        for each in at_once:
            each.join()
        assert 0 < len(route.woken) <= len(BODIES)
    numbers = json.loads((tmp_path / "receive" / "app.json").read_text(encoding="utf-8"))

    assert sorted(bodies(tmp_path)) == sorted(BODIES)
    assert numbers["totals"]["accepted"] == len(BODIES)
    assert numbers["segment"] is numbers["failing_since"] is numbers["last_failure"] is None
    assert set(numbers) == {"name", "pid", "started_at", "written_at", "segment", "totals", "pages", "failing_since",
                            "last_failure"}  # fmt: skip


def test_a_segment_that_is_removed_under_the_receiver_takes_nothing_along(tmp_path: Path) -> None:
    """The delivery that would go with it is answered 503; sent again it is stored."""
    with served(tmp_path) as route:
        assert route.post(BODIES[0]) == 200
        segments(tmp_path)[0].unlink()
        assert route.post(BODIES[1]) == 503
        assert route.post(BODIES[1]) == 200
        assert lines(tmp_path) == [BODIES[1]]
