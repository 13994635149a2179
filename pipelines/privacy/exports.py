"""What was made of the ledger for people to read, and lies in the home: exports of campaigns that wrote to a person."""

import json
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path

from sqlalchemy import Connection

from pipelines.ledger import chain, people
from pipelines.plan.campaign import Campaign

_MANIFEST = "manifest.json"


def exports_in(home: Path, campaign_ids: Collection[str], psid: str) -> Iterator[Path]:
    """Give the exports in a home of these campaigns, or with the id (unless '') in them: each can be made again."""
    for file in sorted(home.rglob("*.zip")):
        try:
            with zipfile.ZipFile(file) as zipped:
                told = json.loads(zipped.read(_MANIFEST)) if _MANIFEST in zipped.namelist() else {}
                of = told.get("filters", {}).get("campaign_id")
                if of and (of in campaign_ids or (psid and _names(zipped, psid))):
                    yield file
        except (OSError, zipfile.BadZipFile, ValueError, AttributeError):
            continue  # no export of ours


def _names(zipped: zipfile.ZipFile, psid: str) -> bool:
    return any(psid.encode() in zipped.read(name) for name in zipped.namelist())


def exports_elsewhere(connection: Connection, campaign_ids: Collection[str], home: Path) -> list[str]:
    """Name the exports of these campaigns that the trail knows and the home does not hold: they are deleted by hand."""
    there = {file.name for file in home.rglob("*.zip")}
    told = [
        json.loads(entry.detail)["file"]
        for entry in chain.entries(connection)
        if entry.action == "campaign_exported" and entry.campaign_id in campaign_ids
    ]
    return sorted(set(told) - there)


def audience_files(connection: Connection, psid: str) -> list[str]:
    """Name the CSV files of campaigns that hold a person: they are their authors', and an approval is bound to them."""
    paths = set()
    for _, definition in people.definitions(connection):
        try:
            meant = Campaign.from_json(definition).audience
        except (TypeError, ValueError, KeyError, AttributeError):
            continue
        paths |= {path for path in (meant.people_csv, meant.exclude_csv) if path}
    return sorted(path for path in paths if _holds(Path(path), psid))


def _holds(path: Path, psid: str) -> bool:
    try:
        return psid.encode() in path.read_bytes()
    except OSError:
        return False
