"""What `clear-to-send audit` does, apart from its options: proves the chain, exports a campaign, follows one send."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection
from rich.console import Console
from sqlalchemy import Engine

from pipelines import DATA
from pipelines.audit import entries, words
from pipelines.audit.export import export_campaign, manifest_sha256, verify_export
from pipelines.audit.export_report import export_report
from pipelines.audit.lineage import Lineage
from pipelines.audit.lineage import trace as trace_send
from pipelines.audit.pdf import is_pdf
from pipelines.audit.verify import verify
from pipelines.ledger import chain
from pipelines.ledger.store import ledger_of
from pipelines.plan.reasons import lane_words
from pipelines.policy import load_policy
from pipelines.rights import Person
from pipelines.settings import Settings
from pipelines.warehouse import Warehouse


def verify_home(settings: Settings) -> dict[str, Any]:
    """Prove the chain of a home. Returns {"entries", "head", "ok", "faults", "notes"}."""
    with ledger_of(settings.home, settings.ledger_url) as ledger:
        verdict = verify(ledger, settings.heads_path)
    return asdict(verdict)


def verify_file(settings: Settings, file: Path) -> dict[str, Any]:
    """
    Prove an export: a zip against its manifest, and that against the chain; a PDF against the chain.

    Returns {"file", "ok", "faults", "proof"}.
    """
    is_report = is_pdf(file)
    faults = [] if is_report else list(verify_export(file))
    if not faults:
        digest = hashlib.sha256(file.read_bytes()).hexdigest() if is_report else manifest_sha256(file)
        with ledger_of(settings.home, settings.ledger_url) as ledger, ledger.connect() as connection:
            if not entries.knows(connection, ("campaign_exported", "report_exported"), digest):
                faults.append(f"No entry of the chain knows {file.name}: it was made elsewhere, or written anew.")
    proof = "every file fits its manifest, and the chain knows the manifest"
    return {
        "file": str(file),
        "ok": not faults,
        "faults": faults,
        "proof": "the chain knows it" if is_report else proof,
    }


def export(
    settings: Settings, campaign_id: str, folder: Path, now: datetime, by: Person, *, show_ids: bool = False
) -> dict[str, Any]:
    """Export a campaign of a home. Returns {"file", "manifest_sha256", "entries", "head", "logs"}."""
    by.must("audit", "export a campaign")
    _may_name_people(by, show_ids=show_ids)
    kept = settings.heads_path
    policy = load_policy(DATA / "policy")
    with ledger_of(settings.home, settings.ledger_url) as ledger, _cursor(settings) as cursor:
        file = export_campaign(ledger, cursor, policy, campaign_id, folder, now, by.name, kept, show_ids=show_ids)
        return {"manifest_sha256": manifest_sha256(file)} | _exported(ledger, file, logs=cursor is not None)


def export_pdf(settings: Settings, campaign_id: str, folder: Path, now: datetime, by: Person) -> dict[str, Any]:
    """Export the report on a campaign as PDF; nobody is named in it. Returns {"file", "sha256", "entries", …}."""
    by.must("audit", "export a campaign")
    policy = load_policy(DATA / "policy")
    with ledger_of(settings.home, settings.ledger_url) as ledger, _cursor(settings) as cursor:
        file = export_report(ledger, cursor, policy, campaign_id, folder, now, by.name, settings.heads_path)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        return {"sha256": digest} | _exported(ledger, file, logs=cursor is not None)


def _exported(ledger: Engine, file: Path, *, logs: bool) -> dict[str, Any]:
    with ledger.connect() as connection:
        head = chain.head(connection)
    return {"file": str(file), "entries": head.entries, "head": head.hash, "logs": logs}


def trace(settings: Settings, send_id: int, by: Person, *, show_ids: bool = False) -> Lineage:
    """Follow one send of a home. Raises UsageError, Refused."""
    by.must("audit", "follow a send")
    _may_name_people(by, show_ids=show_ids)
    with ledger_of(settings.home, settings.ledger_url) as ledger, _cursor(settings) as cursor:
        return trace_send(ledger, cursor, send_id, show_ids=show_ids)


def _may_name_people(by: Person, *, show_ids: bool) -> None:
    if show_ids:
        by.must("see_ids", "see people by their ids")


def as_json(lineage: Lineage) -> dict[str, Any]:
    """Return a lineage as one object: times as ISO 8601 with Z."""
    told = asdict(lineage)
    flat = told.pop("row") | told
    return {key: f"{value.isoformat()}Z" if isinstance(value, datetime) else value for key, value in flat.items()}


def show_verdict(told: dict[str, Any], out: Console) -> None:
    """Print what a proof of the chain, or of an export, found."""
    if "file" in told:
        well = f"{told['file']} is what was exported: {told['proof']}."
    else:
        well = f"The chain holds: {told['entries']:,} entries, each fits the one before."
    out.print(well if told["ok"] else "It does not hold:", style="green" if told["ok"] else "bold red", markup=False)
    for fault in told["faults"]:
        out.print(f"- {fault}", markup=False)
    for note in told.get("notes", ()):
        out.print(f"Note: {note}", markup=False)
    if told.get("entries"):
        out.print(f"Head: {told['head']}", markup=False)


def show_export(told: dict[str, Any], out: Console) -> None:
    """Print where an export lies and how it can be proven."""
    out.print(f"Exported to {told['file']}", markup=False)
    if not told["logs"]:
        out.print("There is no warehouse, so nothing is in it of deliveries, reads and opt-ins. Load the logs first.")
    out.print(f"The chain now has {told['entries']:,} entries; its head is {told['head']}", markup=False)
    of, digest = ("file", told["sha256"]) if "sha256" in told else ("manifest", told["manifest_sha256"])
    out.print(f"Sha256 of the {of}, which that entry holds: {digest}", markup=False)


def show_trace(lineage: Lineage, out: Console) -> None:
    """Print the way of one send, from the permission to the receipt."""
    row = lineage.row
    whom = row.psid or row.person
    out.print(
        f"Send {row.send_id} of {row.campaign_id} ({lineage.campaign_name}) to {whom}", style="bold", markup=False
    )
    out.print(lineage.text if lineage.text is not None else lineage.text_note, style="cyan", markup=False)
    for name, told in _steps(lineage):
        out.print(f"{name:<11} {told}", markup=False)


def _steps(lineage: Lineage) -> Iterator[tuple[str, str]]:
    row = lineage.row
    topic = f", topic {row.topic}" if row.topic else ""
    yield "Lane", f"{lane_words(row.lane)}, variant {row.variant}{topic}"
    if row.token_key:
        yield "Token", f"md5 {row.token_key}"
    yield "Permission", _permission(lineage)
    made = f"by {lineage.plan_made_by}, {words.moment(lineage.plan_made_at)}: {lineage.verdict}"
    yield "Plan", f"{row.plan_id} {made} (hash {words.short(row.plan_hash)})" if row.plan_id else "none"
    why = f", because: {row.approval_reason}" if row.approval_reason else ""
    yield "Approval", f"by {row.approved_by}, {words.moment(row.approved_at)}{why}" if row.approved_by else "none"
    launch = f"by {row.launched_by}, {words.moment(row.launched_at)} (entry {row.launch_entry} of the chain)"
    yield "Launch", launch if row.launch_entry else "none in the chain"
    calls = "after one call" if row.attempts == 1 else f"after {row.attempts} calls"
    settled = f", settled by {row.settled_by}" if row.settled_by else ""
    ids = "".join(f", {name} {value}" for name, value in (("mid", row.mid), ("trace id", row.trace)) if value)
    yield "Result", f"{row.state}, {words.moment(row.state_at)}, {calls}{settled}{ids}"
    if row.words or row.reason:
        yield "Why", f"{row.words or ''} [{row.reason or 'no key'}]".strip()
    if not lineage.knows_logs:
        yield "Logs", "There is no warehouse: what the logs tell is not known."
        return
    for name, at in (("Echo", row.echo_at), ("Delivered", row.delivered_at), ("Read", row.read_at)):
        yield name, words.moment(at) if at else "nothing in the logs"
    for name, at in (("Replied", row.replied_at), ("Stopped", row.stopped_at)):
        if at:
            yield name, words.moment(at)


def _permission(lineage: Lineage) -> str:
    row = lineage.row
    until = f"; good until {words.moment(row.permission_ends_at)}" if row.permission_ends_at else ""
    if row.permission_at is None:
        if row.token_key or row.lane == "standard_window":
            return f"nothing in the logs that are loaded{until}"
        return f"what the message says: this lane needs no act of the person{until}"
    agreed = " / ".join(part for part in (row.agreed_title, row.agreed_payload) if part)
    words_agreed = f'"{agreed}", ' if agreed and row.token_key else ""
    place = f"{row.permission_file}, line {row.permission_line}"
    return f"{words_agreed}{row.permission_event} at {words.moment(row.permission_at)} ({place}){until}"


@contextmanager
def _cursor(settings: Settings) -> Iterator[DuckDBPyConnection | None]:
    """Give a cursor of the home's warehouse; None where no logs were loaded."""
    if not settings.warehouse_path.exists():
        yield None
        return
    with Warehouse.open(settings.warehouse_path) as warehouse:
        yield warehouse.cursor()
