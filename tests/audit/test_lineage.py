"""One send followed back to the words that a person agreed to, and the line of the log where they stand."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipelines.audit.lineage import LineageRow, lineage_rows, trace
from pipelines.errors import UsageError
from pipelines.warehouse import Warehouse
from tests.audit.staging import ANNA, ANNAS, BEN, CLEO, LAUNCH, logs, md5, row, run
from tests.conftest import Home

SENT = LAUNCH + timedelta(seconds=1)


@pytest.fixture
def numbers(ledger: Engine) -> dict[str, int]:
    """Return the sends of a campaign that has run."""
    return run(ledger, "shoes")


@pytest.fixture
def loaded(home: Home, numbers: dict[str, int], tmp_path: Path) -> Home:
    """Return a home with the logs of that campaign."""
    home.load(logs(tmp_path, numbers))
    return home


def followed(ledger: Engine, home: Home, send_id: int) -> LineageRow:
    """Follow one send in a home's warehouse."""
    with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse:
        return trace(ledger, warehouse.cursor(), send_id).row


def test_a_token_leads_to_its_opt_in(ledger: Engine, loaded: Home, numbers: dict[str, int], tmp_path: Path) -> None:
    """The words, the day, and the line of the log; the token itself only by its md5."""
    found = followed(ledger, loaded, numbers[ANNA])

    assert (found.lane, found.variant, found.token_key) == ("otn", "plain", md5(ANNAS))
    assert (found.agreed_title, found.agreed_payload) == (None, "restock:trail-shoes")
    assert (found.permission_event, found.permission_at) == ("optin", LAUNCH - timedelta(days=20))
    assert found.permission_file is not None
    assert found.permission_file.endswith("log.jsonl")
    assert found.permission_line == 1
    assert ANNAS not in repr(found)


def test_who_let_it_go_out_is_told(ledger: Engine, loaded: Home, numbers: dict[str, int]) -> None:
    """The plan, the approval with its reason, and the entry of the launch."""
    found = followed(ledger, loaded, numbers[ANNA])

    assert (found.plan_id, found.plan_hash) == (1, "a1" * 32)
    assert (found.approved_by, found.approval_reason) == ("bo", "The shop is open today only.")
    assert (found.launched_by, found.launched_at, found.launch_entry) == ("bo", LAUNCH, 4)


def test_what_came_of_it_is_told(ledger: Engine, loaded: Home, numbers: dict[str, int]) -> None:
    """The answer of the call, and the receipts."""
    annas, bens, cleos = (followed(ledger, loaded, numbers[psid]) for psid in (ANNA, BEN, CLEO))

    assert (annas.state, annas.mid, annas.trace) == ("accepted", "m_anna", "AbCdEf")
    assert (annas.echo_at, annas.delivered_at, annas.read_at) == (SENT, SENT + timedelta(seconds=5), None)
    assert (bens.read_at, bens.replied_at) == (SENT + timedelta(hours=1), SENT + timedelta(hours=2))
    assert (cleos.state, cleos.reason, cleos.echo_at, cleos.delivered_at) == ("refused", "551", None, None)


def test_a_window_leads_to_the_last_message_in_it(ledger: Engine, loaded: Home, numbers: dict[str, int]) -> None:
    """Not to an older message whose window had closed, nor to one that came after the send."""
    found = followed(ledger, loaded, numbers[BEN])

    assert (found.permission_event, found.permission_at) == ("message", LAUNCH - timedelta(hours=7))
    assert found.permission_line == 2
    assert found.token_key is None


def test_people_stand_under_pseudonyms_unless_ids_are_asked_for(ledger: Engine, numbers: dict[str, int]) -> None:
    """The same person has the same pseudonym throughout a campaign, and another one in the next."""
    hidden, shown = (trace(ledger, None, numbers[ANNA], show_ids=show_ids).row for show_ids in (False, True))

    assert (hidden.psid, shown.psid) == (None, ANNA)
    assert hidden.person == shown.person
    assert ANNA not in repr(hidden)


def test_the_text_is_as_the_person_got_it(ledger: Engine, numbers: dict[str, int]) -> None:
    """With the values of the send's own fields."""
    told = trace(ledger, None, numbers[ANNA])

    assert (told.text, told.text_note) == ("Hi Ann, the trail shoes are back & waiting.", "")
    assert (told.plan_made_by, told.verdict, told.knows_logs) == ("ana", "warn", False)


def test_the_whole_campaign_is_followed_at_once(ledger: Engine, loaded: Home, numbers: dict[str, int]) -> None:
    """Each row is the same as that of the single trace."""
    with Warehouse.open(loaded.folder / "warehouse.duckdb") as warehouse:
        rows = lineage_rows(ledger, warehouse.cursor(), "shoes")
        singles = [trace(ledger, warehouse.cursor(), number).row for number in sorted(numbers.values())]

    assert rows == singles


def test_without_logs_the_ledger_still_tells(ledger: Engine, numbers: dict[str, int]) -> None:
    """What only the logs know is None."""
    found = {each.send_id: each for each in lineage_rows(ledger, None, "shoes")}[numbers[ANNA]]

    assert (found.permission_at, found.echo_at, found.delivered_at) == (None, None, None)
    assert (found.permission_ends_at, found.approved_by) == (row(ANNA)[-1], "bo")


def test_an_unknown_send_is_said_to_be_unknown(ledger: Engine) -> None:
    """With where its number stands."""
    with pytest.raises(UsageError, match="There is no send 7"):
        trace(ledger, None, 7)
