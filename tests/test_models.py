"""What events mean: windows, tokens and their states, contacts, receipts, as worked cases."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import NOW, Home
from tests.deliveries import ANNA, BEN, NOON, PAGE, Item, delivery, echo, item, marketing, message, ms, otn, write_lines

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FOREVER = datetime(9999, 12, 31)


Load = Callable[..., Home]


@pytest.fixture
def loaded(home: Home, tmp_path: Path) -> Load:
    """Return a function that loads items, one a line."""

    def load(*items: Item, now: datetime = NOW) -> Home:
        home.load(write_lines(tmp_path / "log.jsonl", *(delivery(each) for each in items)), now=now)
        return home

    return load


# Windows ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "opens"),
    [
        ({"message": {"mid": "m", "text": "hi"}}, True),
        ({"message": {"mid": "m", "quick_reply": {"payload": "YES"}, "text": "Yes"}}, True),
        ({"postback": {"mid": "m", "title": "Get started", "payload": "START"}}, True),
        ({"reaction": {"mid": "m", "action": "react", "reaction": "love"}}, True),
        ({"reaction": {"mid": "m", "action": "unreact"}}, False),
        ({"referral": {"source": "SHORTLINK", "type": "OPEN_THREAD", "ref": "spring"}}, True),
        ({"referral": {"source": "SHORTLINK", "type": "OPEN_THREAD"}}, False),
        ({"referral": {"source": "ADS", "type": "OPEN_THREAD", "ad_id": "1"}}, False),
        ({"optin": {"ref": "plugin"}}, True),
        ({"optin": {"type": "one_time_notif_req", "payload": "p", "one_time_notif_token": "t"}}, False),
        ({"read": {"watermark": 1}}, False),
        ({"delivery": {"watermark": 1}}, False),
        ({"message_edit": {"mid": "m", "text": "x", "num_edit": 1}}, False),
        ({"message": {"mid": "m", "is_deleted": True}}, False),
        ({"account_linking": {"status": "linked"}}, False),
    ],
)
def test_what_opens_the_window_and_what_does_not(loaded: Load, body: Item, opens: bool) -> None:
    """As the rule book says for the event's day."""
    home = loaded(item(ANNA, NOON, **body))
    expected = [(ANNA, NOON, NOON + 24 * HOUR)] if opens else []
    assert home.rows("SELECT psid, opened_at, closes_at FROM windows") == expected


def test_the_page_s_own_message_opens_nothing(loaded: Load) -> None:
    """Only the person can open it."""
    assert loaded(echo(ANNA, NOON, "m_1")).value("SELECT count(*) FROM windows") == 0


def test_actions_within_a_day_are_one_window_and_a_day_apart_two(loaded: Load) -> None:
    """A stretch goes on as long as each action comes before the window closes; at the very moment counts."""
    home = loaded(
        message(ANNA, NOON, "m_1"),
        message(ANNA, NOON + 24 * HOUR, "m_2"),
        message(ANNA, NOON + 48 * HOUR + timedelta(seconds=1), "m_3"),
        message(BEN, NOON, "m_4"),
    )
    assert home.rows("SELECT psid, opened_at, closes_at FROM windows ORDER BY ALL") == [
        (ANNA, NOON, NOON + 48 * HOUR),
        (ANNA, NOON + 48 * HOUR + timedelta(seconds=1), NOON + 72 * HOUR + timedelta(seconds=1)),
        (BEN, NOON, NOON + 24 * HOUR),
    ]


# Tokens -------------------------------------------------------------------------------------------------------------


def test_a_one_time_token_lives_a_year_less_a_day(loaded: Load) -> None:
    """Meta says "within 1 year" and names no moment, so a day is kept in hand."""
    home = loaded(otn(ANNA, NOON, "t1", "restock:boots"))
    assert home.rows(
        "SELECT token, kind, page_id, psid, topic, opted_in_at, expires_at, effective_expires_at, state FROM tokens"
    ) == [("t1", "otn", PAGE, ANNA, "restock:boots", NOON, NOON + 364 * DAY, NOON + 364 * DAY, "available")]


@pytest.mark.parametrize(
    ("later", "state"),
    [
        (-timedelta(seconds=1), None),
        (timedelta(0), "available"),
        (364 * DAY - HOUR, "available"),
        (364 * DAY, "expired"),
    ],
)
def test_a_token_s_state_is_of_the_moment_asked_for(loaded: Load, later: timedelta, state: str | None) -> None:
    """Before the opt-in there is none; from the expiry on it is expired."""
    home = loaded(otn(ANNA, NOON, "t1"), now=NOON + later)
    assert home.value("SELECT state FROM tokens") == state


def test_states_follow_the_clock_from_load_to_load(loaded: Load, tmp_path: Path) -> None:
    """A later load, even of nothing, moves the states to its own moment."""
    home = loaded(otn(ANNA, NOON, "t1"))
    home.load(tmp_path / "log.jsonl", now=NOON + 400 * DAY)
    assert home.value("SELECT state FROM tokens") == "expired"
    home.load(tmp_path / "log.jsonl", now=NOON + 4 * DAY)
    assert home.value("SELECT state FROM tokens") == "available"


def test_a_token_given_twice_counts_once_and_two_tokens_twice(loaded: Load) -> None:
    """The token is what counts, not the tap."""
    home = loaded(otn(ANNA, NOON, "t1"), otn(ANNA, NOON + HOUR, "t1"), otn(ANNA, NOON + 2 * HOUR, "t2"))
    assert home.rows("SELECT token, opted_in_at FROM tokens ORDER BY token") == [("t1", NOON), ("t2", NOON + 2 * HOUR)]


def test_a_send_s_echo_spends_its_token_for_good(loaded: Load) -> None:
    """The echo's metadata names the token by its md5; nothing brings a one-time token back."""
    spent = hashlib.md5(b"t1", usedforsecurity=False).hexdigest()
    home = loaded(
        otn(ANNA, NOON, "t1"),
        otn(ANNA, NOON, "t2"),
        echo(ANNA, NOON + DAY, "m_1", metadata=f"clear-to-send/1 send=s1 lane=otn token={spent}"),
        echo(ANNA, NOON + DAY, "m_2", metadata="something else token=" + spent[::-1]),
    )
    assert home.rows("SELECT token, state, spent_at FROM tokens ORDER BY token") == [
        ("t1", "spent", NOON + DAY),
        ("t2", "available", None),
    ]
    assert home.rows(
        "SELECT state, from_at, to_at FROM token_spans WHERE contact_key IS NOT NULL ORDER BY from_at, to_at LIMIT 1"
    ) == [("available", NOON, NOON + DAY)]


def test_a_topic_may_stand_in_a_payload_that_is_json(loaded: Load) -> None:
    """Some applications write JSON into the payload; its topic is the topic."""
    home = loaded(otn(ANNA, NOON, "t1", '{"topic":"restock:boots","v":2}'), otn(ANNA, NOON, "t2", "{broken"))
    assert home.rows("SELECT token, topic FROM tokens ORDER BY token") == [("t1", "restock:boots"), ("t2", "{broken")]


def test_settings_map_what_was_written_to_a_topic_s_name(home: Home, tmp_path: Path) -> None:
    """A changed mapping re-makes the models from the events, without reading the logs again."""
    log = write_lines(tmp_path / "log.jsonl", delivery(otn(ANNA, NOON, "t1", "OTN_7")))
    home.load(log)
    (home.folder / "settings.toml").write_text('[topics]\nOTN_7 = "Back in stock"\n')
    assert home.load(log).lines == 0
    assert home.value("SELECT topic FROM tokens") == "Back in stock"
    assert home.rows("SELECT topic, sum(count_entered - count_left) FROM token_daily GROUP BY topic") == [
        ("Back in stock", 1)
    ]


MARCH = datetime(2025, 3, 1)


def test_a_marketing_token_goes_through_stop_resume_and_renewal(loaded: Load) -> None:
    """Stopped is revoked until resumed; past its own expiry it is expired until the person opts in again."""
    home = loaded(
        marketing(ANNA, MARCH, "k", days=100),
        marketing(ANNA, MARCH + 10 * DAY, "k", status="STOP NOTIFICATIONS", days=None),
        marketing(ANNA, MARCH + 20 * DAY, "k", status="RESUME_NOTIFICATIONS", days=80),
        marketing(ANNA, MARCH + 150 * DAY, "k", days=100, user_token_status="REFRESHED"),
    )
    assert home.rows("SELECT state, from_at, to_at FROM token_spans ORDER BY from_at") == [
        ("available", MARCH, MARCH + 10 * DAY),
        ("revoked", MARCH + 10 * DAY, MARCH + 20 * DAY),
        ("available", MARCH + 20 * DAY, MARCH + 100 * DAY),
        ("expired", MARCH + 100 * DAY, MARCH + 150 * DAY),
        ("available", MARCH + 150 * DAY, MARCH + 250 * DAY),
        ("expired", MARCH + 250 * DAY, FOREVER),
    ]
    assert home.rows("SELECT kind, topic, opted_in_at, region FROM tokens") == [
        ("marketing", "New arrivals", MARCH, "EU")
    ]


def test_a_person_holds_a_permission_as_long_as_any_token_is_available(loaded: Load) -> None:
    """Stretches of several tokens that touch are one; a gap between them makes two."""
    stopped = marketing(ANNA, MARCH + 20 * DAY, "k", status="STOP NOTIFICATIONS", days=None)
    home = loaded(
        marketing(ANNA, MARCH, "k", days=100),
        stopped,
        marketing(ANNA, MARCH + 10 * DAY, "l", days=20),
        marketing(ANNA, MARCH + 50 * DAY, "m", days=7),
        marketing(BEN, MARCH, "n", days=5),
    )
    query = "SELECT psid, from_at, to_at FROM held_spans JOIN contacts USING (contact_key) ORDER BY psid, from_at"

    assert home.rows(query) == [
        (ANNA, MARCH, MARCH + 30 * DAY),
        (ANNA, MARCH + 50 * DAY, MARCH + 57 * DAY),
        (BEN, MARCH, MARCH + 5 * DAY),
    ]


def test_a_renewal_moves_the_end_from_its_own_day_on(loaded: Load) -> None:
    """Seen from before the renewal, the token still ends when it was then known to end."""
    home = loaded(marketing(ANNA, MARCH, "k", days=100), marketing(ANNA, MARCH + 50 * DAY, "k", days=100))

    assert home.rows("SELECT state, from_at, to_at, opted_in_at, ends_at FROM token_spans ORDER BY from_at") == [
        ("available", MARCH, MARCH + 50 * DAY, MARCH, MARCH + 100 * DAY),
        ("available", MARCH + 50 * DAY, MARCH + 150 * DAY, MARCH, MARCH + 150 * DAY),
        ("expired", MARCH + 150 * DAY, FOREVER, MARCH, MARCH + 150 * DAY),
    ]


@pytest.mark.parametrize(("frequency", "months"), [("DAILY", 6), ("WEEKLY", 9), ("MONTHLY", 12)])
def test_a_marketing_token_without_expiry_lives_as_its_frequency_says(
    loaded: Load, frequency: str, months: int
) -> None:
    """Older opt-ins name a frequency and no expiry."""
    home = loaded(marketing(ANNA, datetime(2022, 12, 1), "k", days=None, notification_messages_frequency=frequency))
    year, month = divmod(11 + months, 12)
    assert home.value("SELECT expires_at FROM tokens") == datetime(2022 + year, month + 1, 1)


def test_a_stop_without_an_opt_in_gives_no_token(loaded: Load) -> None:
    """A log may begin in the middle: what was never seen given is not counted."""
    assert loaded(marketing(ANNA, MARCH, "k", status="STOP NOTIFICATIONS")).value("SELECT count(*) FROM tokens") == 0


def test_the_days_add_up_to_the_stock_of_any_day(loaded: Load) -> None:
    """Entered less left up to a day is what stood at its end, past and future."""
    home = loaded(
        *(otn(ANNA, NOON - day * DAY, f"t{day}") for day in range(0, 380, 19)),
        *(marketing(BEN, NOON - day * DAY, f"k{day}", days=90) for day in range(0, 300, 31)),
    )
    for day in ("2025-12-31", "2026-11-20", "2027-06-30"):
        stock = (
            f"SELECT state, sum(count_entered - count_left) AS n FROM token_daily WHERE day <= '{day}' GROUP BY state"
        )
        by_day = f"SELECT state, n FROM ({stock}) WHERE n <> 0"
        end = f"TIMESTAMP '{day} 23:59:59.999999'"
        by_span = f"SELECT state, count(*) FROM token_spans WHERE from_at <= {end} AND to_at > {end} GROUP BY state"
        assert sorted(home.rows(by_day)) == sorted(home.rows(by_span))


# The rest -----------------------------------------------------------------------------------------------------------


def test_contacts_are_people_seen_in_any_event(loaded: Load) -> None:
    """The first moment counts, whichever event it was, and a Page is nobody's contact."""
    home = loaded(message(ANNA, NOON + HOUR, "m_1"), otn(ANNA, NOON, "t1"), echo(BEN, NOON, "m_2"))
    assert home.rows("SELECT psid, first_seen_at FROM contacts ORDER BY psid") == [(ANNA, NOON), (BEN, NOON)]


def test_messages_have_a_direction(loaded: Load) -> None:
    """An echo is what the Page sent."""
    home = loaded(message(ANNA, NOON, "m_1", text="in?"), echo(ANNA, NOON + HOUR, "m_2", text="yes", metadata="x"))
    assert home.rows("SELECT mid, direction, psid, text, metadata FROM messages ORDER BY mid") == [
        ("m_1", "in", ANNA, "in?", None),
        ("m_2", "out", ANNA, "yes", "x"),
    ]


def test_receipts_carry_their_watermark(loaded: Load) -> None:
    """Deliveries may list messages; reads only say up to when."""
    home = loaded(
        item(ANNA, NOON, delivery={"watermark": ms(NOON), "mids": ["m_1"]}),
        item(ANNA, NOON, read={"watermark": ms(NOON - HOUR)}),
    )
    assert home.rows("SELECT kind, watermark_at, mids FROM receipts ORDER BY kind") == [
        ("delivery", NOON, ["m_1"]),
        ("read", NOON - HOUR, None),
    ]


@pytest.mark.parametrize("key", ["policy_enforcement", "policy-enforcement"])
def test_policy_events_are_read_in_both_spellings(loaded: Load, key: str) -> None:
    """Meta has written the key in two ways; they have no sender."""
    home = loaded({"recipient": {"id": PAGE}, "timestamp": ms(NOON), key: {"action": "warning", "reason": "spam"}})
    assert home.rows("SELECT page_id, action, reason, occurred_at FROM policy_events") == [
        (PAGE, "warning", "spam", NOON)
    ]
