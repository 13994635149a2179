"""A home with everything in it that can hold a person, and a look into every corner of one."""

import gzip
import zipfile
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as parquet
import zstandard
from rich.console import Console
from sqlalchemy import Engine

from pipelines import DATA
from pipelines.audit.export import export_campaign
from pipelines.forget_command import Forgotten, forget_person
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.lint.history import audit_history
from pipelines.lint.linter import Linter
from pipelines.policy import load_policy
from pipelines.settings import read_settings
from pipelines.warehouse import Warehouse
from tests.audit import staging
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, NOON, write_lines
from tests.privacy.loading import load
from tests.privacy.logs import secret, story
from tests.test_load_properties import TABLES

LATER = NOW + timedelta(hours=1)
OTHERS = {
    "rejects": "*", "outbound": "*", "findings": "*", "text_findings": "*", "sent_texts": "*", "text_answers": "*",
    "sources": "* EXCLUDE (first_loaded_at, last_loaded_at)",
}  # fmt: skip
CAMPAIGN = "shoes"


def ledger_of(home: Home) -> Engine:
    """Open a home's ledger."""
    return open_ledger(ledger_url(home.folder, read_settings(home.folder, create=True).ledger_url))


def lived_in(home: Home, *, count: int = 90) -> Home:
    """Fill a home: logs of every kind, a warehouse with findings and forecast, a campaign, a plan, an export."""
    logs = story(home.folder / "logs", count)
    ledger = ledger_of(home)
    numbers = staging.launched(ledger, CAMPAIGN, [staging.row(psid) for psid in (ANNA, staging.BEN)])
    staging.answered(ledger, *(staging.Result(each, "accepted", NOON, mid=f"m_{each}") for each in numbers.values()))
    _freeze(home, ledger)
    write_lines(home.folder / "sandbox-truth.jsonl", *[
        {"psid": psid, "page_id": staging.PAGE, "text": f"Dear {secret(psid)}", "at": NOON.isoformat() + "Z"}
        for psid in (ANNA, staging.BEN)
    ])  # fmt: skip
    (logs / "webhook-x.jsonl.torn").write_bytes(
        b'{"entry":[{"messaging":[{"sender":{"id":"' + ANNA.encode() + b'"},"te'
    )
    load(home, logs)
    audit(home)
    with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse, warehouse.cursor() as cursor:
        export_campaign(
            ledger, cursor, home.policy, CAMPAIGN, home.folder / "exports", NOW, "ana",
            home.folder / "audit-heads.jsonl", show_ids=True,
        )  # fmt: skip
    ledger.dispose()
    return home


def _freeze(home: Home, ledger: Engine) -> None:
    """Keep a frozen plan of the campaign, known by its hash."""
    import hashlib

    from sqlalchemy import update

    from pipelines.ledger.schema import plans

    draft = home.folder / "plan"
    with duckdb.connect() as table:
        table.execute(f"""COPY (
            SELECT '{ANNA}' AS psid, 'otn' AS lane, '{secret(ANNA)}' AS fields, 'UTC' AS zone
            UNION ALL SELECT '{staging.BEN}', 'otn', '{secret(staging.BEN)}', 'UTC'
        ) TO '{draft}' (FORMAT parquet)""")
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()
    (home.folder / "plans").mkdir(exist_ok=True)
    draft.rename(home.folder / "plans" / f"{digest}.parquet")
    with ledger.begin() as connection:
        connection.execute(update(plans).values(plan_hash=digest))


def audit(home: Home) -> None:
    """Judge what went out."""
    with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse:
        audit_history(warehouse, home.policy, _linter(), NOW)


@cache
def _linter() -> Linter:
    """Load what judges texts once: that takes longer than the judging."""
    return Linter.load(DATA, load_policy(DATA / "policy"))


def forget(home: Home, psid: str = ANNA, page: str = "", at: datetime = LATER, by: str = "Mei") -> Forgotten:
    """Forget a person as the command does."""
    return forget_person(read_settings(home.folder), psid, page, by, lambda: at, Console(quiet=True))


def tables(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    """Return every table of a warehouse, the balance of its files and the findings among them."""
    with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse:
        cursor = warehouse.cursor()
        known = {name for (name,) in cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        wanted = TABLES | {name: columns for name, columns in OTHERS.items() if name in known}
        return {
            name: sorted(cursor.execute(f"SELECT {columns} FROM {name}").fetchall(), key=str)
            for name, columns in wanted.items()
        }


def traces(folder: Path, *words: str) -> list[str]:
    """Name every file of a home that holds one of the words, also packed; of a warehouse, every column."""
    found = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        if path.suffix == ".duckdb":
            found += [f"{path.name}: {each}" for each in _traces_in_warehouse(path, words)]
        else:
            data = b"\n".join(_contents(path))
            found += [f"{path.relative_to(folder)}: {word}" for word in words if word.encode() in data]
    return found


def _contents(path: Path) -> list[bytes]:
    data = path.read_bytes()
    if path.suffix == ".zst":
        return [zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()]
    if path.suffix == ".gz":
        return [gzip.decompress(data)]
    if path.suffix == ".parquet":
        return [str(parquet.read_table(path).to_pylist()).encode()]
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as zipped:
            return [zipped.read(name) for name in zipped.namelist()]
    return [data]


def _traces_in_warehouse(path: Path, words: tuple[str, ...]) -> list[str]:
    with Warehouse.open(path) as warehouse:
        cursor = warehouse.cursor()
        columns = cursor.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal").fetchall()
        return [
            f"{table}.{column}: {word}"
            for table, column in columns
            for word in words
            if cursor.execute(f'SELECT count(*) FROM "{table}" WHERE CAST("{column}" AS VARCHAR) LIKE ?', [f"%{word}%"])
            .fetchall() != [(0,)]
        ]  # fmt: skip
