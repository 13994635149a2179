"""The report on one campaign as one PDF file, to be read and kept; its sha256 goes into the chain."""

import hashlib
from datetime import datetime
from pathlib import Path

from duckdb import DuckDBPyConnection
from sqlalchemy import Engine

from pipelines.audit.dossier import dossier_of
from pipelines.audit.export import export_name
from pipelines.audit.outcome import outcome
from pipelines.audit.pdf import pdf_of
from pipelines.audit.report import report
from pipelines.audit.verify import verify
from pipelines.errors import SurroundingsError, UsageError
from pipelines.ledger import chain
from pipelines.policy import Policy


def export_report(
    ledger: Engine,
    cursor: DuckDBPyConnection | None,
    policy: Policy,
    campaign_id: str,
    folder: Path,
    now: datetime,
    by: str,
    kept: Path,
    *,
    name: str = "",
) -> Path:
    """
    Write audit-CAMPAIGN-AS_OF.pdf, or `name`, into a folder, say so in the chain, and return its path.

    Raises UsageError, and SurroundingsError where no PDF can be made or the folder cannot be written.
    """
    if not by.strip():
        raise UsageError("Say who does it: --as-user NAME.")
    dossier, verdict = dossier_of(ledger, campaign_id), verify(ledger, kept)
    page = report(dossier, outcome(ledger, cursor, campaign_id), verdict, policy, now, by, alone=True)
    made = pdf_of(page)
    file = folder / (name or export_name(campaign_id, now, "pdf"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(made)
    except OSError as error:
        raise SurroundingsError(f"The report cannot be written to {folder}: {error}. Name another folder.") from None
    detail = {"file": file.name, "sha256": hashlib.sha256(made).hexdigest()}
    about = {"campaign_id": campaign_id, "page_id": dossier.campaign.page_id}
    with ledger.begin() as connection:
        chain.append(connection, now, by, "report_exported", detail, **about)
    chain.keep_head(ledger, kept)
    return file
