"""What each role finds on the pages and in exports: ids where it may see them, and nowhere else."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dashboard import reads, reviewing
from dashboard.exports import export
from dashboard.home import close_warehouses, open_warehouse
from dashboard.linting import linter
from dashboard.scope import Bounds, Lanes, Scope
from dashboard.view import View
from pipelines.errors import Refused
from pipelines.lint.history import audit_history
from pipelines.policy import Policy
from pipelines.pseudonyms import pseudonym, pseudonym_key
from pipelines.rights import ROLES, Person, Role
from pipelines.spreadsheet import harmless
from pipelines.warehouse import Warehouse
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, BEN, NOON, PAGE, delivery, echo, message, otn, write_lines
from tests.opened_page import words
from tests.page_by_role import Desk, everything, page_of

CLEO = "24000000000000003"
HELD = "otn-token-that-nobody-may-read"
SALE = "Flash sale! 50% off everything until Sunday. Shop now!"
PAGES = ("compliance", "health", "forecast", "draft", "rules")
"""test_access_ids.py opens the others."""
SCOPE, LANES = Scope(NOW), Lanes(window_hours=24, human_agent_days=7)
FROM_AT = {"from_at": NOW - timedelta(days=90), "severities": None, "rules": None, "lanes": None}
EXPORTS: dict[str, dict[str, Any]] = {
    "inventory.token_rows": Bounds().values(), "compliance.finding_rows": FROM_AT, "health.rejects": {"reason": None},
}  # fmt: skip
TORN = (
    f'{{"object":"page","entry":[{{"id":"1","messaging":[{{"sender":{{"id":"{ANNA}"}},"one_time_notif_token":"{HELD}"',
    f"{{'sender': {{'id': '{BEN}'}}, 'optin': {{'one_time_notif_token': '{HELD}'}}}}",
    f'{{"psid":"{CLEO}","one_time_notif_token":"a\\/{HELD}"}}',
    f"GET /v26.0/me?access_token={HELD}&psid={BEN}",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Path:
    """Return a home with people in every lane, findings about what they were sent, and lines that cannot be read."""
    home = Home(tmp_path_factory.mktemp("rights") / "home", policy)
    items = [
        message(ANNA, NOW - timedelta(hours=3), "m_1", "Are you open?"),
        otn(BEN, NOW - timedelta(days=20), f"{HELD}-1", "=cmd|' /C calc'!A0"),
        message(CLEO, NOW - timedelta(days=90), "m_2"),
        echo(ANNA, NOON, "m_3", SALE, metadata="clear-to-send/1 send=1 lane=tag:HUMAN_AGENT"),
        echo(BEN, NOON, "m_4", SALE, metadata="clear-to-send/1 send=2 lane=tag:HUMAN_AGENT"),
    ]
    home.load(write_lines(home.folder.parent / "log.jsonl", *map(delivery, items), *TORN))
    with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse:
        audit_history(warehouse, policy, linter(), NOW)
    return home.folder


@pytest.fixture
def warehouse(home: Path) -> Iterator[Warehouse]:
    """Return the home's warehouse, as the app has it open."""
    opened = open_warehouse(home / "warehouse.duckdb")
    assert opened is not None
    yield opened
    close_warehouses()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_it_masks(home: Path, name: str) -> None:
    """An admin looks first, so that what was kept for them is there; nobody sees a token, and viewers get no export."""
    roles: tuple[Role, ...] = ("admin", "viewer") if name in ("compliance", "health") else ("viewer",)
    for role in roles:
        page = page_of(home, name, Desk(role))
        shown = everything(page)

        assert not page.exception
        assert HELD not in shown
        assert any(psid in shown for psid in (ANNA, BEN, CLEO)) == (role == "admin" and name == "health")
        assert bool(page.get("download_button")) == (role == "admin")
        if name == "health":
            assert ("by file and line; people and tokens are masked" in shown) == (role == "viewer")
            assert ("by file and line; tokens are masked" in shown) == (role == "admin")


def test_what_was_kept_for_an_admin_is_not_given_to_a_viewer(home: Path, warehouse: Warehouse) -> None:
    """The same view, one after the other, and back again; who has no role reads nothing."""
    desk = Desk("admin")
    with warehouse.cursor() as cursor:
        view = View(warehouse, home, NOW, SCOPE, "UTC", reads.freshness(cursor, SCOPE), False, True, desk.who)
    hidden = pseudonym(pseudonym_key(home), PAGE, ANNA)

    for role, name in (("admin", ANNA), ("viewer", hidden), ("reviewer", ANNA), ("growth", hidden)):
        desk.role = role  # type: ignore[assignment]
        assert list(view.read(reads.people, SCOPE, LANES, "window", view.key)["person"]) == [name]
    desk.role = None
    with pytest.raises(Refused, match="has no role here, and may not see these pages"):
        view.read(reads.people, SCOPE, LANES, "window", view.key)


@pytest.mark.parametrize("name", EXPORTS)
def test_a_parquet_export_holds_no_more_than_the_table(warehouse: Warehouse, tmp_path: Path, name: str) -> None:
    """Ids for who may see them, and tokens for nobody, in every column."""
    file = tmp_path / "rows.parquet"
    for role in ("reviewer", "growth"):
        person = Person("kim", role)
        file.write_bytes(export(warehouse, name, SCOPE, EXPORTS[name], "parquet", lambda: person, "key"))  # noqa: B023
        with duckdb.connect() as database:
            found = str(database.read_parquet(str(file)).df().to_csv())
        assert HELD not in found
        assert any(psid in found for psid in (ANNA, BEN, CLEO)) == person.may("see_ids")


def test_a_spreadsheet_runs_nothing_that_somebody_wrote(warehouse: Warehouse) -> None:
    """A topic that begins as a formula gets a quote; numbers, also as text, stay numbers; Parquet is as it was."""
    person = Desk("growth").who
    csv, parquet = (
        export(warehouse, "inventory.token_rows", SCOPE, Bounds().values(), form, person, "key")
        for form in ("csv", "parquet")
    )
    assert b"'=cmd|" in csv
    assert b"'=cmd|" not in parquet
    with duckdb.connect() as database:
        texts = ["=1+1", "+1", "-1.5", "-1+cmd", "@x", " =x", "\t=x", "plain", None]
        given = database.sql("SELECT unnest($texts) AS text, -3 AS number", params={"texts": texts})
        assert harmless(given).fetchall() == [
            (text, -3) for text in ["'=1+1", "+1", "-1.5", "'-1+cmd", "'@x", "' =x", "'\t=x", "plain", None]
        ]


@pytest.mark.parametrize("role", ROLES)
def test_who_may_review_decides_under_their_own_name(home: Path, role: Role) -> None:
    """Where people sign in no name is asked for; who may not is told who may, and finds no form."""
    before = len(reviewing.reviews(home))
    page = page_of(home, "compliance", Desk(role))

    assert "review_name" not in {each.key for each in page.text_input}
    if not Person("kim", role).may("review"):
        assert "decided by somebody in the role reviewer or admin" in words(page)
        assert "review_reason" not in {each.key for each in page.text_input}
        return
    page.text_input(key="review_reason").set_value(f"A {role} looked at it.")
    page.button[-1].click().run()
    assert len(reviewing.reviews(home)) >= before
    assert "kim@example.com" in {each.reviewed_by for each in reviewing.reviews(home)}


def test_a_decision_of_who_may_no_longer_changes_nothing(home: Path) -> None:
    """They lost the right while the form stood there: a sentence, and the ledger is as it was."""
    desk = Desk("reviewer")
    page = page_of(home, "compliance", desk)
    before = reviewing.reviews(home)
    desk.role = "growth"
    page.text_input(key="review_reason").set_value("It may stand.")
    page.button[-1].click().run()

    assert not page.exception
    assert "decided by somebody in the role reviewer or admin" in words(page)
    assert reviewing.reviews(home) == before


def test_where_nobody_signs_in_a_name_is_asked_for(home: Path) -> None:
    """The one that is known already stands there, and another can be written."""
    page = page_of(home, "compliance", Desk("admin"), has_sign_in=False)

    assert page.text_input(key="review_name").value == "kim@example.com"
