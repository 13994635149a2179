"""The database itself refuses what no code may do: moves, changes of the trail, and rows that make no sense."""

from contextlib import suppress
from hashlib import md5
from itertools import product
from typing import Any, get_args

import pytest
from sqlalchemy import Engine, Table, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from pipelines.ledger import campaigns, chain
from pipelines.ledger.moves import (
    CAMPAIGN_MOVES,
    LIVE_SENDS,
    OPEN_SENDS,
    SEND_MOVES,
    CampaignState,
    SendState,
)
from pipelines.ledger.schema import (
    all_stop,
    approvals,
    audit_entries,
    audit_head,
    campaign_moves,
    send_moves,
)
from pipelines.ledger.schema import campaigns as campaigns_table
from pipelines.ledger.schema import sends as sends_table
from tests.ledger.broadcasts import AUTHOR, CONTENT, NOW, OTHER, check, draft, put, written

MD5 = "0" * 32


def goes(ledger: Engine, table: Table, key: str, value: Any, state: str) -> bool:
    """Say whether the database lets one row move to a state."""
    try:
        with ledger.begin() as connection:
            connection.execute(update(table).where(table.c[key] == value).values(state=state))
    except DBAPIError as error:
        assert "move_not_allowed" in str(error)
        return False
    return True


@pytest.mark.parametrize(("table", "moves"), [(campaign_moves, CAMPAIGN_MOVES), (send_moves, SEND_MOVES)])
def test_the_moves_in_the_database_are_those_of_the_code(
    ledger: Engine, table: Table, moves: frozenset[tuple[str, str]]
) -> None:
    """Neither knows one that the other does not."""
    with ledger.connect() as connection:
        assert {tuple(row) for row in connection.execute(select(table.c.from_state, table.c.to_state))} == moves


def test_a_campaign_goes_only_where_its_moves_lead(ledger: Engine) -> None:
    """Every pair of states, tried past the code: the allowed ones pass, and no other."""
    pairs = list(product(get_args(CampaignState), repeat=2))
    fixed = {name: getattr(draft(), name) for name in ("page_id", "name", "definition", "fingerprint")}
    fixed |= {"created_by": AUTHOR, "created_at": NOW, "state_at": NOW, "state_by": AUTHOR, "state_why": "made"}
    with ledger.begin() as connection:
        rows = [fixed | {"campaign_id": "-".join(pair), "state": pair[0]} for pair in pairs]
        connection.execute(insert(campaigns_table), rows)

    passed = {pair for pair in pairs if goes(ledger, campaigns_table, "campaign_id", "-".join(pair), pair[1])}

    assert passed == CAMPAIGN_MOVES


def test_a_send_goes_only_where_its_moves_lead(ledger: Engine) -> None:
    """Every pair of states, tried past the code: what is final stays so."""
    written(ledger)
    pairs = list(product(get_args(SendState), repeat=2))
    for pair in pairs:
        put(ledger, "shoes", psid="-".join(pair), state=pair[0])

    assert {pair for pair in pairs if goes(ledger, sends_table, "psid", "-".join(pair), pair[1])} == SEND_MOVES


def test_live_and_open_follow_from_the_moves() -> None:
    """Open is what still moves; live is that, and what was accepted."""
    assert set(OPEN_SENDS) == {origin for origin, _ in SEND_MOVES}
    assert set(LIVE_SENDS) == {*OPEN_SENDS, "accepted"}


TAMPERINGS = {
    "changed": update(audit_entries).values(actor="nobody"),
    "rehashed": update(audit_entries).values(hash="0" * 64),
    "removed": delete(audit_entries).where(audit_entries.c.entry_id == 1),
    "all removed": delete(audit_entries),
}


@pytest.mark.parametrize("how", TAMPERINGS)
def test_an_entry_of_the_trail_is_never_changed_nor_removed(ledger: Engine, how: str) -> None:
    """The trail is as long after the attempt as before, and says the same."""
    written(ledger)
    with ledger.connect() as connection:
        before = list(chain.entries(connection))

    with pytest.raises(DBAPIError, match="append_only"), ledger.begin() as connection:
        connection.execute(TAMPERINGS[how])

    with ledger.connect() as connection:
        assert list(chain.entries(connection)) == before


def test_an_entry_of_the_trail_is_not_written_over(ledger: Engine) -> None:
    """Nor by the ways that are neither update nor delete: replacing a row, emptying a table."""
    written(ledger)
    with ledger.connect() as connection:
        (before,) = chain.entries(connection)
    values = {name: getattr(before, name) for name in chain.Entry.__dataclass_fields__} | {"actor": "nobody"}
    other_way = (
        insert(audit_entries).prefix_with("OR REPLACE").values(values)
        if ledger.dialect.name == "sqlite"
        else text("TRUNCATE audit_entries")
    )

    with pytest.raises(DBAPIError, match="append_only"), ledger.begin() as connection:
        connection.execute(other_way)

    with ledger.connect() as connection:
        assert list(chain.entries(connection)) == [before]


@pytest.mark.parametrize(
    "broken",
    [
        {"approved_by": AUTHOR},
        {"approved_by": "  "},
        {"verdict": "block", "reason": "I want it out."},
        {"verdict": "warn", "reason": "  "},
        {"plan_id": 99},
    ],
    ids=["by its author", "by nobody", "of a blocked plan", "of a warning without a reason", "of no plan"],
)
def test_the_database_refuses_an_approval(ledger: Engine, broken: dict[str, Any]) -> None:
    """The four eyes and the written reason do not depend on the code that asks."""
    campaign = written(ledger)
    fixed = {"plan_id": check(ledger, "shoes").plan_id, "campaign_id": "shoes", "content_hash": CONTENT,
             "author": campaign.created_by, "approved_by": OTHER, "approved_at": NOW, "verdict": "pass",
             "reason": ""}  # fmt: skip
    with ledger.begin() as connection:
        connection.execute(insert(approvals), fixed)

    with pytest.raises(IntegrityError), ledger.begin() as connection:
        connection.execute(insert(approvals), fixed | broken)


@pytest.mark.parametrize(
    "broken",
    [
        {"lane": "otn"},
        {"lane": "marketing"},
        {"token_key": MD5},
        {"lane": "tag:ACCOUNT_UPDATE", "token_key": MD5},
        {"state": "delivered"},
        {"campaign_id": "boots"},
    ],
    ids=["otn without", "marketing without", "token without lane", "token on a tag", "unknown state", "no campaign"],
)
def test_the_database_refuses_a_send(ledger: Engine, broken: dict[str, Any]) -> None:
    """A token goes with its lane and with no other, in a state that is known, for a campaign that is there."""
    written(ledger)

    with pytest.raises(IntegrityError):
        put(ledger, **{"campaign_id": "shoes"} | broken)


@pytest.mark.parametrize(("lane", "binding"), [("otn", LIVE_SENDS), ("marketing", OPEN_SENDS)])
def test_a_token_is_held_by_one_send(ledger: Engine, lane: str, binding: tuple[SendState, ...]) -> None:
    """A one-time token until it is known that it was not spent, a marketing token while its message is on its way."""
    written(ledger)
    written(ledger, "boots")
    free = set()
    for state in get_args(SendState):
        one = {"lane": lane, "token_key": md5(state.encode(), usedforsecurity=False).hexdigest()}
        put(ledger, "shoes", psid=state, state=state, **one)
        put(ledger, "boots", psid=f"{state} elsewhere", page_id="1085", **one)  # another Page's token of that name
        with suppress(IntegrityError):
            put(ledger, "boots", psid=state, **one)
            free.add(state)

    assert free == set(get_args(SendState)) - set(binding)


def test_a_campaign_has_one_send_a_person(ledger: Engine) -> None:
    """Even where the first was cancelled."""
    written(ledger)
    put(ledger, "shoes", state="cancelled")

    with pytest.raises(IntegrityError):
        put(ledger, "shoes")


def test_there_is_one_switch_and_one_head(ledger: Engine) -> None:
    """No second row can say otherwise."""
    for row in ({"single": 1}, {"single": 2}):
        with pytest.raises(IntegrityError), ledger.begin() as connection:
            connection.execute(insert(all_stop), row | {"is_on": False, "set_by": "", "why": ""})
        with pytest.raises(IntegrityError), ledger.begin() as connection:
            connection.execute(insert(audit_head), row | {"entries": 0, "hash": "0" * 64})


def test_a_campaign_is_signed(ledger: Engine) -> None:
    """The database keeps none without an author."""
    written(ledger)

    with pytest.raises(IntegrityError), ledger.begin() as connection:
        connection.execute(update(campaigns_table).values(created_by=" "))
    assert campaigns.get(ledger, "shoes").created_by == AUTHOR
