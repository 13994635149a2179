"""One person's items leave a line, whatever its shape; the rest is to the byte where it was."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines.load.erased import Erased, person_hash
from pipelines.privacy.deliveries import erased_document, erased_line
from pipelines.privacy.wanted import AllErased, OnePerson
from tests.conftest import Home
from tests.deliveries import ANNA, BEN, NOON, PAGE, compact, delivery, message
from tests.privacy.loading import load
from tests.privacy.logs import PEOPLE, lines, secret

EXAMPLES = int(os.environ.get("CLEAR_TO_SEND_EXAMPLES", "3"))
PHASES = (Phase.explicit, Phase.generate)  # to make an example small takes hundreds of loads
LATER = NOON + timedelta(days=1)
EVENT = "SELECT page_id, psid, kind, occurred_at, mid, payload, envelope, source_line FROM events WHERE {} ORDER BY ALL"
CORPORA = Path(os.environ.get("CLEAR_TO_SEND_CORPORA", Path(__file__).parents[3] / "shared" / "corpora")) / "webhooks"


@given(log=st.lists(lines(), min_size=1, max_size=40), psid=st.sampled_from(PEOPLE), of_page=st.booleans())
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), phases=PHASES)
def test_what_is_loaded_afterwards_is_what_was_loaded_of_others(
    new_home: Callable[[], Home], tmp_path_factory: pytest.TempPathFactory, log: list[bytes], psid: str, of_page: bool
) -> None:
    """The eraser and the loader read a line alike: exactly that person's events are gone, and no reject is new."""
    folder = tmp_path_factory.mktemp("logs")
    wanted = OnePerson(psid, frozenset({PAGE}) if of_page else None, LATER)
    rests = [erased_line(line, wanted) for line in log]
    erased = [line if rest is None else rest.line for line, rest in zip(log, rests, strict=True)]
    (folder / "before.jsonl").write_bytes(b"\n".join(log) + b"\n")
    (folder / "after.jsonl").write_bytes(b"\n".join(erased) + b"\n")
    before, after = new_home(), new_home()
    before.load(folder / "before.jsonl")
    after.load(folder / "after.jsonl")

    theirs = f"psid = '{psid}'" + (f" AND page_id = '{PAGE}'" if of_page else "")
    assert [len(each) for each in erased] == [len(each) for each in log]
    assert _facts(after, "true") == _facts(before, f"NOT ({theirs})")
    assert after.value("SELECT count(*) FROM rejects") <= before.value("SELECT count(*) FROM rejects")
    if not of_page:
        assert psid not in b"".join(erased).decode()
        assert secret(psid) not in b"".join(erased).decode()


def _facts(home: Home, which: str) -> list[tuple[Any, ...]]:
    return [row[:5] for row in home.rows(EVENT.format(which))]


@given(log=st.lists(lines(), min_size=1, max_size=40))
@settings(
    max_examples=max(2, EXAMPLES // 2), suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate)
)
def test_what_the_loader_would_not_take_leaves_the_logs(
    new_home: Callable[[], Home], tmp_path_factory: pytest.TempPathFactory, log: list[bytes]
) -> None:
    """Old kinds and people with a tombstone: erasing from the log, and dropping at the load, come to the same."""
    folder = tmp_path_factory.mktemp("logs")
    erased = Erased(
        "key", ((person_hash("key", PAGE, ANNA), PAGE, NOON - timedelta(days=100)),),
        (("message", NOON - timedelta(days=30)), ("change:feed", NOON - timedelta(days=200)), ("read", NOON)),
    )  # fmt: skip
    rests = [erased_line(line, AllErased(erased)) for line in log]
    cleared = [line if rest is None else rest.line for line, rest in zip(log, rests, strict=True)]
    (folder / "before.jsonl").write_bytes(b"\n".join(log) + b"\n")
    (folder / "after.jsonl").write_bytes(b"\n".join(cleared) + b"\n")
    dropped, after = new_home(), new_home()
    load(dropped, folder / "before.jsonl", erased=erased)
    after.load(folder / "after.jsonl")

    assert _facts(after, "true") == _facts(dropped, "true")


def test_others_are_not_touched_by_a_byte() -> None:
    """Only their own item becomes spaces, and one comma."""
    line = b'{"object":"page","entry":[{"id":"1084","time":1,"messaging":[A, B ,C]}]}'
    own = [compact(message(psid, NOON, f"m{psid}", "x")) for psid in (BEN, ANNA, BEN)]
    for mark, each in zip((b"A", b"B", b"C"), own, strict=True):
        line = line.replace(mark, each)

    rest = erased_line(line, OnePerson(ANNA, None, LATER))

    assert rest is not None
    assert rest.line == line.replace(b", " + own[1], b" " * (len(own[1]) + 2))
    assert rest.items == 1


def test_a_line_of_theirs_alone_becomes_blank_with_all_that_was_beside_it() -> None:
    """The shipper's copy of it too."""
    body = compact(delivery(message(ANNA, NOON, "m", secret(ANNA)))).decode()
    line = json.dumps({"ip": "203.0.113.9", "body": body, "headers": {"x": body}}).encode()

    rest = erased_line(line, OnePerson(ANNA, None, LATER))

    assert rest is not None
    assert rest.is_blank
    assert len(rest.line) == len(line)


@pytest.mark.parametrize("tail", [b"", b"\x80", b',"more":'])
def test_a_torn_line_that_names_them_goes_as_a_whole(tail: bytes) -> None:
    """Nobody can read it, so nobody can say what of it is theirs."""
    torn = compact(delivery(message(ANNA, NOON, "m", secret(ANNA))))[:-10] + tail

    rest = erased_line(torn, OnePerson(ANNA, None, LATER))

    assert rest is not None
    assert rest.is_blank
    assert erased_line(torn, OnePerson(BEN, None, LATER)) is None


def test_an_id_that_somebody_else_quotes_is_masked() -> None:
    """Their words stay, the id does not."""
    line = compact(delivery(message(BEN, NOON, "m", f"ask {ANNA} or é{ANNA}")))

    rest = erased_line(line, OnePerson(ANNA, None, LATER))

    assert rest is not None
    assert json.loads(rest.line)["entry"][0]["messaging"][0]["message"]["text"] == f"ask {'9' * 17} or é{'9' * 17}"
    assert rest.items == 0


def test_who_writes_again_later_is_somebody_new() -> None:
    """What came after the moment stays."""
    line = compact(delivery(message(ANNA, NOON, "m"), message(ANNA, LATER, "n")))

    rest = erased_line(line, OnePerson(ANNA, None, NOON))

    assert rest is not None
    assert rest.items == 1
    assert b'"n"' in rest.line


def test_a_document_keeps_its_lines() -> None:
    """JSON that is spread over lines: values are erased, line breaks stay."""
    bodies = [delivery(message(psid, NOON, f"m{psid}", secret(psid))) for psid in (ANNA, BEN)]
    data = json.dumps(bodies, indent=2).encode()

    ((line, (start, end), rest),) = erased_document(data, OnePerson(ANNA, None, LATER))

    assert line == 2
    assert rest.line.count(b"\n") == data[start:end].count(b"\n")
    assert rest.is_blank


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the corpora are not here")
def test_every_known_shape_can_be_cleared_of_its_person(new_home: Callable[[], Home], tmp_path: Path) -> None:
    """Payloads of other projects: without each person in turn, the others' events are loaded as before."""
    log = [json.dumps(json.loads(path.read_bytes())).encode() for path in sorted(CORPORA.glob("*.json"))]
    home = new_home()
    (tmp_path / "log.jsonl").write_bytes(b"\n".join(log) + b"\n")
    home.load(tmp_path / "log.jsonl")
    psid = home.value(
        "SELECT psid FROM events WHERE psid ~ '[0-9]{6,}' AND psid NOT IN (SELECT page_id FROM events) "
        "GROUP BY psid ORDER BY count(*) DESC, psid LIMIT 1"
    )
    rests = [erased_line(line, OnePerson(psid, None, LATER + timedelta(days=9999))) for line in log]
    (tmp_path / "after.jsonl").write_bytes(
        b"\n".join(line if rest is None else rest.line for line, rest in zip(log, rests, strict=True)) + b"\n"
    )
    after = new_home()
    after.load(tmp_path / "after.jsonl")

    assert _facts(after, "true") == _facts(home, f"psid <> '{psid}'")
