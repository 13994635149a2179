"""What a process says on stderr: one JSON object a line whoever speaks, and no secret in any of them."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from pydantic import SecretStr

from pipelines.masking import BLOT, Mask
from pipelines.settings import Access, Settings

APP_SECRET, ACCESS = "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "EAAGm0PX4ZCpsBAKZCZBfakefakefake"
PSID, TOKEN = "24000000000000001", "4211898989898989_one_time_token_of_anna"
SAYS = f"""
import logging, sys, threading, warnings
from pathlib import Path
import streamlit.logger
from pydantic import SecretStr
from pipelines.process_log import configure_logging
from pipelines.settings import Settings
settings = Settings(home=Path("home"), app_secret=SecretStr("{APP_SECRET}"))
own_handler = streamlit.logger.get_logger("streamlit.before")
configure_logging(settings, as_json=sys.argv[1] == "json", level=logging.DEBUG)
import uvicorn
uvicorn.Config(lambda: None)  # sets up handlers of its own
more = {{"campaign": "shoes", "count": 2}}
logging.getLogger("pipelines.any").info("to %s by %s", "{PSID}", "{APP_SECRET}", extra=more)
own_handler.warning("before {TOKEN}")
streamlit.logger.get_logger("streamlit.after").warning("after Bearer {ACCESS}")
streamlit.logger.update_formatter()
own_handler.debug("never shown: streamlit sets its own level")
logging.getLogger("uvicorn.error").error("sha256={"ab" * 32}")
logging.getLogger("uvicorn.access").info('%s - "%s"', "127.0.0.1", "GET /oauth2callback?code=abc123&state=xyz")
logging.getLogger("pipelines.any").error("wrong %d arguments", "{PSID}")
warnings.warn("a warning about {PSID}")
try:
    raise ValueError("token={TOKEN}")
except ValueError:
    logging.getLogger("pipelines.any").exception("failed")
thread = threading.Thread(target=lambda: int("x{PSID}"))
thread.start()
thread.join()
raise RuntimeError("the end of {APP_SECRET}")
"""


def said(form: str) -> tuple[list[str], str]:
    """Run a process in which many speak; return the lines of stderr, and stdout."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("CLEAR_TO_SEND_")}
    done = subprocess.run(
        [sys.executable, "-c", SAYS, form], capture_output=True, text=True, check=False, env=surroundings
    )
    assert done.returncode == 1
    return done.stderr.splitlines(), done.stdout


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    """Return what it said as JSON."""
    told, out = said("json")
    assert out == ""
    return [json.loads(line) for line in told]


def test_each_line_is_one_object_whoever_speaks(lines: list[dict[str, Any]]) -> None:
    """Ours, Streamlit's, uvicorn's, warnings, threads, and the error that ends it; each once."""
    found = [(line["logger"], line["level"]) for line in lines]
    assert found == [
        ("pipelines.any", "info"), ("streamlit.before", "warning"), ("streamlit.after", "warning"),
        ("uvicorn.error", "error"), ("uvicorn.access", "info"), ("pipelines.any", "error"), ("py.warnings", "warning"),
        ("pipelines.any", "error"), ("pipelines.process_log", "critical"), ("pipelines.process_log", "critical"),
    ]  # fmt: skip
    assert all(line["at"].endswith("Z") and "message" in line for line in lines)
    assert (lines[0]["campaign"], lines[0]["count"]) == ("shoes", 2)
    assert "ValueError" in lines[7]["error"]


@pytest.mark.parametrize("form", ["json", "words"])
def test_no_line_holds_what_was_hidden(form: str) -> None:
    """Neither in the message, nor in its arguments, nor in a traceback."""
    text = "\n".join(said(form)[0])
    for secret in (APP_SECRET, ACCESS, PSID, TOKEN, "ab" * 32, "abc123"):
        assert secret not in text
    assert text.count(BLOT) >= 9


@pytest.mark.parametrize(
    "text",
    [
        f"the person {PSID} wrote",
        f'{{"psid":"{PSID}"}}',
        f"https://graph.facebook.com/v26.0/me/messages?access_token={ACCESS}&fields=id",
        f"Authorization: Bearer {ACCESS}",
        f"X-Hub-Signature-256: sha256={'0a' * 32}",
        f"one_time_notif_token={TOKEN}",
        f"the token {TOKEN}",
        "postgresql://me:pass-word@host/name",
        "GET /oauth2callback?state=xyz&code=0/abc.def",
        'client_secret = "very-secret"',
        "secret is no-such-thing",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    """Also when no setting holds it."""
    settings = Settings(access=Access(client_secret=SecretStr("no-such-thing")))
    masked = Mask(settings)(text)
    assert BLOT in masked
    for secret in (PSID, ACCESS, TOKEN, "0a0a", "pass-word", "abc.def", "very-secret", "no-such-thing"):
        assert secret not in masked


@pytest.mark.parametrize(
    "text",
    [
        "20,000 events in 3 files", "campaign shoes-are-back-1a2b is sending", "HTTP 503 after 1795348800123 ms",
        "home/logs/webhook-20261122T120000-app-0001.jsonl.zst", "pipelines.receive.receiver", "2026-11-22T12:00:00Z",
        "test_each_own_route_has_its_limit_and_says_when", "exit code=3", "tokens: 3 are stranded",
    ],
)  # fmt: skip
def test_what_helps_is_not_hidden(text: str) -> None:
    """A log in which nothing can be read is none."""
    assert Mask()(text) == text
