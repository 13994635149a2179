"""The command lists what is open, and sends a test message wherever alerts are told."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from pipelines.alerts_command import alerts
from pipelines.errors import Refused, UsageError
from tests.alerts.raised import NOW, condition, look
from tests.alerts.servers import Webhook


def run(*words: str | Path) -> Result:
    """Run `clear-to-send alerts WORDS` at a fixed moment."""
    return CliRunner().invoke(alerts, [str(word) for word in words], obj=lambda _: NOW)


def set_up(home: Path, text: str) -> None:
    """Write the settings of a home."""
    (home / "settings.toml").write_text(text, encoding="utf-8")


def test_it_lists_what_is_open(ledger: Engine, tmp_path: Path) -> None:
    """As words, and as one object."""
    nobody = run("--home", tmp_path).stdout
    look(ledger, NOW, condition(), condition(topic="launch"))
    said = run("--home", tmp_path).stdout
    told = json.loads(run("--home", tmp_path, "--json").stdout)

    assert "Nothing was looked at yet" in nobody
    assert "Tokens are about to die, since 2026-11-22 12:00 UTC." in said
    assert "2 alerts are open; last looked at 0 min ago." in said
    assert told["checked_at"] == "2026-11-22T12:00:00Z"
    assert {(each["topic"], each["title"]) for each in told["alerts"]} == {
        ("launch", "Tokens are about to die"),
        ("restock:boots", "Tokens are about to die"),
    }
    look(ledger, NOW)
    assert "No alert is open; last looked at 0 min ago." in run("--home", tmp_path).stdout


def test_a_test_message_says_what_happened(empty: Path, tmp_path: Path, slack: Webhook) -> None:
    """One channel takes it, another is not there: the exit code tells."""
    set_up(tmp_path, f'[alerts]\nslack_webhook = "{slack.url}"\n')
    good = run("test", "--home", tmp_path, "--as-user", "Mei")
    set_up(
        tmp_path,
        f'[alerts]\nslack_webhook = "{slack.url}"\nmail_to = ["a@b.example"]\n'
        '[mail]\nhost = "127.0.0.1"\nport = 9\nsender = "c@d.example"\n',
    )
    half = run("test", "--home", tmp_path, "--json")

    assert (good.exit_code, good.stdout) == (0, "slack: delivered. 127.0.0.1 took it.\n")
    assert "Mei sent this" in str(slack.taken[0])
    assert half.exit_code == 1
    assert [each["outcome"] for each in json.loads(half.stdout)["channels"]] == ["delivered", "failed"]
    assert "secret" not in good.output + half.output


def test_a_home_without_channels_is_told_how_to_set_one(tmp_path: Path) -> None:
    """It is no success to have told nobody."""
    assert isinstance(run("test", "--home", tmp_path).exception, UsageError)


def test_only_who_may_operate_sends_one(tmp_path: Path, slack: Webhook) -> None:
    """Where people sign in, a reviewer does not."""
    set_up(
        tmp_path,
        'public_url = "https://clear.example"\n[access]\nmetadata_url = "https://id.example/x"\nclient_id = "a"\n'
        'client_secret = "b"\ncookie_secret = "01234567890123456789012345678901"\n'
        f'roles = {{ reviewer = ["mei@shop.example"] }}\n[alerts]\nslack_webhook = "{slack.url}"\n',
    )
    result = run("test", "--home", tmp_path, "--as-user", "mei@shop.example")

    assert isinstance(result.exception, Refused)
    assert slack.taken == []


@pytest.mark.parametrize(
    "text", ["[alerts]\ntokens_die = 0\n", "[report]\nevery = 'hourly'\n", "[mail]\nfrom = 'x'\n"]
)  # fmt: skip
def test_a_wrong_setting_is_a_sentence(tmp_path: Path, text: str) -> None:
    """With the name of the setting."""
    set_up(tmp_path, text)

    error = run("--home", tmp_path).exception
    assert isinstance(error, UsageError)
    assert "the setting " in str(error)
