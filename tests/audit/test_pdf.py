"""The report as PDF: it holds what the page holds, fetches nothing, and says what is missing where none can be made."""

import hashlib
import re
import sys
import zlib
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine

from pipelines.audit.pdf import pdf_of, why_no_pdf
from pipelines.audit_command import export_pdf, show_export, verify_file
from pipelines.errors import Refused, SurroundingsError
from pipelines.ledger import chain
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.rights import Person
from pipelines.settings import Settings, read_settings
from tests.audit.staging import ANNA, LAUNCH, run
from tests.audit.test_audit_command import printed

NOW = LAUNCH + timedelta(days=1)
CY = Person("cy", "reviewer")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of an empty home."""
    return read_settings(tmp_path / "home", create=True)


@pytest.fixture
def books(settings: Settings) -> Iterator[Engine]:
    """Return the ledger of that home, in which a campaign has run."""
    ledger = open_ledger(ledger_url(settings.home, ""))
    run(ledger, "shoes")
    yield ledger
    ledger.dispose()


def unpacked(pdf: bytes) -> list[bytes]:
    """Return what the streams of a PDF hold."""
    packed = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return [zlib.decompress(each) for each in packed if each[:1] == b"x"]  # as zlib begins


def texts(pdf: bytes) -> list[str]:
    """Return all that is written in a PDF, read by each of its fonts in turn: one of them is right for each piece."""
    parts = unpacked(pdf)
    fonts = [
        {key: bytes.fromhex(told.decode()).decode("utf-16-be") for key, told in re.findall(rb"<(\w{4})> <(\w+)>", part)}
        for part in parts
        if b"beginbfchar" in part
    ]
    drawn = b"\n".join(part for part in parts if b" Tf" in part)
    glyphs = re.findall(rb"<(\w{4})>", drawn)
    return ["".join(font.get(glyph, "\0") for glyph in glyphs) for font in fonts]


def test_the_report_is_one_pdf_that_the_chain_knows(settings: Settings, books: Engine, tmp_path: Path) -> None:
    """It holds name, text and the head as it was; its sha256 stands in the chain: a changed one is found out."""
    with books.connect() as connection:
        head = chain.head(connection).hash

    told = export_pdf(settings, "shoes", tmp_path / "out", NOW, CY)

    made = Path(told["file"])
    written = texts(made.read_bytes())
    assert (made.name, made.read_bytes()[:5]) == ("audit-shoes-20261121T120000Z.pdf", b"%PDF-")
    for words in (
        "Trail shoes <are> back",
        "the trail shoes are back & waiting.",
        "The shop is open today only.",
        head,
    ):
        assert any(words in text for text in written), words
    assert any(f"Chain of 4 entries, head {head}" in text for text in written)
    assert not any(ANNA in text for text in written)
    with books.connect() as connection:
        last = list(chain.entries(connection, "shoes"))[-1]
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    assert (last.action, last.actor, digest in last.detail) == ("report_exported", "cy", True)
    assert (told["sha256"], told["entries"], told["logs"]) == (digest, 5, False)
    assert digest in printed(show_export, told)
    assert verify_file(settings, made)["ok"]
    made.write_bytes(made.read_bytes() + b"\n")
    assert "No entry of the chain knows" in verify_file(settings, made)["faults"][0]


def test_nobody_without_the_right_gets_one(settings: Settings, tmp_path: Path) -> None:
    """And nothing is written."""
    with pytest.raises(Refused, match="may not export a campaign"):
        export_pdf(settings, "shoes", tmp_path / "out", NOW, Person("gil", "growth"))
    assert not (tmp_path / "out").exists()


def test_nothing_is_fetched(tmp_path: Path) -> None:
    """Neither from the network nor from the disk, whatever a page names."""
    asked = []

    class Listening(BaseHTTPRequestHandler):
        """Notes who asks."""

        def do_GET(self) -> None:
            """Note it."""
            asked.append(self.path)
            self.send_error(404)

    secret = tmp_path / "secret.txt"
    secret.write_text("a secret of this machine")
    with HTTPServer(("127.0.0.1", 0), Listening) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        made = pdf_of(
            f'<link rel="stylesheet" href="{address}/a.css"><link rel="attachment" href="{secret.as_uri()}">'
            f'<img src="{address}/b.png"><style>@font-face {{ font-family: x; src: url({address}/c.woff) }}</style>'
            f'<p style="font-family: x; background: url({address}/d.png)">Nothing</p>'
        )
        server.shutdown()

    assert made.startswith(b"%PDF-")
    assert asked == []
    assert not any(secret.read_bytes() in part for part in unpacked(made))


@pytest.mark.parametrize(
    ("fault", "hint"), [("ImportError", r'pip install "clear-to-send\[pdf\]"'), ("OSError", "libpangoft2-1.0-0")]
)
def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, hint: str) -> None:
    """WeasyPrint itself, or the library that it draws with."""
    (tmp_path / "weasyprint.py").write_text(f"raise {fault}('gone')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    why_no_pdf.cache_clear()
    try:
        with pytest.raises(SurroundingsError, match=hint):
            pdf_of("<p>Nothing</p>")
    finally:
        why_no_pdf.cache_clear()
