"""Logs of several people in every shape that is known, for the tests of erasures."""

import json
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.deliveries import ANNA, BEN, NOON, PAGE, Item, compact, delivery, echo, item, marketing, message, ms, otn

CLEO = "24000000000000003"
OTHER_PAGE = "108555555555555"
PEOPLE = (ANNA, BEN, CLEO)
Body = Any
"""What a log shipper, or nobody, made of a delivery: a value to write as JSON."""


def secret(psid: str) -> str:
    """Return words that only one person's events hold."""
    return f"secret-of-{psid[-4:]}"


moments = st.integers(0, 400 * 24).map(lambda hours: NOON - timedelta(hours=hours, seconds=hours % 7))
people = st.sampled_from(PEOPLE)
names = st.sampled_from(["a", "b", "c"])
texts = st.sampled_from(["hello", 'é " quoted \\ \n line', "\u2028 😀", "{not json", '{"entry": 1}', "[1]"])

EVENTS: st.SearchStrategy[Item] = st.one_of(
    st.builds(lambda p, m, n, t: message(p, m, f"m_{p}_{n}", f"{secret(p)} {t}"), people, moments, names, texts),
    st.builds(lambda p, m, n, t: echo(p, m, f"e_{p}_{n}", f"{secret(p)} {t}"), people, moments, names, texts),
    st.builds(lambda p, m, n: otn(p, m, f"t_{p}_{n}", secret(p)), people, moments, names),
    st.builds(lambda p, m, n: marketing(p, m, f"k_{p}_{n}"), people, moments, names),
    st.builds(lambda p, m: item(p, m, read={"watermark": ms(m)}), people, moments),
    st.builds(lambda p, m: item(p, m, delivery={"watermark": ms(m), "mids": ["m_a"]}), people, moments),
    st.builds(lambda p, m: item(p, m, postback={"mid": f"p_{p}", "payload": secret(p)}), people, moments),
    st.builds(lambda p, m: item(p, m, referral={"ref": secret(p)}), people, moments),
    st.builds(
        lambda p, m: {"recipient": {"id": p}, "sender": {"id": PAGE}, "timestamp": ms(m), "message": {"text": "raw"}},
        people, moments,
    ),
    st.builds(lambda m: {"recipient": {"id": PAGE}, "timestamp": ms(m), "policy_enforcement": {}}, moments),
)  # fmt: skip
CHANGES = st.builds(
    lambda p, m: {"field": "feed", "value": {"sender": {"id": p}, "text": secret(p), "created_time": ms(m) // 1000}},
    people, moments,
)  # fmt: skip


@st.composite
def entries(draw: st.DrawFn) -> Item:
    """Draw an entry with one list of items, or several."""
    lists = draw(st.lists(st.sampled_from(["messaging", "standby", "changes"]), min_size=1, max_size=2, unique=True))
    made: Item = {"id": draw(st.sampled_from([PAGE, OTHER_PAGE])), "time": ms(NOON)}
    for name in lists:
        made[name] = draw(st.lists(CHANGES if name == "changes" else EVENTS, max_size=3))
    return made | draw(st.sampled_from([{}, {"hop": {"of": [None, "x"]}}]))


def _plain(body: Item) -> Body:
    return body


def _as_object(body: Item) -> Body:
    return {"at": "2026-11-20T12:00:00Z", "body": body, "tags": ["a"]}


def _as_text(body: Item) -> Body:
    return {"received_at": "2026-11-20T12:00:00Z", "signature": "sha256=00", "body": json.dumps(body)}


def _with_copy(body: Item) -> Body:
    return {"payload": json.dumps(body, ensure_ascii=False), "raw": json.dumps(json.dumps(body))}


def _twice(body: Item) -> Body:
    return {"message": json.dumps({"body": json.dumps(body)})}


def _several(body: Item) -> Body:
    return [body, delivery(message(BEN, NOON, "m_last"))]


SHAPES: tuple[Callable[[Item], Body], ...] = (_plain, _plain, _as_object, _as_text, _with_copy, _twice, _several)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Draw one line of a log."""
    body: Item = {"object": "page", "entry": draw(st.lists(entries(), min_size=1, max_size=2))}
    body |= draw(st.sampled_from([{}, {"hop": 1}]))
    shaped = draw(st.sampled_from(SHAPES))(body)
    separators = draw(st.sampled_from([(",", ":"), (" , ", " : ")]))
    return json.dumps(shaped, ensure_ascii=draw(st.booleans()), separators=separators).encode()


def story(folder: Path, count: int = 300) -> Path:
    """Write a folder of logs that several people take part in: plain, compressed, wrapped, torn, and copied."""
    import gzip

    import zstandard

    chance = random.Random(11)
    made, third = [], count // 3
    for number in range(count):
        moment = NOON - timedelta(hours=count - number)
        someone = [chance.choice(PEOPLE) for _ in range(chance.choice([1, 1, 1, 2, 3]))]
        items = [
            _said(psid, moment + timedelta(seconds=place), f"{number}_{place}", chance)
            for place, psid in enumerate(someone)
        ]
        made.append(json.dumps(chance.choice(SHAPES[:5])(delivery(*items, time=moment))).encode())
    made[5] = compact(delivery(message(ANNA, NOON - timedelta(hours=count - 5), "m_tail", secret(ANNA))))
    made[7] = made[7][: len(made[7]) // 2]
    made[9] = compact(delivery(message(ANNA, NOON, "m_whole", secret(ANNA))))[:-30]
    made[11] = b""
    made[third - 1] = compact(delivery(message(BEN, NOON - timedelta(hours=count - third), "m_last_copied")))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.jsonl").write_bytes(b"\n".join(made[:third]) + b"\n")
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(b"\n".join(made[third : 2 * third]) + b"\n"))
    (folder / "c.jsonl.zst").write_bytes(zstandard.compress(b"\n".join(made[2 * third :]) + b"\n"))
    copies = [each for each in made[3 : third - 1 : 5] if each]
    (folder / "d.jsonl").write_bytes(b"\n".join([*copies, made[third - 1], made[5]]))
    bodies = [delivery(message(psid, NOON + timedelta(hours=1), f"m_doc_{psid}", secret(psid))) for psid in PEOPLE]
    (folder / "e.json").write_text(json.dumps(bodies, indent=2))
    return folder


def _said(psid: str, moment: Any, name: str, chance: random.Random) -> Item:
    return chance.choice([
        lambda: message(psid, moment, f"m_{name}", f"{secret(psid)} says {name}"),
        lambda: echo(psid, moment, f"e_{name}", f"Dear {secret(psid)}"),
        lambda: otn(psid, moment, f"t_{psid}_{name}"),
        lambda: item(psid, moment, read={"watermark": ms(moment)}),
    ])()  # fmt: skip
