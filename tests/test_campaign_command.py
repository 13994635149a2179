"""The whole life of a campaign by commands, as a user meets them: JSON on stdout, words, sentences and exit codes."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.commands import run_command
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, BEN, PAGE, message, otn
from tests.plan.worlds import DAY, HOUR, open_world

FILE = f"""
name = "Shoes are back"
page_id = "{PAGE}"
purpose = "promotional"
topic = "restock:trail-shoes"
lanes = ["standard_window", "otn"]
text = "Hi {{{{first_nam|there}}}}, the trail shoes that you asked about are back in stock."
not_after = 2026-11-24T00:00:00Z
"""


class Office:
    """A home, and a folder for campaign files."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, *words: str, by: str = "", as_json: bool = False) -> tuple[int, str, str]:
        """Run `clear-to-send campaign …`. Returns exit code, stdout, stderr."""
        user = ["--as-user", by] if by else []
        more = ["--home", str(self.home), "--as-of", NOW.isoformat(), *user, *(["--json"] if as_json else [])]
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("CLEAR_TO_SEND_")}
        code, out, err = run_command("campaign", *words, *more, env=surroundings)
        assert "Traceback" not in err
        return code, out, err

    def told(self, *words: str, by: str = "ann", code: int = 0) -> dict[str, Any]:
        """Run it with --json, and return the one object that it prints."""
        exit_code, out, err = self.run(*words, by=by, as_json=True)
        assert exit_code == code, err
        told: dict[str, Any] = json.loads(out)
        assert len(out.splitlines()) == 1
        return told

    def status(self) -> str:
        """Return where the campaign is."""
        return str(self.told("status", "shoes", by="")["status"])

    def refusal(self, code: int, *words: str, by: str = "ann") -> str:
        """Run it, and return the sentence with which it is refused; stdout stays empty."""
        exit_code, out, err = self.run(*words, by=by)
        assert (exit_code, out) == (code, ""), err
        return err

    def file(self, name: str = "shoes.toml", text: str = FILE) -> str:
        """Write a campaign file."""
        path = self.home.parent / name
        path.write_text(text, encoding="utf-8")
        return str(path)


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory, policy: Any) -> Path:
    """Return a home in which Anna holds a token, Ben has just written, and shoes is a draft."""
    home = Home(tmp_path_factory.mktemp("office") / "home", policy)
    world = open_world(home)
    world.load(otn(ANNA, NOW - 9 * DAY, "t1"), message(BEN, NOW - HOUR, "m_1"))
    world.ledger.dispose()
    made = Office(home.folder)
    assert made.told("new", made.file(), "--id", "shoes")["status"] == "draft"
    return home.folder


@pytest.fixture
def office(drafted: Path, tmp_path: Path) -> Office:
    """Return an office of its own, with a draft."""
    shutil.copytree(drafted, tmp_path / "home")
    return Office(tmp_path / "home")


def test_a_campaign_lives_by_commands(office: Office) -> None:
    """From the check to its end; `status` has the keys that programs read."""
    checked = office.told("check", "shoes")
    assert (checked["status"], checked["checked"]["verdict"]) == ("checked", "pass")
    assert "a second person approves" in office.refusal(1, "approve", "shoes")
    assert office.told("approve", "shoes", by="ben")["status"] == "approved"
    everything_stops_and_starts_again(office)
    launched = office.told("launch", "shoes")
    assert (launched["status"], launched["changes"]) == ("sending", [])

    status = office.told("status", "shoes", by="")
    assert {"id", "status", "counts", "lanes", "findings"} <= status.keys()
    assert (status["id"], status["counts"], status["findings"]) == ("shoes", {"queued": 2}, [])
    assert {each["lane"]: each["people"] for each in status["lanes"]} == {"standard_window": 1, "otn": 1}

    assert office.told("pause", "shoes", "--reason", "wait")["status"] == "paused"
    assert office.told("resume", "shoes")["status"] == "sending"
    assert "1 campaigns were sending: shoes" in office.run("pause-all", by="eve")[2]
    assert "0 sends are settled" in office.run("settle", "shoes", "--arrived", "--reason", "seen", by="ann")[2]
    assert office.told("cancel", "shoes", "--reason", "enough")["counts"] == {"cancelled": 2}
    assert "shoes is cancelled: it cannot become sending" in office.refusal(1, "resume", "shoes")
    assert [each["campaign_id"] for each in office.told("list", by="")["campaigns"]] == ["shoes"]
    assert (office.home / "audit-heads.jsonl").read_text().count("\n") >= 6


def everything_stops_and_starts_again(office: Office) -> None:
    """Nothing is launched in between."""
    assert "Everything is stopped" in office.run("pause-all", "--reason", "fire", by="eve")[2]
    assert "eve stopped everything (fire)" in office.refusal(1, "launch", "shoes")
    assert office.status() == "approved"
    assert "Campaigns may start again" in office.run("release-all", "--reason", "out", by="eve")[2]


def test_words_say_what_a_program_reads_from_json(office: Office) -> None:
    """Who gets it and who does not, what is unproven, a field that no column fills, and what comes next."""
    code, out, _ = office.run("check", "shoes", by="ann")
    assert code == 0
    for part in (
        "2 of 2 people get it; that costs 1 one-time tokens", "is unproven here", "No finding stands against it",
        "The field first_nam is no column", "everybody reads its fallback", "Nothing goes out after 2026-11-24 00:00",
        "Next: a second person's clear-to-send campaign approve shoes",
    ):  # fmt: skip
        assert part in out, part
    assert "shoes" in office.run("list")[1]


def test_a_blocked_campaign_ends_with_1_and_says_why(office: Office) -> None:
    """With the rule, its source and what to do; in words and as JSON."""
    text = FILE.replace('lanes = ["standard_window", "otn"]', 'lanes = ["tag:ACCOUNT_UPDATE"]')
    office.told("edit", "shoes", office.file("tag.toml", text))
    found = office.told("check", "shoes", code=1)
    assert {"tag.account_update"} <= {each["rule"] for each in found["findings"]}
    out = office.run("status", "shoes")[1]
    assert "Blocked: a finding stands against it." in out
    assert "Written in: " in out
    assert "no reason lets it pass" in office.refusal(1, "approve", "shoes", "--reason", "please", by="ben")


def test_a_command_that_nobody_signs_does_nothing(office: Office) -> None:
    """Exit 2, for each that is written down."""
    for words in (
        ["new", office.file()], ["check", "shoes"], ["approve", "shoes"], ["launch", "shoes"], ["pause", "shoes"],
        ["pause-all"],
    ):  # fmt: skip
        assert "--as-user" in office.refusal(2, *words, by=""), words
    assert office.status() == "draft"


def test_wrong_words_are_named(office: Office) -> None:
    """Exit 2: an id that is not there, one that is taken, one that is none, a file that is none or is wrong."""
    assert "There is no campaign shoe. Near it: shoes." in office.refusal(2, "status", "shoe", by="")
    assert "There is a campaign shoes already" in office.refusal(2, "new", office.file(), "--id", "shoes")
    assert "small letters, digits and hyphens" in office.refusal(2, "new", office.file(), "--id", "Shoes!")
    assert "There is no campaign file" in office.refusal(2, "new", "none.toml")
    wrong = office.file("wrong.toml", FILE.replace("purpose", "porpoise"))
    assert "Did you mean purpose?" in office.refusal(2, "new", wrong)
    assert "Say how you know" in office.refusal(2, "settle", "shoes", "--arrived")


def test_a_home_without_a_warehouse_has_nobody_to_write_to(office: Office) -> None:
    """Exit 3, and how to get one; what needs the ledger alone goes on."""
    (office.home / "warehouse.duckdb").unlink()
    assert "clear-to-send load PATH" in office.refusal(3, "check", "shoes")
    assert office.status() == "draft"
    assert "no home folder" in Office(office.home / "none").refusal(3, "list", by="")


def test_a_locked_warehouse_names_its_holder(office: Office) -> None:
    """Exit 3; the campaign is as it was."""
    with duckdb.connect(str(office.home / "warehouse.duckdb")):
        err = office.refusal(3, "check", "shoes")
    assert "in use by process" in err
    assert str(os.getpid()) in err
    assert office.status() == "draft"


def test_an_id_is_made_of_the_name(office: Office) -> None:
    """Each time another."""
    first, second = (office.told("new", office.file())["id"] for _ in range(2))

    assert first != second
    assert first.startswith("shoes-are-back-")
