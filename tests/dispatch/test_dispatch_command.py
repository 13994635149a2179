"""What is looked at before anything is sent."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from pipelines.dispatch_command import run_dispatch, token_of
from pipelines.errors import PolicyUnknown, Refused, UsageError
from pipelines.settings import Settings, read_settings
from tests.sandbox.serving import START

PAGE = "1084"


def settings(folder: Path, text: str = "") -> Settings:
    """Return the settings of a home."""
    (folder / "settings.toml").write_text(text, encoding="utf-8")
    return read_settings(folder)


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("messages_per_second = 41", UsageError, "1 to 40 messages a second, not 41"),
        ('graph_version = "v12.0"', (Refused, PolicyUnknown), "v12"),
        ('graph_version = "v99.0"', PolicyUnknown, "v99"),
        ('graph_url = "ftp://example.com"', UsageError, "graph_url is no address"),
    ],
)
def test_a_setting_that_cannot_be_is_a_sentence(
    tmp_path: Path, text: str, error: type[Exception] | tuple[type[Exception], ...], said: str
) -> None:
    """Before the ledger is asked for work."""
    with pytest.raises(error, match=said):
        run_dispatch(settings(tmp_path, text), lambda: START, Console(quiet=True), until_empty=True)


def test_an_empty_ledger_is_no_work(tmp_path: Path) -> None:
    """Nothing waits for a person, and how far the trail goes is kept."""
    assert run_dispatch(settings(tmp_path), lambda: START, Console(quiet=True), until_empty=True)
    assert (tmp_path / "audit-heads.jsonl").exists()


@pytest.mark.parametrize(
    ("url", "made_up"),
    [
        ("http://127.0.0.1:8400", True), ("http://localhost:8400", True), ("http://[::1]:8400", True),
        ("https://graph.facebook.com", False), ("http://127.0.0.1.example.com", False),
    ],
)  # fmt: skip
def test_only_a_sandbox_on_this_machine_gets_a_made_up_token(tmp_path: Path, url: str, made_up: bool) -> None:
    """A real Graph API gets the one that was set, or none."""
    token = token_of(settings(tmp_path, f'graph_url = "{url}"'), PAGE)

    assert (token == SecretStr(f"sandbox-{PAGE}")) if made_up else token is None
    assert token_of(settings(tmp_path, f'graph_url = "{url}"\n[access_tokens]\n{PAGE} = "EAAG"'), PAGE) == SecretStr(
        "EAAG"
    )
