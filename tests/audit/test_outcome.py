"""What came of a campaign: the ledger's word, and what the logs add to it."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, Engine

from pipelines.audit.outcome import Failure, Funnel, Settled, outcome
from pipelines.errors import UsageError
from pipelines.ledger import campaigns, queue, sends
from pipelines.ledger.queue import Result
from pipelines.ledger.store import open_ledger
from pipelines.warehouse import Warehouse
from tests.audit.staging import BEN, CLEO, DORA, LAUNCH, answered, approved, launched, logs, row, run
from tests.conftest import Home


def test_the_ledger_alone_knows_no_deliveries(ledger: Engine) -> None:
    """Without a warehouse they are None: not known is not none."""
    run(ledger, "shoes")

    told = outcome(ledger, None, "shoes")

    unknown = {"delivered": None, "read": None, "replied": None, "stopped": None}
    none = dict.fromkeys(("refused", "failed", "unconfirmed", "cancelled", "waiting"), 0)
    assert told.funnel == (
        Funnel("otn", "=eager", 1, 0, **unknown, **none | {"unconfirmed": 1}),
        Funnel("otn", "plain", 1, 1, **unknown, **none),
        Funnel("standard_window", "=eager", 1, 0, **unknown, **none | {"refused": 1}),
        Funnel("standard_window", "plain", 1, 1, **unknown, **none),
    )
    assert told.failures == (
        Failure("refused", "551", "=This person isn't available right now.", 1),
        Failure("unconfirmed", "no_answer", "The message left, and no answer came.", 1),
    )
    assert told.logs_until is None


def test_the_logs_add_what_people_got(ledger: Engine, home: Home, tmp_path: Path) -> None:
    """Delivered by name or by watermark, read, and answered."""
    home.load(logs(tmp_path, run(ledger, "shoes")))
    with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse:
        told = outcome(ledger, warehouse.cursor(), "shoes")

    seen = {(each.lane, each.variant): (each.delivered, each.read, each.replied) for each in told.funnel}
    assert seen == {
        ("otn", "=eager"): (0, 0, 0),
        ("otn", "plain"): (1, 0, 0),
        ("standard_window", "=eager"): (0, 0, 0),
        ("standard_window", "plain"): (1, 1, 1),
    }
    assert told.logs_until == LAUNCH + timedelta(hours=2)


def test_how_unconfirmed_sends_were_settled_is_told(ledger: Engine) -> None:
    """By an echo, or by a person who says how they know."""
    numbers = run(ledger, "shoes")
    answered(ledger)
    with ledger.begin() as connection:
        queue.echoed(connection, {numbers[DORA]: ("m_dora", LAUNCH + timedelta(minutes=1))})

    told = outcome(ledger, None, "shoes")

    assert told.settled == (Settled("echo", "accepted", None, 1),)
    assert [each.state for each in told.failures] == ["refused"]


def test_a_cancelled_campaign_adds_up(ledger: Engine) -> None:
    """What was queued is cancelled, and every person stands in one column."""
    launched(ledger, "shoes")
    sends.cancel(ledger, campaigns.get(ledger, "shoes"), "bo", LAUNCH, "wrong price")

    (plain, *_) = outcome(ledger, None, "shoes").funnel

    assert (plain.planned, plain.cancelled, plain.waiting) == (1, 1, 0)


def test_a_campaign_that_was_never_launched_has_no_outcome(ledger: Engine) -> None:
    """Nothing was reserved; an unknown id is said to be unknown."""
    approved(ledger, "shoes")

    assert outcome(ledger, None, "shoes").funnel == ()
    with pytest.raises(UsageError, match="shoos"):
        outcome(ledger, None, "shoos")


# --- against a count by hand -----------------------------------------------------------------------------------------

_PEOPLE = (BEN, CLEO, DORA)
_MINUTE = timedelta(minutes=1)
_NUMBERS = count()


@dataclass(frozen=True)
class Seen:
    """One event of the logs, minutes after the launch. `watermark` is for receipts."""

    psid: str
    kind: str
    minute: int
    watermark: int
    names_mid: bool


_MINUTES = st.integers(-3, 12)
_EVENTS = st.lists(
    st.builds(
        Seen, st.sampled_from(_PEOPLE), st.sampled_from(("delivery", "read", "message", "postback", "message_echo")),
        st.one_of(_MINUTES, st.sampled_from((10_079, 10_080, 10_085, 20_000))), _MINUTES, st.booleans(),
    ),
    max_size=12,
)  # fmt: skip
_STATES = st.lists(st.sampled_from(("accepted", "refused", "unconfirmed", "queued")), min_size=3, max_size=3)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Warehouse]]:
    """Return a ledger and a warehouse that all examples share: each has a Page and a campaign of its own."""
    folder = tmp_path_factory.mktemp("books")
    ledger = open_ledger(URL.create("sqlite", database=str(folder / "ledger.sqlite")))
    with Warehouse.open(folder / "warehouse.duckdb") as warehouse:
        yield ledger, warehouse
    ledger.dispose()


def put(cursor: duckdb.DuckDBPyConnection, page: str, events: list[Seen], numbers: dict[str, int]) -> None:
    """Write events into the warehouse as loading does."""
    for event in events:
        mark = round((LAUNCH + event.watermark * _MINUTE - datetime(1970, 1, 1)).total_seconds() * 1000)
        mids = {"mids": [f"m_{event.psid}"]} if event.names_mid and event.kind == "delivery" else {}
        body = {event.kind: {"watermark": mark} | mids} if event.kind in ("delivery", "read") else {}
        metadata = f"clear-to-send/1 send={numbers[event.psid]} lane=x" if event.kind == "message_echo" else None
        cursor.execute(
            "INSERT INTO events (event_id, page_id, psid, kind, occurred_at, payload, metadata, batch) "
            "VALUES (uuid(), ?, ?, ?, ?, ?, ?, 1)",
            [page, event.psid, event.kind, LAUNCH + event.minute * _MINUTE, json.dumps(body), metadata],
        )


def by_hand(states: dict[str, str], events: list[Seen]) -> Counter[str]:
    """Count one person after the other, in plain words."""
    told: Counter[str] = Counter()
    for psid, state in states.items():
        told[state] += 1
        mine = [event for event in events if event.psid == psid]
        if state != "accepted":
            continue
        sent = min((event.minute for event in mine if event.kind == "message_echo"), default=1)
        got = any(e.kind == "delivery" and (e.watermark > sent or e.names_mid) for e in mine)
        read = any(e.kind == "read" and e.watermark >= sent for e in mine)
        answers = [e for e in mine if e.kind in ("message", "postback") and sent < e.minute <= sent + 7 * 24 * 60]
        told["delivered"] += got or read
        told["read"] += read
        told["replied"] += bool(answers)
    return told


@given(states=_STATES, events=_EVENTS)
@settings(max_examples=15)
def test_the_outcome_is_what_a_count_by_hand_gives(
    books: tuple[Engine, Warehouse], states: list[str], events: list[Seen]
) -> None:
    """Watermarks, names, echoes and answers, in any order and at every edge."""
    ledger, warehouse = books
    number = next(_NUMBERS)
    page, campaign_id = f"page-{number}", f"campaign-{number}"
    numbers = launched(ledger, campaign_id, [row(psid) for psid in _PEOPLE], page)
    at = LAUNCH + _MINUTE
    answered(ledger, *(
        Result(numbers[psid], state, at, mid=f"m_{psid}" if state == "accepted" else None)
        for psid, state in zip(_PEOPLE, states, strict=True)
    ))  # fmt: skip
    with warehouse.cursor() as cursor:
        put(cursor, page, events, numbers)

        (funnel,) = outcome(ledger, cursor, campaign_id).funnel

    wanted = by_hand(dict(zip(_PEOPLE, states, strict=True)), events)
    found = {
        name: getattr(funnel, name) for name in ("accepted", "refused", "unconfirmed", "delivered", "read", "replied")
    }
    assert found == {name: wanted[name] for name in found}
    assert funnel.waiting == wanted["queued"]
    assert funnel.planned == 3
