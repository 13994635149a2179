"""What newly loaded logs mean for sends that are queued already."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, select

from pipelines.ledger.schema import sends
from pipelines.ledger.store import open_ledger
from pipelines.plan.recheck import Rechecked, recheck
from pipelines.warehouse import Warehouse
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, BEN, NOON, PAGE, delivery, marketing, message, otn, write_lines
from tests.ledger.broadcasts import launched, row
from tests.plan.worlds import campaign

OPENED = NOW - timedelta(hours=20)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Engine]:
    """Return an empty ledger."""
    engine = open_ledger(URL.create("sqlite", database=str(tmp_path / "ledger.sqlite")))
    yield engine
    engine.dispose()


def seen_with(home: Home, ledger: Engine, at: datetime = NOW) -> Rechecked:
    """Look at what is queued with what the home's warehouse knows."""
    with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse, warehouse.cursor() as cursor:
        return recheck(cursor, ledger, at)


def standing(ledger: Engine) -> dict[str, tuple[str, str | None, datetime | None]]:
    """Return, by person: state, reason, and until when the send is permitted."""
    columns = (sends.c.psid, sends.c.state, sends.c.reason, sends.c.permission_ends_at)
    with ledger.connect() as connection:
        return {psid: (state, reason, ends) for psid, state, reason, ends in connection.execute(select(*columns))}


def test_who_stops_after_the_launch_gets_nothing(home: Home, tmp_path: Path, ledger: Engine) -> None:
    """The send is given up with the reason; another's stays."""
    given = [delivery(marketing(ANNA, NOON, "t-anna")), delivery(marketing(BEN, NOON, "t-ben"))]
    home.load(write_lines(tmp_path / "a.jsonl", *given))
    launched(ledger, row(ANNA, "t-anna", "marketing"), row(BEN, "t-ben", "marketing"), page=PAGE)
    stop = marketing(ANNA, NOON + timedelta(hours=1), "t-anna", status="STOP NOTIFICATIONS")
    home.load(write_lines(tmp_path / "b.jsonl", delivery(stop)))

    assert seen_with(home, ledger).lost == 1
    assert {psid: each[:2] for psid, each in standing(ledger).items()} == {
        ANNA: ("failed", "token_revoked"), BEN: ("queued", None)
    }  # fmt: skip


def test_a_window_that_went_on_is_used_to_its_end(home: Home, tmp_path: Path, ledger: Engine) -> None:
    """Anna writes again after the launch: her message may go out later than was planned."""
    home.load(write_lines(tmp_path / "a.jsonl", delivery(message(ANNA, OPENED, "m_1"))))
    launched(ledger, row(ANNA, until=OPENED + timedelta(hours=24)), page=PAGE)
    home.load(write_lines(tmp_path / "b.jsonl", delivery(message(ANNA, NOW - timedelta(hours=1), "m_2"))))

    assert seen_with(home, ledger) == Rechecked(0, 1, 0)
    assert standing(ledger)[ANNA] == ("queued", None, NOW + timedelta(hours=23))
    assert seen_with(home, ledger) == Rechecked(0, 0, 0)


def test_a_token_that_is_as_it_was_is_left_alone(home: Home, tmp_path: Path, ledger: Engine) -> None:
    """Nothing changes where the logs bring nothing new about it."""
    home.load(write_lines(tmp_path / "a.jsonl", delivery(otn(ANNA, NOON, "t1"))))
    ((ends_at,),) = home.rows("SELECT effective_expires_at FROM tokens")
    launched(ledger, row(ANNA, "t1", until=ends_at), page=PAGE)

    assert seen_with(home, ledger) == Rechecked(0, 0, 0)
    assert standing(ledger)[ANNA] == ("queued", None, ends_at)


def test_nothing_is_queued(home: Home, tmp_path: Path, ledger: Engine) -> None:
    """Then nothing is looked up."""
    home.load(write_lines(tmp_path / "a.jsonl", delivery(otn(ANNA, NOON, "t1"))))

    assert seen_with(home, ledger) == Rechecked(0, 0, 0)


@pytest.mark.parametrize("lanes", [("standard_window", "otn"), ("otn",)])
def test_no_token_is_spent_on_who_wrote_meanwhile(
    home: Home, tmp_path: Path, ledger: Engine, lanes: tuple[str, ...]
) -> None:
    """The send goes by the window, and its token is free; where the campaign does not use windows it is given up."""
    home.load(write_lines(tmp_path / "a.jsonl", delivery(otn(ANNA, NOON, "t1"))))
    meant = campaign(lanes=lanes)
    launched(ledger, row(ANNA, "t1"), page=PAGE, definition=meant.to_json())
    home.load(write_lines(tmp_path / "b.jsonl", delivery(message(ANNA, NOW - timedelta(hours=1), "m_1"))))

    assert seen_with(home, ledger).freed == (len(lanes) == 2)
    if len(lanes) == 2:
        assert standing(ledger)[ANNA] == ("queued", None, NOW + timedelta(hours=23))
        launched(ledger, row(ANNA, "t1"), campaign_id="boots", page=PAGE)
    else:
        assert standing(ledger)[ANNA][:2] == ("failed", "window_not_used")
