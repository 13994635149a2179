"""A report as PDF: laid out by WeasyPrint, an optional extra, which gets its fonts from the system and nothing else."""

import logging
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from pipelines.errors import SurroundingsError

_INSTALL = 'pip install "clear-to-send[pdf]"'
_PANGO = "apt-get install libpango-1.0-0 libpangoft2-1.0-0"


def pdf_of(page: str) -> bytes:
    """Return a page of HTML as PDF. Nothing is fetched for it. Raises SurroundingsError where WeasyPrint is missing."""
    why = why_no_pdf()
    if why:
        raise SurroundingsError(why)
    weasyprint = import_module("weasyprint")
    made: bytes = weasyprint.HTML(string=page, base_url="about:blank", url_fetcher=_refusing()).write_pdf()
    return made


def is_pdf(file: Path) -> bool:
    """Say whether a file begins as a PDF does; False where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return opened.read(5) == b"%PDF-"
    except OSError:
        return False


@cache
def why_no_pdf() -> str:
    """Say what has to be installed before a PDF can be made; '' where nothing has."""
    for name in ("weasyprint", "weasyprint.progress"):  # it tells each step, and of each style meant for a screen
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        import_module("weasyprint")
    except ImportError:
        return f"A PDF needs WeasyPrint, which is not installed: {_INSTALL}"
    except OSError:
        return f"A PDF needs the library Pango, which is not installed; on Debian: {_PANGO}"
    return ""


def _refusing() -> Any:
    """Return what WeasyPrint asks for whatever a page names: a report holds all that it shows, so it gets nothing."""
    urls: Any = import_module("weasyprint.urls")

    class Refusing(urls.URLFetcher):  # type: ignore[misc]
        """Fetches nothing, neither from a network nor from a disk."""

        def fetch(self, url: str, headers: object = None) -> Any:  # noqa: ARG002  WeasyPrint's own signature
            """Refuse."""
            raise ValueError(f"Nothing is fetched for a report: {url}")

    return Refusing()
