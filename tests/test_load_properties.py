"""Loading, as laws: what the tables hold depends on the deliveries, never on how they were cut, mixed or repeated."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.load.documents import cut_values
from pipelines.load.mend import NotADelivery, mend
from pipelines.warehouse import Warehouse
from tests.conftest import IS_DEEP, Home
from tests.deliveries import ANNA, BEN, NOON, compact, delivery, echo, item, marketing, message, ms, otn, write_lines

EXAMPLES = 30 if IS_DEEP else 3
"""Homes that are loaded for a law; each takes a second or two."""
TABLES = {
    "events": "* EXCLUDE (source_file, source_line, batch)",
    "tokens": "*",
    "token_spans": "*",
    "held_spans": "*",
    "token_daily": "*",
    "token_events": "*",
    "windows": "*",
    "contacts": "*",
    "event_hourly": "*",
    "messages": "*",
    "receipts": "*",
    "policy_events": "*",
}

moments = st.integers(0, 400 * 24).map(lambda hours: NOON - timedelta(hours=hours, seconds=hours % 7))
people = st.sampled_from([ANNA, BEN, "24000000000000003"])
names = st.sampled_from(["a", "b", "c", "d"])


def _spend(psid: str, moment: Any, name: str) -> dict[str, Any]:
    return echo(psid, moment, f"m_s{name}", metadata=f"clear-to-send/1 send=s{name} lane=otn token={_md5(name)}")


def _md5(text: str) -> str:
    import hashlib

    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


events = st.one_of(
    st.builds(message, people, moments, names.map("m_{}".format)),
    st.builds(echo, people, moments, names.map("e_{}".format)),
    st.builds(otn, people, moments, names, st.sampled_from(["restock", "launch"])),
    st.builds(_spend, people, moments, names),
    st.builds(
        marketing,
        people,
        moments,
        names.map("k{}".format),
        status=st.sampled_from(["", "", "STOP NOTIFICATIONS", "RESUME_NOTIFICATIONS"]),
    ),
    st.builds(lambda p, m: item(p, m, read={"watermark": ms(m)}), people, moments),
    st.builds(lambda p, m: item(p, m, delivery={"watermark": ms(m), "mids": ["m_a", "m_b"]}), people, moments),
    st.builds(
        lambda p, m, a: item(p, m, reaction={"mid": "m_a", "action": a}),
        people,
        moments,
        st.sampled_from(["react", "unreact"]),
    ),
    st.builds(
        lambda m: {"recipient": {"id": "1"}, "timestamp": ms(m), "policy_enforcement": {"action": "warning"}}, moments
    ),
)
bodies = st.builds(
    lambda items, channel, late, beside: {
        **delivery(*items, channel=channel, time=NOON + timedelta(minutes=late)),
        **beside,
    },
    st.lists(events, min_size=1, max_size=3),
    st.sampled_from(["messaging", "messaging", "standby"]),
    st.integers(0, 3),
    st.sampled_from([{}, {}, {"hop": 1}, {"hop": {"of": [None]}}]),
)


def tables(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of a warehouse, but for where each event was read first."""
    with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse:
        cursor = warehouse.cursor()
        return {
            name: sorted(cursor.execute(f"SELECT {columns} FROM {name}").fetchall(), key=str)
            for name, columns in TABLES.items()
        }


@given(log=st.lists(bodies, min_size=1, max_size=25), seed=st.integers(0, 2**16))
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_mix_order_split_and_repetition_gives_the_same_tables(
    new_home: Callable[[], Home], tmp_path_factory: pytest.TempPathFactory, log: list[dict[str, Any]], seed: int
) -> None:
    """One file in order, against shuffled, overlapping files in any order with deliveries repeated."""
    folder = tmp_path_factory.mktemp("logs")
    once = new_home()
    once.load(write_lines(folder / "once.jsonl", *log))

    chance = random.Random(seed)
    shuffled = [*log, *chance.choices(log, k=len(log) // 2)]
    chance.shuffle(shuffled)
    cuts = sorted(chance.choices(range(len(shuffled) + 1), k=2))
    pieces = [shuffled[: cuts[1]], shuffled[cuts[0] :], shuffled[: cuts[0]] or shuffled[:1]]
    mixed = new_home()
    for number, piece in enumerate(pieces):
        mixed.load(write_lines(folder / f"{number}.jsonl", *piece))

    assert tables(mixed) == tables(once)


@given(log=st.lists(bodies, min_size=1, max_size=10), junk=st.lists(st.binary(max_size=30), max_size=5))
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_lines_always_add_up(
    new_home: Callable[[], Home], tmp_path_factory: pytest.TempPathFactory, log: list[dict[str, Any]], junk: list[bytes]
) -> None:
    """Whatever stands between them, lines = new + duplicates + rejects, and no good line is lost."""
    log_file = tmp_path_factory.mktemp("logs") / "log.jsonl"
    torn = [line.replace(b"\n", b" ") for line in junk]
    write_lines(log_file, *[part for pair in zip(log, [*torn, *[b""] * len(log)], strict=False) for part in pair])
    home = new_home()
    summary = home.load(log_file)
    written = sum(1 for line in log_file.read_bytes().split(b"\n") if line.strip())
    assert summary.lines == written == summary.event_lines + summary.duplicates + summary.rejects
    assert summary.event_lines + summary.duplicates >= len(log)
    assert home.value("SELECT count(DISTINCT source_line) FROM rejects") == summary.rejects


@given(st.binary(max_size=200))
def test_any_bytes_are_mended_or_refused_with_a_reason(line: bytes) -> None:
    """The careful way never fails otherwise."""
    try:
        delivered = mend(line)
    except NotADelivery as reason:
        assert str(reason)
    else:
        assert delivered["entry"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["entry", "messaging", "body", "id", "x"]), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_any_json_is_mended_or_refused_with_a_reason(value: Any) -> None:
    """JSON of any shape, with the keys that mean something, never trips the careful way."""
    try:
        delivered = mend(compact(value))
    except NotADelivery as reason:
        assert str(reason)
    else:
        assert delivered["entry"]


odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(
        ["", "0", "-1", "1e400", "2026-13-45T99:99:99", "9999-12-31T23:59:59+14:00", "\x00", "$.x", "/", "{", "[]"]
    ),
)
odd_keys = st.one_of(
    st.sampled_from(
        [
            "id",
            "sender",
            "recipient",
            "timestamp",
            "time",
            "message",
            "mid",
            "is_echo",
            "metadata",
            "delivery",
            "mids",
            "watermark",
            "read",
            "optin",
            "type",
            "payload",
            "title",
            "one_time_notif_token",
            "notification_messages_token",
            "token_expiry_timestamp",
            "notification_messages_timezone",
            "reaction",
            "action",
            "postback",
            "referral",
            "source",
            "ref",
            "message_edit",
            "num_edit",
            "policy_enforcement",
            "field",
            "value",
            "user_ref",
            "standby",
        ]
    ),
    st.text(max_size=4),
)
odd_items = st.recursive(
    odd_values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_keys, inner, max_size=5), max_leaves=15
)
odd_bodies = st.one_of(
    st.builds(
        lambda item: {"object": "page", "entry": [{"id": "1", "time": 1458692752478, "messaging": [item]}]}, odd_items
    ),
    st.builds(lambda entry: {"object": "page", "entry": [entry]}, odd_items),
    st.builds(
        lambda key, item: {"entry": [{"id": "1", key: [item]}]}, st.sampled_from(["standby", "changes"]), odd_items
    ),
    odd_items,
)


@given(log=st.lists(odd_bodies, min_size=40, max_size=80))
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_json_of_any_shape_loads_or_is_refused_line_by_line(
    new_home: Callable[[], Home], tmp_path_factory: pytest.TempPathFactory, log: list[Any]
) -> None:
    """Whatever stands where a delivery should: no line is lost, and every table and view can be read afterwards."""
    import json

    lines = [json.dumps(body) for body in log]
    home = new_home()
    summary = home.load(write_lines(tmp_path_factory.mktemp("logs") / "log.jsonl", *lines))
    assert summary.lines == len(lines) == summary.event_lines + summary.duplicates + summary.rejects
    tables(home)


@given(
    values=st.lists(
        st.dictionaries(st.text(max_size=5), st.text(max_size=12) | st.lists(st.integers(), max_size=3), max_size=3),
        min_size=1,
        max_size=6,
    ),
    indent=st.sampled_from([None, 1, 4]),
    is_array=st.booleans(),
    block=st.integers(1, 50),
)
def test_a_document_comes_apart_into_its_values(
    values: list[dict[str, Any]], indent: int | None, is_array: bool, block: int
) -> None:
    """However it is written and wherever the reading is cut, each value comes out once, in order, with its line."""
    import json

    text = (
        json.dumps(values, indent=indent)
        if is_array
        else "\n".join(json.dumps(value, indent=indent) for value in values)
    )
    raw = text.encode()
    found = list(cut_values(raw[at : at + block] for at in range(0, len(raw), block)))
    assert [json.loads(value) for _, value in found] == values
    lines = text.split("\n")
    assert all("{" in lines[number - 1] for number, _ in found)
