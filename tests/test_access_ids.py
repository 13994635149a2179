"""People by pseudonym or by id, as the role that looks may see them: on pages, in what is kept for them, in exports."""

from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import reads
from dashboard.exports import export
from dashboard.home import close_warehouses
from dashboard.scope import Bounds, Scope
from pipelines.errors import Refused
from pipelines.rights import ROLES, Person, Role
from pipelines.warehouse import Warehouse
from tests.opened_page import opened, words
from tests.synthetic import MOMENT, make_home

SEE_IDS = {"reviewer", "admin"}
EXPORTS: dict[str, dict[str, Any]] = {
    "inventory.token_rows": Bounds().values(),
    "overview.people_with_token": {},
    "overview.people_who_wrote": {"lane": "window", "window_hours": 24, "human_agent_days": 7},
    "overview.people_out_of_reach": {"window_hours": 24, "human_agent_days": 7},
    "health.rejects": {"reason": None},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with the synthetic warehouse."""
    return make_home(tmp_path_factory.mktemp("ids"))


@pytest.fixture(scope="module")
def psids(warehouse: Warehouse) -> set[str]:
    """Return the ids of all people in the synthetic warehouse, but for those that other text may hold by chance."""
    found = warehouse.cursor().execute("SELECT DISTINCT psid FROM contacts WHERE length(psid) > 10").fetchall()
    return {row[0] for row in found} | {"7000000000099999"}  # who stands in a line that was set aside


def holds_ids(text: str, psids: set[str]) -> bool:
    """Say whether anybody's id stands in a text."""
    return any(psid in text for psid in psids)


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_by_every_role(warehouse: Warehouse, psids: set[str], name: str) -> None:
    """Ids for those who may see them, pseudonyms for those who may not, to a viewer nothing; and tokens never whole."""
    secrets = {row[0] for row in warehouse.cursor().execute("SELECT token FROM tokens").fetchall()}
    told: dict[Role, str] = {}
    for role in ROLES:
        try:
            data = export(warehouse, name, Scope(MOMENT), EXPORTS[name], "csv", partial(Person, "ann", role), "key")
            told[role] = data.decode()
        except Refused:
            assert role == "viewer"

    assert set(told) == {"growth", "reviewer", "admin"}
    assert {role for role, text in told.items() if holds_ids(text, psids)} == SEE_IDS
    assert not [text for text in told.values() if "SECRET" in text or any(secret in text for secret in secrets)]


def test_a_right_that_is_lost_after_the_page_was_drawn(warehouse: Warehouse, psids: set[str]) -> None:
    """Who asks is asked for when the file is: first an admin, then a growth manager, then nobody."""
    now = iter([Person("ann", "admin"), Person("ann", "growth"), Person("", None)])
    files = [
        export(warehouse, "inventory.token_rows", Scope(MOMENT), Bounds().values(), "csv", lambda: next(now), "key")
        for _ in range(2)
    ]

    assert [holds_ids(file.decode(), psids) for file in files] == [True, False]
    with pytest.raises(Refused, match="Nobody has no role here, and may not download rows"):
        export(warehouse, "inventory.token_rows", Scope(MOMENT), Bounds().values(), "csv", lambda: next(now), "key")


def test_the_same_person_has_the_same_pseudonym_everywhere(cursor: duckdb.DuckDBPyConnection) -> None:
    """It depends on home, Page and person; an empty key is a weak key, and never shows ids."""
    reads.know_people(cursor)

    def shown(key: str | None, page: str = "1", psid: str = "7001") -> str:
        row = cursor.execute("SELECT person_of($key::VARCHAR, $page, $psid)", {"key": key, "page": page, "psid": psid})
        return str(row.fetchall()[0][0])

    assert shown(None) == "7001"
    assert shown("") != "7001"
    assert len({shown("a"), shown("b"), shown("a", page="2"), shown("a", psid="7002")}) == 4
    assert shown("a") == shown("a")


def everything(page: AppTest) -> str:
    """Return all that stands on a page, tables too."""
    return words(page) + "\n".join(each.value.to_csv() for each in page.dataframe)


EVERY_ROLE: tuple[Role, ...] = ("admin", "viewer", "reviewer", "growth")


@pytest.mark.parametrize(
    ("view", "roles"),
    [
        ("inventory", EVERY_ROLE), ("overview", EVERY_ROLE[:2]), ("health", EVERY_ROLE[:2]),
        pytest.param("overview", EVERY_ROLE[2:], marks=pytest.mark.deep),
        pytest.param("health", EVERY_ROLE[2:], marks=pytest.mark.deep),
    ],
)  # fmt: skip
def test_a_page_by_every_role(
    home: Path, psids: set[str], view: str, roles: tuple[Role, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after another in one process: nobody is given what was kept for somebody else."""
    try:
        for role in roles:
            page = opened(monkeypatch, home, view, role=role, close=False)
            assert not page.exception
            assert holds_ids(everything(page), psids) == (role in SEE_IDS), role
            buttons = [each.proto.label for each in page.get("download_button")]
            assert bool(buttons) == (role != "viewer")
    finally:
        close_warehouses()
