"""One campaign as one zip for a reviewer: a page to read, tables to count again, and a hash of every file.

The one write of this stage: an export appends its own entry to the chain, with the sha256 of its manifest.
"""

import hashlib
import json
import re
import shutil
import zipfile
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection
from sqlalchemy import Engine

from pipelines.audit.dossier import Dossier, dossier_of
from pipelines.audit.lineage import pseudonym_in, trace_held
from pipelines.audit.outcome import Outcome, outcome_of_held
from pipelines.audit.report import report
from pipelines.audit.sends import bench, hold_sends
from pipelines.audit.verify import Verdict, verify
from pipelines.errors import SurroundingsError, UsageError
from pipelines.ledger import chain
from pipelines.policy import Policy
from pipelines.spreadsheet import harmless
from pipelines.statements import statements

MANIFEST = "manifest.json"
_TABLES = ("sends", "lineage", "entries")
_SQL = statements(Path(__file__).with_suffix(".sql"))
_PSEUDONYMS = (
    "People stand as person- and the first 12 hex digits of sha256(campaign_id/page_id/psid). That is a pseudonym, not "
    "anonymity: whoever knows a person's id can find their rows."
)
_IDS = "People stand with their page-scoped ids (psid). Handle this export as personal data."


@dataclass(frozen=True, slots=True)
class _Export:
    """What one export is made of."""

    dossier: Dossier
    verdict: Verdict
    told: Outcome
    policy: Policy
    now: datetime
    by: str
    show_ids: bool


def export_campaign(
    ledger: Engine,
    cursor: DuckDBPyConnection | None,
    policy: Policy,
    campaign_id: str,
    folder: Path,
    now: datetime,
    by: str,
    kept: Path,
    *,
    show_ids: bool = False,
    name: str = "",
) -> Path:
    """
    Write audit-CAMPAIGN-AS_OF.zip, or `name`, into a folder, say so in the chain, and return its path.

    The same ledger and the same moment give the same bytes. Raises UsageError, and SurroundingsError for a folder that
    cannot be written.
    """
    if not by.strip():
        raise UsageError("Say who does it: --as-user NAME.")
    dossier, verdict = dossier_of(ledger, campaign_id), verify(ledger, kept)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".audit-") as scratch:
            files = Path(scratch, "files")
            files.mkdir()
            told = _write_tables(ledger, cursor, dossier, files, show_ids=show_ids)
            made = _Export(dossier, verdict, told, policy, now, by, show_ids)
            _write_texts(made, files)
            zipped = _zipped(files, Path(scratch, name or export_name(campaign_id, now, "zip")), now)
            _tell(ledger, made, zipped)
            chain.keep_head(ledger, kept)
            return zipped.replace(folder / zipped.name)
    except (OSError, duckdb.IOException) as error:
        raise SurroundingsError(f"The export cannot be written to {folder}: {error}. Name another folder.") from None


def verify_export(file: Path) -> tuple[str, ...]:
    """Compare every file of an export with the manifest. Returns what does not fit, as sentences."""
    try:
        with zipfile.ZipFile(file) as zipped:
            listed: dict[str, dict[str, Any]] = json.loads(zipped.read(MANIFEST))["files"]
            names = set(zipped.namelist()) - {MANIFEST}
            faults = [f"{name} is missing: it was removed." for name in sorted(listed.keys() - names)]
            faults += [f"{name} was put in: the manifest does not know it." for name in sorted(names - listed.keys())]
            for name in sorted(names & listed.keys()):
                with zipped.open(name) as opened:
                    digest = hashlib.file_digest(opened, "sha256").hexdigest()  # type: ignore[arg-type]
                if digest != listed[name]["sha256"]:
                    faults.append(f"{name} is not what the manifest says: it was changed after the export.")
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        return (f"{file.name} cannot be read as an export: {error}.",)
    return tuple(faults)


def manifest_sha256(file: Path) -> str:
    """Return the hash by which the chain knows an export that `verify_export` found no fault with."""
    with zipfile.ZipFile(file) as zipped:
        return hashlib.sha256(zipped.read(MANIFEST)).hexdigest()


def _write_tables(
    ledger: Engine, cursor: DuckDBPyConnection | None, dossier: Dossier, folder: Path, *, show_ids: bool
) -> Outcome:
    """Write the tables, and return what came of the campaign by the same rows."""
    entries = json.dumps([asdict(entry) for entry in dossier.entries], default=datetime.isoformat)
    with bench(cursor) as table:
        hold_sends(ledger, table, dossier.campaign)
        trace_held(table, dossier, show_ids=show_ids)
        table.execute(_SQL["settle_in"])
        table.execute(_SQL["add"], {"rows": entries})
        for name in _TABLES:
            found = table.sql(_SQL[name])
            found.write_parquet(str(folder / f"{name}.parquet"), compression="zstd")
            harmless(found).write_csv(str(folder / f"{name}.csv"))
        return outcome_of_held(table, dossier.campaign, knows_logs=cursor is not None)


def _write_texts(made: _Export, folder: Path) -> None:
    definition = json.loads(made.dossier.campaign.definition)
    if not made.show_ids:
        _hide_people(definition, made.dossier)
    page = report(made.dossier, made.told, made.verdict, made.policy, made.now, made.by)
    (folder / "definition.json").write_text(_json(definition), encoding="utf-8")
    (folder / "plan.json").write_text(_json(made.dossier.summary), encoding="utf-8")
    (folder / "report.html").write_text(page, encoding="utf-8")
    (folder / MANIFEST).write_text(_json(_manifest(made, folder)), encoding="utf-8")


def _hide_people(definition: dict[str, Any], dossier: Dossier) -> None:
    """Put pseudonyms in place of the ids that the definition itself names."""
    meant = definition.get("audience")
    if isinstance(meant, dict) and meant.get("exclude_psids"):
        of = dossier.campaign.campaign_id, dossier.campaign.page_id
        meant["exclude_psids"] = [pseudonym_in(*of, psid) for psid in meant["exclude_psids"]]


def _manifest(made: _Export, folder: Path) -> dict[str, Any]:
    """Say what the export is, of which moment and which chain, with the hash of every file in the folder."""
    dossier, told, verdict = made.dossier, made.told, made.verdict
    return {
        "as_of": f"{made.now.isoformat()}Z",
        "made_by": made.by,
        "filters": {"campaign_id": dossier.campaign.campaign_id},
        "people": _IDS if made.show_ids else _PSEUDONYMS,
        "shows_ids": made.show_ids,
        "counts": {"sends": sum(row.planned for row in told.funnel), "entries": len(dossier.entries)},
        "funnel": [asdict(row) for row in told.funnel],
        "logs_until": told.logs_until and f"{told.logs_until.isoformat()}Z",
        "chain": {**asdict(dossier.head), "ok": verdict.ok, "faults": verdict.faults, "notes": verdict.notes},
        "rules": made.policy.fingerprint,
        "versions": {"clear_to_send": version("clear-to-send"), "duckdb": duckdb.__version__},
        "files": {
            path.name: {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for path in sorted(folder.iterdir())
        },
    }


def _zipped(folder: Path, file: Path, now: datetime) -> Path:
    """Put all files into one; their times are those of the export, so that equal files make equal bytes."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(path.name, (now.year, now.month, now.day, now.hour, now.minute, now.second))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            with path.open("rb") as source, zipped.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target)
    return file


def _tell(ledger: Engine, made: _Export, zipped: Path) -> None:
    campaign = made.dossier.campaign
    detail = {"file": zipped.name, "manifest_sha256": manifest_sha256(zipped), "shows_ids": made.show_ids}
    about = {"campaign_id": campaign.campaign_id, "page_id": campaign.page_id}
    with ledger.begin() as connection:
        chain.append(connection, made.now, made.by, "campaign_exported", detail, **about)


def export_name(campaign_id: str, now: datetime, kind: str) -> str:
    """Return what a file about a campaign is called: "zip" or "pdf"."""
    return f"audit-{re.sub(r'[^A-Za-z0-9._-]+', '-', campaign_id)}-{now:%Y%m%dT%H%M%SZ}.{kind}"


def _json(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2, sort_keys=True, default=str) + "\n"
