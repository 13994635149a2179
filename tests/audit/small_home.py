"""A home small enough to be counted by hand: 20 people who were sent to, 8 held out, and what each of them did.

Windows w1-w6 read the first variant, w7-w12 the second; tokens t1-t4 the first, t5-t8 the second; h1-h8 are held out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from pipelines.ledger import campaigns, queue, sends
from pipelines.ledger.queue import Result
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.plan import planner
from pipelines.settings import read_settings
from pipelines.warehouse import Warehouse
from tests.audit.staging import CONTENT, LAUNCH, answered, approved, md5, receipt
from tests.conftest import Home
from tests.deliveries import Item, delivery, echo, item, marketing, message, otn, write_lines

FIRST, SECOND = "plain", "=eager"
WINDOWS = [f"w{number}" for number in range(1, 13)]
TOKENS = [f"t{number}" for number in range(1, 9)]
HELD = [f"h{number}" for number in range(1, 9)]
HOUR, DAY, SENT = timedelta(hours=1), timedelta(days=1), LAUNCH + timedelta(seconds=2)
_ENDS = {"t1": 10 * DAY, "t2": 40 * DAY, "t3": 30 * DAY}
"""After the message; all other tokens last 90 days."""
_NOT_ACCEPTED = {
    "w6": ("refused", "551", "This person isn't available right now."),
    "w12": ("refused", "100/2018001", "Nobody with this id can be reached."),
    "t4": ("refused", "token 100", "The one-time token is invalid."),
    "t8": ("unconfirmed", "no_answer", "The message left, and no answer came."),
}


def psid(name: str) -> str:
    """Return the id of somebody whom the docstring names."""
    return f"2400000000{'wth'.index(name[0]) + 1:03}{int(name[1:]):04}"


def token(name: str) -> str:
    """Return the one-time token that somebody gave."""
    return f"one-time-token-of-{name}-that-nobody-may-read"


@contextmanager
def small_home(home: Home) -> Iterator[tuple[Engine, Warehouse]]:
    """Launch the campaign `shoes` in a home, send it, and load what came back."""
    read_settings(home.folder, create=True)
    ledger = open_ledger(ledger_url(home.folder, ""))
    try:
        numbers = _sent(ledger, home.folder / "plans")
        home.load(write_lines(home.folder.parent / "log.jsonl", *_logs(numbers)))
        with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse:
            yield ledger, warehouse
    finally:
        ledger.dispose()


def _sent(ledger: Engine, plans: Path) -> dict[str, int]:
    approved(ledger, "shoes")
    rows = [
        (psid(name), "standard_window", _variant(name, 6), None, None, None, "{}", "UTC", LAUNCH + DAY)
        for name in WINDOWS
    ] + [
        (psid(name), "otn", _variant(name, 4), CONTENT.topic, md5(token(name)), token(name), "{}", "UTC",
         SENT + _ENDS.get(name, 90 * DAY))
        for name in TOKENS
    ]  # fmt: skip
    told = {"plan_hash": _frozen(plans)}
    sends.launch(ledger, campaigns.get(ledger, "shoes"), [rows], "bo", LAUNCH, told)
    with ledger.connect() as connection:
        due = [
            send
            for lane in ("standard_window", "otn")
            for send in queue.due(connection, "shoes", lane, LAUNCH, quiet=(), limit=100)
        ]
    names = {psid(name): name for name in (*WINDOWS, *TOKENS)}
    numbers = {names[send.psid]: send.send_id for send in due}
    answered(ledger, *(_result(name, number) for name, number in numbers.items()))
    return numbers


def _variant(name: str, of_the_first: int) -> str:
    return FIRST if int(name[1:]) <= of_the_first else SECOND


def _result(name: str, number: int) -> Result:
    if name in _NOT_ACCEPTED:
        state, reason, words = _NOT_ACCEPTED[name]
        return Result(number, state, SENT, reason, words)  # type: ignore[arg-type]
    return replace(Result(number, "accepted", SENT), mid=f"m_{name}")


def _frozen(plans: Path) -> str:
    """Freeze who was held out; of the others the ledger knows."""
    with Warehouse.open(plans.parent / "warehouse.duckdb") as warehouse, warehouse.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE plan_rows (psid VARCHAR, lane VARCHAR, reason VARCHAR, is_zone_guessed BOOLEAN)"
        )
        cursor.executemany("INSERT INTO plan_rows VALUES (?, NULL, 'holdout', false)", [[psid(name)] for name in HELD])
        cursor.execute("INSERT INTO plan_rows VALUES ('99', NULL, 'no_permission', false)")
        return planner.freeze(cursor, plans)


def _logs(numbers: dict[str, int]) -> Iterator[Item]:
    """Give what Meta posted: who had given which token, who got it, read it, answered, and gave a permission."""
    before, later = LAUNCH - 5 * DAY, SENT + timedelta(seconds=1)
    yield delivery(*(otn(psid(name), before, token(name)) for name in (*TOKENS, "w1", "w4", "w5", "w6")))
    yield delivery(otn(psid("w2"), before, token("w2"), "restock:tents"))  # on another topic
    spent = f"clear-to-send/1 send=999999 lane=otn token={md5(token('w5'))}"
    yield delivery(echo(psid("w5"), before + HOUR, "m_before", metadata=spent))  # and spent since
    yield delivery(message(psid("w9"), LAUNCH - HOUR, "m_early"))
    yield delivery(*(
        echo(psid(name), SENT, f"m_{name}", metadata=f"clear-to-send/1 send={number} lane=x")
        for name, number in numbers.items()
        if name not in _NOT_ACCEPTED
    ))  # fmt: skip
    yield delivery(*(receipt(psid(name), later, "delivery", later) for name in ("w1", "w2", "w3", "w4", "w7", "t1")))
    yield delivery(*(receipt(psid(name), later + HOUR, "read", later) for name in ("w1", "w2", "w7")))
    for name, after in (
        ("w1", 2 * HOUR), ("w2", 3 * DAY), ("w7", HOUR), ("w8", 7 * DAY + timedelta(minutes=1)),
        ("t8", DAY), ("w6", DAY), ("h1", DAY), ("h2", 8 * DAY),
    ):  # fmt: skip
        yield delivery(message(psid(name), SENT + after, f"m_{name}_answers"))
    yield delivery(item(psid("t1"), SENT + DAY, postback={"title": "See", "payload": "see", "mid": "m_t1_presses"}))
    for name, after in (("w1", DAY), ("w3", 8 * DAY), ("t1", 2 * DAY), ("h3", DAY)):
        yield delivery(otn(psid(name), SENT + after, f"{token(name)}-again", "restock:tents"))
    yield delivery(marketing(psid("w7"), SENT + DAY, "marketing-token-of-w7"))
    yield delivery(otn(psid("w10"), SENT + 9 * DAY, token("w10")))  # held, but only afterwards
