"""The commands as a user meets them: words on stderr, JSON on stdout, exit codes, and errors that are sentences."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines.policy import Policy
from tests.commands import run_command
from tests.conftest import Home
from tests.deliveries import ANNA, BEN, NOON, Item, delivery, message, otn, write_lines

NOW = "2026-11-22T12:00:00Z"


def write_log(folder: Path, first: Item) -> Path:
    """Write a log of three lines, one of them junk."""
    return write_lines(folder / "logs" / "a.jsonl", delivery(first), "junk", delivery(message(BEN, NOON, "m_1")))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return such a log without a token: the first load of one makes a forecast, which takes its time."""
    return write_log(tmp_path, message(ANNA, NOON, "m_0"))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a log loaded that has a token, to be copied."""
    folder = tmp_path_factory.mktemp("loaded")
    log = write_log(folder, otn(ANNA, NOON, "t1"))
    assert run_command("load", log, "--home", folder / "home", "--as-of", NOW)[0] == 0
    return folder


@pytest.fixture
def home(tmp_path: Path, loaded: Path) -> Path:
    """Return a home with that log loaded."""
    shutil.copytree(loaded, tmp_path, dirs_exist_ok=True)
    return tmp_path / "home"


def test_forecast_prints_days_topics_and_advice(home: Path) -> None:
    """As one object; the words name the topic, and a second run makes nothing anew."""
    code, out, err = run_command("forecast", "--home", home, "--json", "--as-of", NOW)
    report = json.loads(out)
    assert code == 0, err
    assert [topic["count_held"] for topic in report["topics"]] == [1]
    assert {day["measure"] for day in report["days"]} == {"held", "died", "gained", "spent"}
    assert report["advice"]
    code, out, _ = run_command("forecast", "--home", home, "--as-of", NOW)
    assert code == 0
    assert "restock:trail-shoes" in out


def test_the_first_load_of_a_day_makes_the_forecast_and_later_ones_leave_it(home: Path, tmp_path: Path) -> None:
    """The command makes it anew where more was loaded."""
    later = write_lines(tmp_path / "later.jsonl", delivery(otn(BEN, NOON, "t2")))
    code, _, err = run_command("load", later, "--home", home, "--as-of", NOW)
    assert (code, "forecast" in err) == (0, False)
    _, out, _ = run_command("forecast", "--home", home, "--json", "--as-of", NOW)
    assert [topic["count_held"] for topic in json.loads(out)["topics"]] == [2]


def test_forecast_without_a_token_says_what_to_load(tmp_path: Path) -> None:
    """Exit 3 and a sentence."""
    log = write_lines(tmp_path / "a.jsonl", delivery(message(BEN, NOON, "m_1")))
    run_command("load", log, "--home", tmp_path / "home", "--as-of", NOW)
    code, out, err = run_command("forecast", "--home", tmp_path / "home", "--as-of", NOW)
    assert (code, out) == (3, "")
    assert "No token is in these logs" in err


def test_load_reports_numbers_that_add_up(tmp_path: Path, log: Path) -> None:
    """--json prints one object on stdout and nothing else."""
    code, out, err = run_command("load", log, "--home", tmp_path / "home", "--json")
    report = json.loads(out)
    assert code == 0
    assert (report["files"], report["lines"], report["events"], report["duplicates"], report["rejects"]) == (
        1,
        3,
        2,
        0,
        1,
    )
    assert report["seconds"] > 0
    assert "Traceback" not in err


def test_load_says_in_words_what_it_did(tmp_path: Path, log: Path) -> None:
    """Without --json stdout stays empty."""
    code, out, err = run_command("load", log, "--home", tmp_path / "home")
    assert (code, out) == (0, "")
    assert "3 lines = 2 with new events + 0 duplicates + 1 rejects" in err


def test_load_says_that_a_file_is_empty(tmp_path: Path) -> None:
    """Nothing went wrong, but somebody may have expected more."""
    (tmp_path / "empty.jsonl").touch()
    code, _, err = run_command("load", tmp_path / "empty.jsonl", "--home", tmp_path / "home")
    assert code == 0
    assert "not one line" in err


def test_load_reads_standard_input(tmp_path: Path, log: Path) -> None:
    """`-` stands for what is piped in."""
    code, out, _ = run_command("load", "-", "--home", tmp_path / "home", "--json", stdin=log.read_bytes())
    assert (code, json.loads(out)["events"]) == (0, 2)


def test_tokens_counts_by_page_kind_topic_and_state(home: Path) -> None:
    """As of any moment."""
    code, out, _ = run_command("tokens", "--home", home, "--as-of", NOW, "--json")
    inventory = json.loads(out)
    assert code == 0
    assert inventory["totals"] == {"available": 1, "reserved": 0, "spent": 0, "expired": 0, "revoked": 0, "stranded": 0}
    assert [(row["kind"], row["topic"], row["state"], row["tokens"]) for row in inventory["rows"]] == [
        ("otn", "restock:trail-shoes", "available", 1)
    ]
    assert (
        json.loads(run_command("tokens", "--home", home, "--as-of", "2028-01-01", "--json")[1])["totals"]["expired"]
        == 1
    )


def test_doctor_finds_a_well_home_well(home: Path) -> None:
    """Exit 0 when there is nothing to do."""
    code, out, _ = run_command("doctor", "--home", home, "--as-of", "2026-11-20T18:00:00", "--json")
    assert code == 0
    assert all(check["ok"] for check in json.loads(out)["checks"])


def test_doctor_says_what_is_stale(home: Path) -> None:
    """Old data and unverified rules are findings: exit 1."""
    code, _, err = run_command("doctor", "--home", home, "--as-of", "2027-11-20")
    assert code == 1
    assert "not verified for 90 days" in err
    assert "Read S01, " in err
    assert "set verified_on" in err
    assert "days ago" in err


def _refused(code: int, err: str, exit_code: int, *parts: str) -> None:
    assert code == exit_code
    assert "Traceback" not in err
    for part in parts:
        assert part in err


def test_no_home(tmp_path: Path) -> None:
    """The sentence says how to get one."""
    code, _, err = run_command("tokens", "--home", tmp_path / "none")
    _refused(code, err, 3, "no home folder", "clear-to-send load")


def test_home_without_warehouse(tmp_path: Path) -> None:
    """An empty home is told from none."""
    code, _, err = run_command("tokens", "--home", tmp_path)
    _refused(code, err, 3, "no warehouse yet", "clear-to-send load")


def test_empty_folder(tmp_path: Path) -> None:
    """The sentence says what would be read."""
    code, _, err = run_command("load", tmp_path, "--home", tmp_path / "home")
    _refused(code, err, 2, "holds no logs", ".jsonl")


def test_unreadable_file(tmp_path: Path, log: Path) -> None:
    """A file that cannot be opened is named; the others are loaded."""
    (tmp_path / "logs" / "b.jsonl").symlink_to(tmp_path / "logs" / "b.jsonl")
    code, out, err = run_command("load", tmp_path / "logs", "--home", tmp_path / "home", "--json")
    assert json.loads(out)["events"] == 2
    _refused(code, err, 3, "b.jsonl", "cannot be read")


def test_not_a_log(tmp_path: Path) -> None:
    """A file of something else becomes rejects, and the words say so."""
    (tmp_path / "access.log").write_text("127.0.0.1 GET /\n" * 5)
    code, _, err = run_command("load", tmp_path / "access.log", "--home", tmp_path / "home")
    _refused(code, err, 0, "5 rejects", "no webhook log")


def test_a_locked_warehouse_names_its_holder(home: Path, log: Path) -> None:
    """Another process owns the file: who, and what to do."""
    with duckdb.connect(str(home / "warehouse.duckdb")):
        code, _, err = run_command("load", log, "--home", home)
    _refused(code, err, 3, "in use by process", str(os.getpid()))


def test_a_warehouse_of_a_newer_version(home: Path) -> None:
    """It is left alone."""
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute("UPDATE warehouse_state SET schema_version = 99")
    code, _, err = run_command("tokens", "--home", home)
    _refused(code, err, 3, "newer Clear to Send")


def test_a_file_that_is_no_database(home: Path) -> None:
    """Nothing is stored only there, so the way out is to load again."""
    (home / "warehouse.duckdb").write_bytes(b"not a database" * 1000)
    code, _, err = run_command("tokens", "--home", home)
    _refused(code, err, 3, "cannot be read as a warehouse", "load the logs again")


@pytest.mark.parametrize(
    ("lines", "letters"), [(60_000, 150), pytest.param(15_000, 600, marks=pytest.mark.deep, id="at the last commit")]
)
def test_a_full_disk_keeps_what_was_loaded(small_disk: Path, tmp_path: Path, lines: int, letters: int) -> None:
    """The sentence says to make room, whether it fills while lines are read or when the last of them are kept."""
    log = tmp_path / "big.jsonl"
    with log.open("wb") as file:
        for number in range(lines):
            body = delivery(message(str(number), NOON, f"m_{number}", text=os.urandom(letters).hex()))
            file.write(json.dumps(body).encode() + b"\n")
    code, _, err = run_command("load", log, "--home", small_disk / "home")
    _refused(code, err, 3, "full", "run the command again")


@pytest.mark.parametrize(
    ("text", "says"),
    [("colour = 1", "colour"), ("topics = 3", "topics"), ("= broken", "not valid TOML")],
)
def test_wrong_settings_are_named(home: Path, text: str, says: str) -> None:
    """The file and the setting stand in the sentence."""
    (home / "settings.toml").write_text(text)
    code, _, err = run_command("tokens", "--home", home)
    _refused(code, err, 2, "settings.toml", says)


def test_a_moment_that_is_none(home: Path) -> None:
    """The sentence shows how one is written."""
    code, _, err = run_command("tokens", "--home", home, "--as-of", "yesterday")
    _refused(code, err, 2, "--as-of yesterday", "2026-11-22")


def test_serve_stays_on_this_machine(home: Path) -> None:
    """Without sign-in no other address is served."""
    code, _, err = run_command("serve", "--home", home, "--host", "0.0.0.0")  # noqa: S104  the very thing to be refused
    _refused(code, err, 2, "this machine alone", "client_secret")


def test_the_demo_leaves_a_real_home_alone(home: Path) -> None:
    """Real logs are never deleted for a demo."""
    code, _, err = run_command("demo", "--home", home, "--no-browser")
    _refused(code, err, 2, "real home")


def test_sample_writes_logs_that_load(tmp_path: Path, policy: Policy) -> None:
    """The sample is a log like any other; to load it by the command would make a forecast of it too."""
    assert run_command("sample", tmp_path / "logs", "--events", "1000", "--as-of", NOW)[0] == 0
    assert Home(tmp_path / "home", policy).load(tmp_path / "logs").events > 500


def test_a_machine_without_a_browser_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo then says its address and serves."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("BROWSER", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    check = "from pipelines.demo import has_browser; raise SystemExit(has_browser())"

    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
