"""Every act by every role: it is asked for where it is done, and who may not leaves no trace of it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest
from sqlalchemy import select

from dashboard import reviewing
from dashboard.exports import export
from dashboard.scope import Bounds, Scope
from pipelines import audit_command
from pipelines.campaign_home import CampaignHome
from pipelines.errors import ClearToSendError, Refused
from pipelines.ledger.schema import metadata
from pipelines.ledger.store import ledger_of
from pipelines.rights import ROLES, Person, Right, Role
from pipelines.settings import read_settings
from pipelines.warehouse import Warehouse
from tests.commands import run_command
from tests.conftest import NOW
from tests.synthetic import MOMENT, make_home

Act = Callable[[Path, Person], object]
ALLOWED: dict[Right, set[Role]] = {
    "see": {"viewer", "growth", "reviewer", "admin"},
    "see_ids": {"reviewer", "admin"},
    "export": {"growth", "reviewer", "admin"},
    "write": {"growth", "admin"},
    "send": {"growth", "admin"},
    "pause": {"growth", "reviewer", "admin"},
    "approve": {"reviewer", "admin"},
    "review": {"reviewer", "admin"},
    "audit": {"reviewer", "admin"},
    "forget": {"admin"},
    "operate": {"admin"},
}
FILE = Path(__file__).parent.parent / "data" / "samples" / "campaign.toml"
GROUP = {"group_key": "g", "page_id": "1", "rule": "r", "last_at": pd.Timestamp(NOW)}


def campaign(act: Callable[[CampaignHome, Person], object]) -> Act:
    """Return an act in an open home."""

    def in_home(home: Path, by: Person) -> object:
        with CampaignHome.open(home, NOW) as here:
            return act(here, by)

    return in_home


def decide(home: Path, by: Person) -> object:
    """Decide on a group of findings."""
    return reviewing.decide(home, pd.DataFrame([GROUP]), "reviewed", "It may stand.", by, NOW)


def download(home: Path, by: Person) -> object:
    """Ask for rows as a file."""
    with Warehouse.open(home / "warehouse.duckdb") as warehouse:
        scope = Scope(MOMENT)
        return export(warehouse, "inventory.token_rows", scope, Bounds().values(), "csv", lambda: by, "key")


ACTS: dict[str, tuple[Right, Act]] = {
    "write": ("write", campaign(lambda here, by: here.write(FILE, by, "new"))),
    "rewrite": ("write", campaign(lambda here, by: here.rewrite("none", FILE, by))),
    "check": ("write", campaign(lambda here, by: here.check("none", by))),
    "approve": ("approve", campaign(lambda here, by: here.approve("none", by, "fine"))),
    "launch": ("send", campaign(lambda here, by: here.launch("none", by))),
    "pause": ("pause", campaign(lambda here, by: here.pause("none", by, ""))),
    "resume": ("send", campaign(lambda here, by: here.resume("none", by, ""))),
    "cancel": ("send", campaign(lambda here, by: here.cancel("none", by, ""))),
    "settle": ("approve", campaign(lambda here, by: here.settle("none", [], arrived=True, by=by, why="seen"))),
    "pause_all": ("pause", campaign(lambda here, by: here.pause_all(by, ""))),
    "release_all": ("operate", campaign(lambda here, by: here.release_all(by, ""))),
    "every": ("see", campaign(lambda here, by: here.every(by))),
    "told": ("see", campaign(lambda here, by: here.told("none", by))),
    "outcome": ("see", campaign(lambda here, by: here.outcome("none", by))),
    "evidence": ("audit", lambda home, by: audit_command.export(read_settings(home), "none", home / "out", NOW, by)),
    "trace": ("audit", lambda home, by: audit_command.trace(read_settings(home), 1, by)),
    "trace_ids": ("see_ids", lambda home, by: audit_command.trace(read_settings(home), 1, by, show_ids=True)),
    "decide": ("review", decide),
    "download": ("export", download),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a warehouse and a ledger."""
    home = make_home(tmp_path_factory.mktemp("rights") / "home")
    with CampaignHome.open(home, NOW):
        return home


@pytest.fixture(scope="module")
def written(home: Path) -> Iterator[Callable[[], object]]:
    """Return what reads all that the ledger holds."""
    with ledger_of(home, "") as engine:

        def read() -> dict[str, list[Any]]:
            with engine.connect() as connection:
                tables = metadata.sorted_tables
                return {table.name: [tuple(row) for row in connection.execute(select(table))] for table in tables}

        yield read


@pytest.mark.parametrize("right", get_args(Right))
def test_a_right_belongs_to_these_roles(right: Right) -> None:
    """As the table above says, and to nobody without a role."""
    assert {role for role in ROLES if Person("ann", role).may(right)} == ALLOWED[right]
    with pytest.raises(Refused, match="ann has no role here, and may not dance"):
        Person("ann", None).must(right, "dance")


@pytest.mark.parametrize("role", [*ROLES, None])
@pytest.mark.parametrize("act", ACTS)
def test_every_act_by_every_role(home: Path, written: Callable[[], object], act: str, role: Role | None) -> None:
    """Refused with the roles that may and with nothing written; or done, or turned down for another reason."""
    right, do = ACTS[act]
    before = written()

    if role in ALLOWED[right]:
        try:
            do(home, Person("ann@example.com", role))
        except ClearToSendError as error:
            assert "may not" not in str(error)
    else:
        with pytest.raises(Refused, match=r"may not .* That needs one of the roles"):
            do(home, Person("ann@example.com", role))
        assert written() == before


@pytest.fixture
def asking(tmp_path: Path) -> Path:
    """Return a home in which people sign in."""
    (tmp_path / "settings.toml").write_text(
        """
        public_url = "https://app.example.com"
        [access]
        metadata_url = "https://id.example.com/.well-known/openid-configuration"
        client_id = "c"
        client_secret = "s"
        cookie_secret = "0123456789abcdef0123456789abcdef"
        [access.roles]
        growth = ["Gus@example.com"]
        reviewer = ["rita@example.com"]
        """,
        encoding="utf-8",
    )
    return tmp_path


def test_a_command_has_the_rights_of_whom_it_names(asking: Path) -> None:
    """Where people sign in, a name counts for what the lists say of it; one that they do not know is refused."""

    def run(*words: str, by: str) -> tuple[int, str]:
        code, out, err = run_command("campaign", *words, "--home", asking, "--as-of", NOW.isoformat(), "--as-user", by)
        return code, out + err

    code, said = run("new", str(FILE), "--id", "shoes", by="ann")
    assert (code, "mail addresses under [access] roles" in said) == (1, True)
    code, said = run("new", str(FILE), "--id", "shoes", by="rita@example.com")
    assert (code, "rita@example.com is reviewer, and may not write a campaign" in said) == (1, True)
    code, said = run("new", str(FILE), "--id", "shoes", "--json", by="GUS@example.com")
    assert (code, json.loads(said)["author"]) == (0, "gus@example.com")
    code, said = run("pause-all", by="rita@example.com")
    assert code == 0
    code, said = run("release-all", by="rita@example.com")
    assert (code, "That needs one of the roles admin" in said) == (1, True)
