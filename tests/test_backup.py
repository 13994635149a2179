"""Backup while others write, and restore into a new home: what comes back is what was there, or nothing."""

import fcntl
import hashlib
import io
import json
import shutil
import stat
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from sqlalchemy import URL

from pipelines.backup import MANIFEST, back_up
from pipelines.errors import ClearToSendError, Refused, SourceUnreadable, UsageError
from pipelines.ledger import chain
from pipelines.ledger.store import ledger_of, open_ledger
from pipelines.policy import Policy
from pipelines.restore import restore
from pipelines.settings import Settings, read_settings
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, BEN, delivery, message, otn, write_lines
from tests.ledger.broadcasts import launched, row
from tests.ledger.conftest import postgres

__all__ = ["postgres"]
DIGEST = """
    SELECT
        (SELECT md5(string_agg(event_id::VARCHAR, ',' ORDER BY event_id)) FROM events),
        (SELECT md5(string_agg(concat_ws('|', token, psid, state), ',' ORDER BY token)) FROM tokens)
"""
WRITER = """
import json, os, sys
from pathlib import Path
import zstandard
from pipelines.ledger import chain
from pipelines.ledger.store import ledger_of
from tests.conftest import NOW
from tests.deliveries import compact, delivery, message
home = Path(sys.argv[1])
with ledger_of(home, "") as ledger:
    for segment in range(1000):
        path = home / "logs" / f"webhook-{segment:04}.jsonl"
        with path.open("ab", buffering=0) as log:
            for line in range(40):
                text = compact(delivery(message("2400", NOW, f"m_{segment}_{line}"))) + b"\\n"
                log.write(text[:50])
                log.write(text[50:])
        with ledger.begin() as connection:
            chain.append(connection, NOW, "writer", "noted", {"segment": segment})
        chain.keep_head(ledger, home / "audit-heads.jsonl")
        packed = path.with_name(path.name + ".zst.tmp")
        packed.write_bytes(zstandard.compress(path.read_bytes()))
        packed.rename(path.with_name(path.name + ".zst"))
        path.unlink()
        print(segment, flush=True)
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Path:
    """Return a home with a loaded segment, a ledger with a launched campaign, and everything else that is kept."""
    home = Home(tmp_path_factory.mktemp("kept") / "home", policy)
    write_lines(home.folder / "logs" / "old.jsonl", delivery(otn(ANNA, NOW, "t1")), delivery(message(BEN, NOW, "m_1")))
    (home.folder / "settings.toml").write_text('app_secret = "kept-as-it-is"\n', encoding="utf-8")
    (home.folder / "pseudonym.key").write_text("ab" * 16, encoding="ascii")
    (home.folder / "plans").mkdir()
    (home.folder / "plans" / f"{'e' * 64}.parquet").write_bytes(b"PAR1")
    with ledger_of(home.folder, "") as ledger:
        launched(ledger, row(ANNA, "t1"))
        chain.keep_head(ledger, home.folder / "audit-heads.jsonl")
    home.load(home.folder / "logs")
    return home.folder


@pytest.fixture
def settings(kept: Path, home: Home) -> Settings:
    """Return a copy of that home."""
    shutil.copytree(kept, home.folder)
    return read_settings(home.folder)


@pytest.fixture
def writer(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """Run another process that writes segments, compresses them, and appends to ledger and trail without a pause."""
    command = [sys.executable, "-c", WRITER, str(settings.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def members(file: Path) -> dict[str, bytes]:
    """Return what an archive holds."""
    with zstandard.open(file, "rb") as packed:
        unpacked = io.BytesIO(packed.read())
    with tarfile.open(fileobj=unpacked) as archive:
        return {each.name: archive.extractfile(each).read() for each in archive if each.isreg()}  # type: ignore[union-attr]


def written(file: Path, *parts: tuple[tarfile.TarInfo, bytes], manifest: dict[str, Any] | None = None) -> Path:
    """Write an archive by hand; its manifest fits the parts unless one is given."""
    hashes = {info.name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for info, data in parts}
    told = json.dumps(manifest or {"format": 1, "as_of": "", "ledger": "none", "members": hashes}).encode()
    with zstandard.open(file, "wb") as packed, tarfile.open(fileobj=packed, mode="w|") as archive:
        for info, data in [*parts, (tarfile.TarInfo(MANIFEST), told)]:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file


def test_a_backup_among_writers_restores_to_equal_tables(
    settings: Settings, writer: subprocess.Popen[str], tmp_path: Path, policy: Policy
) -> None:
    """Each acknowledged line up to then is in it once, the trail holds, and a load of what came back adds up."""
    assert writer.stdout is not None
    for _ in range(3):
        before = int(writer.stdout.readline())
    made = back_up(settings, tmp_path / "a.tar.zst", NOW)
    writer.kill()

    names = [name.removesuffix(".zst") for name in made.members]
    assert len(names) == len(set(names))
    done = restore(made.file, tmp_path / "back")
    assert done.verdict is not None
    assert (done.verdict.ok, done.verdict.faults) == (True, ())
    assert done.verdict.entries >= before + 1
    back = Home(tmp_path / "back", policy)
    loaded = back.load(back.folder / "logs")
    assert (loaded.rejects, loaded.problems, loaded.duplicates) == (0, [], 0)
    segments = back.value(
        "SELECT count(DISTINCT split_part(mid, '_', 2)) FROM events WHERE mid LIKE 'm\\_%\\_%' ESCAPE '\\'"
    )
    assert segments >= before + 1


def test_what_comes_back_is_what_was_there(home: Home, settings: Settings, tmp_path: Path, policy: Policy) -> None:
    """Equal tables after a load, equal files beside them, for this user alone."""
    file = back_up(settings, tmp_path / "a.tar.zst", NOW).file
    restore(file, tmp_path / "back")
    back = Home(tmp_path / "back", policy)
    back.load(back.folder / "logs")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert back.rows(DIGEST) == home.rows(DIGEST)
    for name in ("settings.toml", "pseudonym.key", "audit-heads.jsonl", f"plans/{'e' * 64}.parquet", "logs/old.jsonl"):
        assert (back.folder / name).read_bytes() == (home.folder / name).read_bytes()
        assert stat.S_IMODE((back.folder / name).stat().st_mode) == 0o600
    assert {path.name for path in back.folder.iterdir() if path.suffix != ".lock"} == {
        "audit-heads.jsonl", "ledger.sqlite", "logs", "plans", "pseudonym.key", "settings.toml", "tmp",
        "warehouse.duckdb",
    }  # fmt: skip


def test_the_line_being_written_is_left_out_and_named(settings: Settings, tmp_path: Path) -> None:
    """A segment ends with its last whole line; a log whose last line only lacks its end keeps it."""
    (settings.logs_path / "webhook-1.jsonl").write_text('{"object":"page"}\n{"obj', encoding="utf-8")
    (settings.logs_path / "whole.jsonl").write_text('{"object":"page"}', encoding="utf-8")
    (settings.logs_path / "webhook-2.jsonl.tmp").write_text("half", encoding="utf-8")
    made = back_up(settings, tmp_path / "a.tar.zst", NOW)

    found = members(made.file)
    assert made.torn == ["logs/webhook-1.jsonl"]
    assert found["logs/webhook-1.jsonl"] == b'{"object":"page"}\n'
    assert found["logs/whole.jsonl"] == b'{"object":"page"}'
    assert not any(name.startswith(("logs/webhook-2", "warehouse", "tmp")) for name in found)


def test_a_segment_in_both_forms_is_taken_once(settings: Settings, tmp_path: Path) -> None:
    """Between the compressed file's rename and the end of the plain one both are there."""
    plain = settings.logs_path / "old.jsonl"
    plain.with_name("old.jsonl.zst").write_bytes(zstandard.compress(plain.read_bytes()))

    logs = [name for name in back_up(settings, tmp_path / "a.tar.zst", NOW).members if name.startswith("logs/")]
    assert logs == ["logs/old.jsonl"]


def test_no_erasure_runs_meanwhile(settings: Settings, tmp_path: Path) -> None:
    """A backup waits for its end; what a killed one left to do is in the archive."""
    (settings.home / "erasing").mkdir(exist_ok=True)
    (settings.home / "erasing" / "journal.jsonl").write_text("{}\n", encoding="utf-8")
    done: list[Path] = []
    with (settings.home / "erasing" / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        thread = threading.Thread(target=lambda: done.append(back_up(settings, tmp_path / "a.tar.zst", NOW).file))
        thread.start()
        thread.join(0.3)
        assert done == []
    thread.join()
    restore(done[0], tmp_path / "back")
    assert (tmp_path / "back" / "erasing" / "journal.jsonl").read_text(encoding="utf-8") == "{}\n"


def test_a_backup_never_writes_over_another(settings: Settings, tmp_path: Path) -> None:
    """Nor into the logs, where the next load would read it; a failed one leaves nothing behind."""
    file = back_up(settings, tmp_path / "a.tar.zst", NOW).file
    before = file.read_bytes()
    with pytest.raises(Refused, match="is there already"):
        back_up(settings, file, NOW)
    with pytest.raises(Refused, match="part of the logs"):
        back_up(settings, settings.logs_path / "a.tar.zst", NOW)
    (settings.home / "ledger.sqlite").write_text("no database at all, " * 100, encoding="utf-8")
    with pytest.raises(ClearToSendError, match="cannot be copied"):
        back_up(settings, tmp_path / "b.tar.zst", NOW)

    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.glob("*tar.zst*")] == ["a.tar.zst"]
    assert list(tmp_path.glob(".*")) == []


def test_a_restore_writes_into_no_home(settings: Settings, tmp_path: Path) -> None:
    """Only an empty or a new folder will do."""
    file = back_up(settings, tmp_path / "a.tar.zst", NOW).file
    with pytest.raises(UsageError, match="is not empty"):
        restore(file, settings.home)
    with pytest.raises(UsageError, match="no such file"):
        restore(tmp_path / "none", tmp_path / "back")


@pytest.mark.parametrize("harm", ["flipped", "cut", "other", "empty"])
def test_a_damaged_archive_restores_nothing(settings: Settings, tmp_path: Path, harm: str) -> None:
    """One byte changed, its end cut off, no archive at all: a sentence, and the folder is not there."""
    data = bytearray(back_up(settings, tmp_path / "a.tar.zst", NOW).file.read_bytes())
    if harm == "flipped":
        data[len(data) // 2] ^= 0xFF
    harmed = {"flipped": bytes(data), "cut": bytes(data[: len(data) // 2]), "other": b"PK\x03\x04" * 99, "empty": b""}
    file = tmp_path / "b.tar.zst"
    file.write_bytes(harmed[harm])

    with pytest.raises(SourceUnreadable, match="Nothing was restored"):
        restore(file, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_member_that_was_changed_is_named(settings: Settings, tmp_path: Path) -> None:
    """Also one that is lacking, or that the manifest does not know."""
    found = members(back_up(settings, tmp_path / "a.tar.zst", NOW).file)
    manifest = json.loads(found.pop(MANIFEST))
    found["logs/old.jsonl"] += b"{}\n"
    del found["pseudonym.key"]
    found["logs/new.jsonl"] = b"{}\n"
    parts = [(tarfile.TarInfo(name), data) for name, data in found.items()]
    file = written(tmp_path / "b.tar.zst", *parts, manifest=manifest)

    with pytest.raises(SourceUnreadable, match=r"logs/new.jsonl, logs/old.jsonl, pseudonym.key are not"):
        restore(file, tmp_path / "back")
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/evil", "logs/../../evil", "warehouse.duckdb", "logs", "logs//a.jsonl", ".ssh/keys", "a.py"],
)
def test_no_member_leads_out_of_the_home(tmp_path: Path, name: str) -> None:
    """Whatever an archive calls it: only what a backup holds is laid out."""
    file = written(tmp_path / "a.tar.zst", (tarfile.TarInfo(name), b"evil"))
    with pytest.raises(Refused, match="which no backup holds"):
        restore(file, tmp_path / "deep" / "back")
    assert list(tmp_path.rglob("*evil*")) == []
    assert not (tmp_path / "deep" / "back").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_no_link_is_followed(tmp_path: Path, kind: bytes) -> None:
    """Neither links nor devices nor folders are in a backup."""
    link = tarfile.TarInfo("logs/a.jsonl")
    link.type, link.linkname = kind, "/etc/passwd"
    file = written(tmp_path / "a.tar.zst", (link, b""))
    with pytest.raises(Refused, match="no plain file"):
        restore(file, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_postgresql_ledger_is_dumped_or_said_to_be_lacking(
    home: Home, postgres: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With pg_dump it is in the archive; without it the backup says what to use instead."""
    open_ledger(postgres).dispose()
    write_lines(home.folder / "logs" / "old.jsonl", delivery(message(BEN, NOW, "m_1")))
    settings = read_settings(home.folder).model_copy(update={"ledger_url": postgres.render_as_string()})

    made = back_up(settings, tmp_path / "a.tar.zst", NOW)
    assert (made.ledger, made.lacks) == ("postgresql", [])
    assert members(made.file)["ledger.pgdump"].startswith(b"PGDMP")
    monkeypatch.setenv("PATH", str(tmp_path))
    lacking = back_up(settings, tmp_path / "b.tar.zst", NOW)
    assert lacking.ledger == "none"
    assert "PostgreSQL's own tools" in lacking.lacks[0]
    assert restore(lacking.file, tmp_path / "back").verdict is None
