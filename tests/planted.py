"""A home full of planted secrets, tokens, ids and words, and everything that the project says while it is used."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from dashboard.home import close_warehouses
from dashboard.server.metrics import Metrics, ledger_source, receive_source
from pipelines.ledger.schema import audit_entries
from pipelines.ledger.store import ledger_of
from tests.commands import run_command
from tests.conftest import NOW
from tests.deliveries import PAGE, delivery, marketing, message, otn, write_lines
from tests.opened_page import ENTRY
from tests.opened_page import VIEWS as VIEW_FILES
from tests.sandbox.serving import sandbox

SECRETS = {
    "app secret": "planted0app0secret0d41d8cd98f00b",
    "old app secret": "planted0old0secret0900998ecf8427",
    "verify token": "planted-verify-token",
    "access token": "EAAGplantedACCESStokenZBxyz123",
    "client secret": "planted-client-secret",
    "cookie secret": "planted-cookie-secret-of-32-signs",
    "metrics token": "planted-metrics-token",
}
TOKENS = {"one-time token": "PLANTED7081726354OTN", "marketing token": "PLANTED9182736450MKT"}
PSIDS = {name: f"2477700000000{number:04}" for number, name in enumerate(("ana", "ben", "cleo", "torn"), start=1)}
WORDS = {"a person's words": "planted words of a person", "rejected words": "planted words in a broken line"}
EVERYTHING = SECRETS | TOKENS | PSIDS | WORDS
VIEWS = ("overview", "inventory", "forecast", "compliance", "draft", "rules", "health")
SETTINGS = f"""
app_secret = "{SECRETS["app secret"]}"
other_app_secrets = ["{SECRETS["old app secret"]}"]
verify_token = "{SECRETS["verify token"]}"
metrics_token = "{SECRETS["metrics token"]}"
settle_after_seconds = 1
[access]
client_secret = "{SECRETS["client secret"]}"
cookie_secret = "{SECRETS["cookie secret"]}"
[access_tokens]
{PAGE} = "{SECRETS["access token"]}"
"""
CAMPAIGN = f"""
name = "Shoes"
page_id = "{PAGE}"
purpose = "promotional"
topic = "restock:trail-shoes"
lanes = ["standard_window", "otn"]
text = "The trail shoes that you asked about are back in stock."
"""
DISPATCH = """
import logging, sys
from datetime import datetime
from pathlib import Path
from rich.console import Console
from pipelines.dispatch_command import run_dispatch
from pipelines.process_log import configure_logging
from pipelines.settings import read_settings
from tests.sandbox.serving import Clock
settings = read_settings(Path(sys.argv[1]))
configure_logging(settings, as_json=True, level=logging.DEBUG)
run_dispatch(settings, Clock(datetime.fromisoformat(sys.argv[2])), Console(stderr=True), until_empty=True)
"""


class Used:
    """A home that is used, and what was said by it: by a name for each saying, its text."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.said: dict[str, str] = {}
        self.seen_by_admin = ""

    def run(self, *words: str, home: Path | None = None, user: str = "", stdin: str = "", **env: str) -> int:
        """Run a command on the home, and keep what it says."""
        options = ["--home", str(home or self.home), *(["--as-of", NOW.isoformat()])]
        options += ["--as-user", user] if user else []
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CLEAR_TO_SEND_")}
        code, out, err = run_command(*words, *options, stdin=stdin.encode(), env=clean | env)
        assert "Traceback" not in err, err
        self.said[f"{' '.join(words)} #{len(self.said)}"] = out + err
        return code

    def fill(self) -> None:
        """Lay out settings, and logs with lines that are whole, torn, or no deliveries at all."""
        self.home.mkdir(mode=0o700)
        (self.home / "settings.toml").write_text(SETTINGS, encoding="utf-8")
        day, hour = timedelta(days=1), timedelta(hours=1)
        bodies = [
            delivery(otn(PSIDS["ana"], NOW - 9 * day, TOKENS["one-time token"])),
            delivery(marketing(PSIDS["cleo"], NOW - day, TOKENS["marketing token"])),
            delivery(message(PSIDS["ben"], NOW - hour, "m_1", WORDS["a person's words"])),
        ]
        torn = json.dumps(delivery(message(PSIDS["torn"], NOW - hour, "m_2", WORDS["rejected words"])))
        odd = {"object": "page", "entry": [{"id": PAGE, "time": "never", "messaging": PSIDS["torn"]}]}
        write_lines(self.home / "logs" / "a.jsonl", *bodies, torn[: torn.index("broken line") + 11], odd, '"alone"')

    def look(self) -> None:
        """Load, and ask every command that reads."""
        logs = str(self.home / "logs")
        for words in (
            ("load", logs), ("load", logs, "--json"), ("tokens",), ("tokens", "--json"), ("forecast",),
            ("lint", "Ten percent off today"), ("lint", "--history"), ("doctor",), ("doctor", "--json"),
        ):  # fmt: skip
            self.run(*words)

    def send(self) -> None:
        """Bring a campaign to its end against a sandbox that knows one of its two people, each log line at DEBUG."""
        file = self.home.parent / "shoes.toml"
        file.write_text(CAMPAIGN, encoding="utf-8")
        self.run("campaign", "new", str(file), "--id", "shoes", user="ann")
        self.run("campaign", "check", "shoes", user="ann")
        assert self.run("campaign", "approve", "shoes", user="ann") == 1
        self.run("campaign", "approve", "shoes", user="ben")
        assert self.run("campaign", "launch", "shoes", user="ann") == 0
        with sandbox(self.home.parent / "meta", people=["delivers=0"]) as meta:
            meta.add(PAGE, PSIDS["ben"], wrote_at=(NOW - timedelta(hours=1)).isoformat())
            call = [sys.executable, "-c", DISPATCH, str(self.home), NOW.isoformat()]
            surroundings = os.environ | {"CLEAR_TO_SEND_GRAPH_URL": meta.url}
            done = subprocess.run(call, capture_output=True, text=True, check=False, env=surroundings, timeout=60)
        self.said["dispatch, logging at DEBUG"] = done.stdout + done.stderr
        for words in (("status", "shoes"), ("status", "shoes", "--json"), ("list",), ("pause-all",)):
            self.run("campaign", *words, user="" if words[0] in {"status", "list"} else "eve")

    def prove(self) -> None:
        """Verify, export and follow; read the trail itself, and the numbers of the metrics."""
        self.run("audit", "verify")
        self.run("audit", "export", "shoes", "--to", str(self.home.parent), user="eve")
        self.run("audit", "trace", "1", "--json")
        for file in self.home.parent.glob("*.zip"):
            with zipfile.ZipFile(file) as archive:
                archive.extractall(unpacked := self.home.parent / "unpacked")
        self.said |= {f"export: {path.name}": _text_of(path) for path in unpacked.rglob("*") if path.is_file()}
        with ledger_of(self.home, "") as ledger:
            with ledger.connect() as connection:
                rows = connection.execute(select(audit_entries)).all()
            self.said["trail"] = "\n".join(str(tuple(row)) for row in rows)
            sources = {"receive": receive_source(self.home / "receive"), "ledger": ledger_source(ledger, lambda: 0.0)}
            self.said["metrics"] = Metrics(sources).text().decode()
        self.said["kept heads"] = (self.home / "audit-heads.jsonl").read_text(encoding="utf-8")

    def fail(self) -> None:
        """Make mistakes with secrets at hand: settings that are wrong, an environment that is, files that are none."""
        broken = self.home.parent / "broken"
        broken.mkdir()
        for text in (
            f'app_secret = ["{SECRETS["app secret"]}"]', f'app_secrets = "{SECRETS["app secret"]}"',
            f'app_secret = "{SECRETS["app secret"]}', f'access_tokens = "{SECRETS["access token"]}"',
            f'access = {{client_secret = "{SECRETS["client secret"]}", cookie_secret = 7, session_hours = "x"}}',
            f'ledger_url = "postgresql://me:{SECRETS["client secret"]}@127.0.0.1:1/none"',
            f'ledger_url = "mysql://me:{SECRETS["client secret"]}@127.0.0.1:1/none"',
        ):  # fmt: skip
            (broken / "settings.toml").write_text(text, encoding="utf-8")
            assert self.run("doctor", home=broken) != 0
        tokens = {"CLEAR_TO_SEND_ACCESS_TOKENS": SECRETS["access token"]}
        assert self.run("doctor", **tokens) != 0
        assert self.run("load", str(self.home / "none.jsonl")) == 2
        (self.home / "warehouse.duckdb").write_bytes(b"no database " * 400)
        assert self.run("tokens") == 3

    def show(self, patch: pytest.MonkeyPatch) -> None:
        """Draw every page, as a role that may not see ids; and one as a role that may."""
        patch.setenv("CLEAR_TO_SEND_HOME", str(self.home))
        patch.setenv("CLEAR_TO_SEND_AS_OF", f"{NOW.isoformat()}Z")
        self.said |= {f"page {view}": text for view, text in _pages("growth", VIEWS)}
        self.seen_by_admin = dict(_pages("admin", ("overview", "inventory")))["inventory"]


def _pages(role: str, views: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Open the first view as the app's address does, and the others one after another from there."""
    page = AppTest.from_file(ENTRY, default_timeout=60)
    page.session_state["role"] = role
    for view in views:
        if view != views[0]:
            page.switch_page(str(VIEW_FILES / f"{view}.py"))
        page.run()
        yield view, "\n".join(_drawn(page))
    close_warehouses()


def _text_of(path: Path) -> str:
    """Return what a file holds; a Parquet file by its rows, which are compressed in it."""
    if path.suffix != ".parquet":
        return path.read_text(encoding="utf-8")
    with duckdb.connect() as reader:
        return str(reader.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall())


def _drawn(page: AppTest) -> Iterator[str]:
    """Give all that a page sends to the browser: every element as it goes over the wire, tables and charts too."""

    def walk(block: Any) -> Iterator[Any]:
        for child in block.children.values():
            yield from walk(child) if hasattr(child, "children") else [child]

    assert not page.exception, page.exception
    for block in (page.main, page.sidebar):
        for element in walk(block):
            proto = getattr(element, "proto", None)
            if proto is not None:
                yield proto.SerializeToString().decode("utf-8", "replace")
