"""The app in a process of its own, and a headless Chromium to look at it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright import sync_api

WAIT_MS = 240_000
sync_api.expect.set_options(timeout=WAIT_MS)  # a slow machine is no fault; what never comes still fails
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def require_browser() -> None:
    """Skip the module where no Chromium is installed, unless that is a failure here."""
    if not CHROMIUM and os.environ.get("CLEAR_TO_SEND_REQUIRE_BROWSER") != "1":
        pytest.skip(
            "no Chromium is installed; CLEAR_TO_SEND_REQUIRE_BROWSER=1 makes that a failure", allow_module_level=True
        )


@contextmanager
def served(home: Path, moment: datetime) -> Iterator[str]:
    """Serve a home on a free port of this machine, as of a moment; give the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    surroundings = os.environ | {
        "CLEAR_TO_SEND_HOME": str(home),
        "CLEAR_TO_SEND_AS_OF": f"{moment.isoformat()}Z",
        "CLEAR_TO_SEND_DEMO": "1",
    }
    serve = (
        "from rich.console import Console; from dashboard.app import home, main; "
        "from pipelines.settings import read_settings; "
        f"main(read_settings(home()), '127.0.0.1', {port}, Console(stderr=True))"
    )
    with subprocess.Popen([sys.executable, "-c", serve], env=surroundings) as app:
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            app.terminate()


@contextmanager
def blank_page(address: str) -> Iterator[sync_api.Page]:
    """Give a blank page of a headless Chromium that downloads nothing by itself."""
    switches = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=switches)
        page = browser.new_page(viewport={"width": 1440, "height": 1000}, timezone_id="Europe/Paris", base_url=address)
        page.set_default_timeout(WAIT_MS)
        yield page
        browser.close()


def wait_for(url: str) -> None:
    """Wait until something answers at an address."""
    for _ in range(300):
        try:
            urlopen(url, timeout=1).close()  # noqa: S310  the app that this test has started
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"Nothing answers at {url}.")
