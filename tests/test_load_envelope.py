"""What stands around the events of a delivery: what no column knows stays as JSON beside the event."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Home
from tests.deliveries import ANNA, BEN, NOON, PAGE, Item, delivery, message, write_lines

HELLO = message(ANNA, NOON, "m_1")


def envelopes(home: Home) -> dict[str, Any]:
    """Return the envelope of each event, by its message id."""
    found = home.rows("SELECT mid, envelope FROM events")
    return {mid: json.loads(text) if text else None for mid, text in found}


def test_a_usual_delivery_has_nothing_beside_its_events(home: Home, tmp_path: Path) -> None:
    """The fields that every delivery has are columns already."""
    home.load(write_lines(tmp_path / "log.jsonl", delivery(HELLO)))

    assert envelopes(home) == {"m_1": None}


@pytest.mark.parametrize("careful", [False, True], ids=["all at once", "line by line"])
def test_unknown_fields_of_delivery_and_entry_are_kept(home: Home, tmp_path: Path, *, careful: bool) -> None:
    """A field that Meta adds tomorrow, whole, null or nested, is there the day somebody asks for it."""
    body: Item = {**delivery(HELLO), "hop": {"of": [1, None]}, "trace": None}
    body["entry"][0] |= {"uid": "u-1"}
    if careful:  # a lone surrogate sends the line the careful way
        body["entry"][0]["messaging"][0]["message"]["text"] = "\ud83d"
    home.load(write_lines(tmp_path / "log.jsonl", body))

    assert envelopes(home) == {
        "m_1": {"wrapper": None, "delivery": {"hop": {"of": [1, None]}, "trace": None}, "entry": {"uid": "u-1"}}
    }


def test_an_unknown_field_in_place_of_a_known_one_is_noticed(home: Home, tmp_path: Path) -> None:
    """As many keys as usual do not mean the usual keys."""
    body = {"entry": [{"id": PAGE, "uid": "u-1", "messaging": [HELLO]}], "hop": 1}
    home.load(write_lines(tmp_path / "log.jsonl", body))

    assert envelopes(home) == {"m_1": {"wrapper": None, "delivery": {"hop": 1}, "entry": {"uid": "u-1"}}}


@pytest.mark.parametrize("inside", [lambda body: body, json.dumps], ids=["object", "text"])
def test_what_a_log_shipper_wrote_around_a_delivery_is_kept(home: Home, tmp_path: Path, inside: Any) -> None:
    """The signature header that came with a delivery can still be checked years later."""
    line = {"headers": {"X-Hub-Signature-256": "sha256=ab"}, "body": inside(delivery(HELLO)), "host": "web-1"}
    home.load(write_lines(tmp_path / "log.jsonl", line))

    wrapper = {"headers": {"X-Hub-Signature-256": "sha256=ab"}, "host": "web-1"}
    assert envelopes(home) == {"m_1": {"wrapper": wrapper, "delivery": None, "entry": None}}


def test_each_entry_keeps_its_own_fields(home: Home, tmp_path: Path) -> None:
    """Of two entries in one delivery only the one with more to say has an envelope."""
    first, second = delivery(HELLO)["entry"][0], delivery(message(BEN, NOON, "m_2"))["entry"][0]
    home.load(write_lines(tmp_path / "log.jsonl", {"object": "page", "entry": [first, {**second, "uid": "u-2"}]}))

    assert envelopes(home) == {"m_1": None, "m_2": {"wrapper": None, "delivery": None, "entry": {"uid": "u-2"}}}


@pytest.mark.parametrize("is_fuller_first", [False, True])
def test_of_two_copies_the_one_with_more_around_it_stays(home: Home, tmp_path: Path, *, is_fuller_first: bool) -> None:
    """Whichever copy is read first, what one says beside the event is not lost to the other's silence."""
    copies = [{**delivery(HELLO), "hop": 1}, delivery(HELLO)]
    home.load(write_lines(tmp_path / "log.jsonl", *(copies if is_fuller_first else reversed(copies))))

    assert envelopes(home) == {"m_1": {"wrapper": None, "delivery": {"hop": 1}, "entry": None}}
