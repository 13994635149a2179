"""One campaign as one file: whole, checkable, the same twice, and without what nobody may read."""

import csv
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import URL, Engine

from pipelines.audit.export import export_campaign, manifest_sha256, verify_export
from pipelines.audit.verify import verify
from pipelines.errors import SurroundingsError, UsageError
from pipelines.ledger import chain
from pipelines.ledger.store import open_ledger
from pipelines.policy import Policy
from pipelines.warehouse import Warehouse
from tests.audit.staging import ANNA, ANNAS, BEN, CLEO, DORA, DORAS, LAUNCH, approved, logs, run, written
from tests.conftest import Home

NOW = LAUNCH + timedelta(days=1)
FILES = {
    "definition.json", "entries.csv", "entries.parquet", "lineage.csv", "lineage.parquet", "manifest.json", "plan.json",
    "report.html", "sends.csv", "sends.parquet",
}  # fmt: skip
Exporter = Callable[..., Path]
ON_SQLITE = pytest.mark.parametrize(
    "ledger_at", ["sqlite", pytest.param("postgresql", marks=pytest.mark.deep)], indirect=True
)
"""For what is told alike from either database, once both export the same files."""


@pytest.fixture
def exporter(ledger: Engine, policy: Policy, home: Home, tmp_path: Path) -> Exporter:
    """Return what exports a campaign that has run, with its logs."""
    home.load(logs(tmp_path, run(ledger, "shoes")))

    def exported(folder: str = "exports", *, show_ids: bool = False) -> Path:
        with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse:
            return export_campaign(
                ledger, warehouse.cursor(), policy, "shoes", tmp_path / folder, NOW, "cy", tmp_path / "heads.jsonl",
                show_ids=show_ids,
            )  # fmt: skip

    return exported


def contents(file: Path) -> dict[str, bytes]:
    """Every file of an export."""
    with zipfile.ZipFile(file) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def table(file: Path, name: str) -> list[dict[str, str]]:
    """A CSV of an export."""
    return list(csv.DictReader(io.StringIO(contents(file)[name].decode())))


def test_an_export_is_whole(exporter: Exporter) -> None:
    """Its name says of what and when, and its manifest fits every file."""
    file = exporter()

    assert file.name == "audit-shoes-20261121T120000Z.zip"
    assert set(contents(file)) == FILES
    assert verify_export(file) == ()
    manifest = json.loads(contents(file)["manifest.json"])
    assert set(manifest["files"]) == FILES - {"manifest.json"}
    assert (manifest["as_of"], manifest["made_by"]) == ("2026-11-21T12:00:00Z", "cy")
    assert (manifest["filters"], manifest["counts"]) == ({"campaign_id": "shoes"}, {"sends": 4, "entries": 4})
    assert (manifest["chain"]["entries"], manifest["chain"]["ok"]) == (4, True)
    assert list(file.parent.iterdir()) == [file]


def test_an_export_writes_itself_into_the_chain(exporter: Exporter, ledger: Engine, tmp_path: Path) -> None:
    """With the hash of its manifest; the new head is kept, and the chain holds."""
    file = exporter()

    with ledger.connect() as connection:
        last = list(chain.entries(connection, "shoes"))[-1]
    told = json.loads(last.detail)
    assert (last.action, last.actor, told["file"]) == ("campaign_exported", "cy", file.name)
    assert told["manifest_sha256"] == manifest_sha256(file)
    verdict = verify(ledger, tmp_path / "heads.jsonl")
    assert (verdict.ok, verdict.entries, verdict.notes) == (True, 5, ())


def test_the_same_ledger_and_moment_give_the_same_bytes(policy: Policy, home: Home, tmp_path: Path) -> None:
    """Two copies of one ledger, exported apart."""
    address = URL.create("sqlite", database=str(tmp_path / "ledger.sqlite"))
    ledger = open_ledger(address)
    home.load(logs(tmp_path, run(ledger, "shoes")))
    ledger.dispose()
    files = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        shutil.copy(tmp_path / "ledger.sqlite", folder)
        ledger = open_ledger(address.set(database=str(folder / "ledger.sqlite")))
        with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse:
            heads = folder / "heads.jsonl"
            files.append(export_campaign(ledger, warehouse.cursor(), policy, "shoes", folder, NOW, "cy", heads))
        ledger.dispose()

    assert files[0].read_bytes() == files[1].read_bytes()


@ON_SQLITE
@pytest.mark.parametrize("show_ids", [False, True])
def test_no_token_is_in_any_file(exporter: Exporter, *, show_ids: bool) -> None:
    """Not even in an export that shows ids."""
    file = exporter(show_ids=show_ids)

    assert [name for name, held in contents(file).items() for token in (ANNAS, DORAS) if token.encode() in held] == []
    for name in ("sends", "lineage", "entries"):
        rows = duckdb.sql(f"FROM '{unpacked(file, f'{name}.parquet')}'").fetchall()
        assert not {token for token in (ANNAS, DORAS) if token in repr(rows)}


def unpacked(file: Path, name: str) -> Path:
    """Unpack one file beside the export."""
    with zipfile.ZipFile(file) as zipped:
        return Path(zipped.extract(name, file.parent / "unpacked"))


@ON_SQLITE
def test_people_stand_under_pseudonyms(exporter: Exporter) -> None:
    """No id is in any text, neither of those who got it nor of those whom the campaign leaves out by name."""
    file = exporter()
    everybody = (ANNA, BEN, CLEO, DORA, "24000000000000099")

    assert [name for name, held in contents(file).items() for psid in everybody if psid.encode() in held] == []
    assert len({row["person"] for row in table(file, "sends.csv")}) == 4


@ON_SQLITE
def test_ids_are_shown_only_when_asked_for(exporter: Exporter) -> None:
    """And the manifest says so."""
    file = exporter(show_ids=True)

    assert {row["psid"] for row in table(file, "sends.csv")} == {ANNA, BEN, CLEO, DORA}
    assert json.loads(contents(file)["manifest.json"])["shows_ids"] is True


@ON_SQLITE
def test_a_spreadsheet_takes_nothing_for_a_formula(exporter: Exporter) -> None:
    """In CSV a text that begins like one gets a quote; in Parquet it stands as it is."""
    file = exporter()
    cells = [
        cell
        for name in ("sends.csv", "lineage.csv", "entries.csv")
        for row in table(file, name)
        for cell in row.values()
    ]

    assert "'=eager" in cells
    assert [cell for cell in cells if cell.lstrip()[:1] in {"=", "+", "-", "@"}] == []
    assert ("=eager",) in duckdb.sql(f"SELECT variant FROM '{unpacked(file, 'sends.parquet')}'").fetchall()


@ON_SQLITE
def test_a_reviewer_can_count_the_hashes_again(exporter: Exporter) -> None:
    """The entries' own hashes follow from what is in entries.parquet."""
    rows = duckdb.sql(f"FROM '{unpacked(exporter(), 'entries.parquet')}'").fetchall()

    assert len(rows) == 4
    assert [entry.hash for entry in (chain.Entry(*row) for row in rows)] == [
        chain.Entry(*row).expected_hash() for row in rows
    ]


class Page(HTMLParser):
    """What a browser would load for a page, and the words that it shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what comes from elsewhere."""
        if tag in {"script", "link", "img", "iframe"}:
            self.loaded.append(tag)
        self.loaded += [str(value) for name, value in attrs if name in {"src", "srcset", "background"}]

    def handle_data(self, data: str) -> None:
        """Note what is shown."""
        self.words += data


@ON_SQLITE
def test_the_report_tells_the_campaign_in_words(exporter: Exporter) -> None:
    """Text, audience, lanes, findings, approvals, outcome, timeline and hashes, and nothing from elsewhere."""
    page = Page(contents(exporter())["report.html"].decode())

    assert page.loaded == []
    for told in (
        "Trail shoes <are> back", "They are back, {{first_name|friend}}! <b>Today</b> only.", "asked for one of: res",
        "got no message within the last 7 days", "one-time notification token", "They hold no permission that is open.",
        "The text says 'today only'", "otn.topic", "The shop is open today only.", "=This person isn't available",
        "No message has gone out by it in 30 days.", "Still unconfirmed: 1.", "Launched", "every entry fits",
    ):  # fmt: skip
        assert told in page.words


@ON_SQLITE
def test_a_draft_can_be_exported_too(ledger: Engine, policy: Policy, tmp_path: Path) -> None:
    """Without a plan, a send or a warehouse."""
    written(ledger, "shoes")
    file = export_campaign(ledger, None, policy, "shoes", tmp_path, NOW, "cy", tmp_path / "heads.jsonl")

    assert verify_export(file) == ()
    assert table(file, "sends.csv") == []
    assert "It was never checked" in contents(file)["report.html"].decode()


@ON_SQLITE
def test_a_changed_export_is_found(exporter: Exporter, tmp_path: Path) -> None:
    """A file changed, one removed, one put in; a file that is no export is said to be none."""
    held = contents(exporter())
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(changed, "w") as zipped:
        for name, data in (held | {"sends.csv": b"psid\n", "more.txt": b""}).items():
            if name != "plan.json":
                zipped.writestr(name, data)
    (tmp_path / "none.zip").write_bytes(b"no zip")

    assert {fault.split(" ")[0] for fault in verify_export(changed)} == {"sends.csv", "more.txt", "plan.json"}
    assert "cannot be read" in verify_export(tmp_path / "none.zip")[0]


@ON_SQLITE
def test_what_stands_against_an_export_is_said(ledger: Engine, policy: Policy, tmp_path: Path) -> None:
    """Nobody signs, or there is a file where the folder should be; the chain then holds no export."""
    approved(ledger, "shoes")
    (tmp_path / "file").write_text("")
    kept = tmp_path / "heads.jsonl"

    with pytest.raises(UsageError, match="--as-user"):
        export_campaign(ledger, None, policy, "shoes", tmp_path, NOW, " ", kept)
    with pytest.raises(SurroundingsError, match="cannot be written"):
        export_campaign(ledger, None, policy, "shoes", tmp_path / "file", NOW, "cy", kept)
    with ledger.connect() as connection:
        assert "campaign_exported" not in {entry.action for entry in chain.entries(connection)}
