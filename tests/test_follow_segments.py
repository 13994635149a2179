"""Looking at a folder of logs: what is new, what grew, and which of two forms of one segment counts."""

from pathlib import Path

from pipelines.follow.pace import Pace
from pipelines.follow.segments import Segments


def looked(segments: Segments) -> list[str]:
    """Look, and take all that has changed for loaded."""
    changed = segments.look()
    for sight in changed:
        segments.keep(sight)
    return [Path(sight.path).name for sight in changed]


def test_only_logs_that_changed_are_told(tmp_path: Path) -> None:
    """In folders below, too; other files are none of its business, and a folder that is not there holds nothing."""
    segments = Segments(tmp_path / "logs")
    assert looked(segments) == []
    (tmp_path / "logs" / "old").mkdir(parents=True)
    for name in ("b.jsonl", "a.jsonl.gz", "old/c.ndjson", "notes.txt", "x.jsonl.zst.part"):
        (tmp_path / "logs" / name).write_text("1")

    assert looked(segments) == ["a.jsonl.gz", "b.jsonl", "c.ndjson"]
    assert looked(segments) == []
    (tmp_path / "logs" / "0.jsonl").write_text("1")
    (tmp_path / "logs" / "b.jsonl").write_text("123")
    assert [segments.growth(sight) for sight in segments.look()] == [2, 1]
    assert looked(segments) == ["b.jsonl", "0.jsonl"]


def test_a_segment_in_two_forms_is_one(tmp_path: Path) -> None:
    """Plain as long as that is there; then the compressed one, once."""
    plain, packed = tmp_path / "s.jsonl", tmp_path / "s.jsonl.zst"
    segments = Segments(tmp_path)
    plain.write_text("12")
    assert looked(segments) == ["s.jsonl"]
    packed.write_text("1")
    assert looked(segments) == []
    plain.unlink()
    assert looked(segments) == ["s.jsonl.zst"]
    assert looked(segments) == []
    assert segments.is_there(str(plain))


def test_what_was_forgotten_is_new(tmp_path: Path) -> None:
    """As after the warehouse was deleted."""
    segments = Segments(tmp_path)
    (tmp_path / "s.jsonl").write_text("12")
    looked(segments)
    segments.forget()

    assert looked(segments) == ["s.jsonl"]


def test_work_that_is_wanted_often_runs_seldom() -> None:
    """Not before it is wanted, and not again before it has rested."""
    pace = Pace(rest=1000.0)

    assert not pace.begin()
    pace.want()
    assert pace.begin()
    pace.end()
    pace.want()
    assert not pace.begin()
