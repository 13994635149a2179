"""Who gets a message by which lane, and every reason why somebody does not, from logs as Meta posts them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from pipelines.dispatch.payload import metadata_of
from pipelines.ledger import queue
from pipelines.ledger.queue import Result
from pipelines.ledger.sends import DEAD
from pipelines.plan.campaign import Audience, Campaign, Cap, Utility, Variant
from pipelines.plan.reasons import WORDS
from tests.conftest import NOW
from tests.deliveries import ANNA, BEN, Item, echo, marketing, message, otn
from tests.plan.worlds import ALL_LANES, DAY, HOUR, SHOES, World, campaign, key

MORNING = NOW - 2 * HOUR
LAST_WEEK = NOW - 7 * DAY
BERLIN: dict[str, Any] = {"title": SHOES}
TAIPEI: dict[str, Any] = {"title": SHOES, "notification_messages_timezone": "Asia/Taipei"}
WRITES = message(ANNA, MORNING, "m_1")
ASKS = otn(ANNA, LAST_WEEK, "t1")
SUBSCRIBES = marketing(ANNA, LAST_WEEK, "s1", **BERLIN)
SPENDS = echo(ANNA, NOW - DAY, "m_2", metadata=metadata_of("7", "otn", "t1"))

CASES: dict[str, tuple[list[Item], dict[str, Any]]] = {
    "excluded": ([WRITES], {"audience": Audience(exclude_psids=(ANNA,))}),
    "messaged_lately": (
        [WRITES, echo(ANNA, NOW - 3 * HOUR, "m_2")],
        {"audience": Audience(not_messaged_within=DAY)},
    ),
    "frequency_cap": ([WRITES, echo(ANNA, NOW - 2 * DAY, "m_2")], {"cap": Cap(1, 7 * DAY)}),
    "holdout": ([WRITES], {"holdout": 1 - 1e-9}),
    "field_missing": ([WRITES], {"text": "{{first_name}}, they are back."}),
    "window_not_used": ([WRITES, ASKS], {"lanes": ("otn",)}),
    "no_lane_open": ([WRITES, ASKS], {"lanes": ()}),
    "token_not_used": ([ASKS], {"lanes": ("standard_window", "marketing")}),
    "token_paid_only": ([marketing(ANNA, LAST_WEEK, "s1", **TAIPEI)], {}),
    "token_spent": ([ASKS, SPENDS], {}),
    "token_expired": ([otn(ANNA, NOW - 400 * DAY, "t1")], {}),
    "token_stranded": ([marketing(ANNA, NOW - 320 * DAY, "s1", days=400, **TAIPEI)], {}),
    "token_revoked": ([SUBSCRIBES, marketing(ANNA, NOW - DAY, "s1", status="STOP_NOTIFICATIONS", **BERLIN)], {}),
    "no_permission": ([message(ANNA, NOW - 30 * HOUR, "m_1")], {}),
    "standard_window": ([WRITES], {}),
    "otn": ([ASKS], {}),
    "marketing": ([SUBSCRIBES], {}),
    "utility": ([message(ANNA, LAST_WEEK, "m_1")], {"lanes": ("otn", "utility"), "utility": Utility("order", "en")}),
    "tag:ACCOUNT_UPDATE": ([message(ANNA, LAST_WEEK, "m_1")], {"lanes": ("otn", "tag:ACCOUNT_UPDATE")}),
}


def refuse(world: World, reason: str) -> None:
    """Send to Anna by her token, and be refused for that reason."""
    number = world.reserve(ANNA, "t1")
    with world.ledger.begin() as connection:
        queue.start(connection, [number], NOW)
        queue.record(connection, [Result(number, "refused", NOW, reason, "not available")])


LEDGER_CASES: dict[str, tuple[Item, Callable[[World], object]]] = {
    "token_reserved": (ASKS, lambda world: world.reserve(ANNA, "t1")),
    "token_refused": (ASKS, lambda world: refuse(world, f"{DEAD}100")),
    "marketing_cooling": (SUBSCRIBES, lambda world: world.accept(ANNA, "s1", "marketing", NOW - HOUR)),
}


@pytest.mark.parametrize("outcome", CASES)
def test_every_lane_and_every_reason(world: World, outcome: str) -> None:
    """One person, and what the logs say of them, for each."""
    items, changed = CASES[outcome]
    world.load(*items)

    assert world.outcomes(campaign(**changed)) == {ANNA: outcome}


@pytest.mark.parametrize("outcome", LEDGER_CASES)
def test_what_the_ledger_knows_counts_before_the_logs_do(world: World, outcome: str) -> None:
    """A token that another campaign holds is not taken, and after a marketing message a person rests."""
    item, happens = LEDGER_CASES[outcome]
    world.load(item)
    happens(world)

    assert world.outcomes(campaign()) == {ANNA: outcome}


def test_each_reason_has_its_case() -> None:
    """And each has words."""
    lanes = {*ALL_LANES, "utility", "tag:ACCOUNT_UPDATE"}

    assert {*CASES, *LEDGER_CASES} == {*WORDS, *lanes}


def test_a_token_that_was_sent_by_is_spent_before_its_echo_comes(world: World) -> None:
    """The ledger alone knows."""
    world.load(ASKS)
    world.accept(ANNA, "t1", "otn", NOW - HOUR)

    assert world.outcomes(campaign()) == {ANNA: "token_spent"}


def test_a_refused_send_leaves_its_token_free(world: World) -> None:
    """Nor does it count as a message."""
    world.load(ASKS)
    refuse(world, "551")

    assert world.outcomes(campaign(cap=Cap(1, DAY))) == {ANNA: "otn"}


def test_the_token_that_expires_first_goes_first(world: World) -> None:
    """Whatever the order in which they came; of another topic none."""
    world.load(
        otn(ANNA, NOW - 100 * DAY, "middle"),
        otn(ANNA, NOW - 200 * DAY, "oldest"),
        otn(ANNA, NOW - 300 * DAY, "other", payload="launch:spring"),
        otn(ANNA, NOW - 3 * DAY, "newest"),
    )
    choice = world.plan(campaign())[ANNA]
    assert (choice.lane, choice.token_key) == ("otn", key("oldest"))
    assert choice.permission_ends_at == NOW - 200 * DAY + timedelta(days=364)

    world.reserve(ANNA, "oldest")
    assert world.plan(campaign())[ANNA].token_key == key("middle")


def test_no_token_is_spent_inside_a_window(world: World) -> None:
    """Until the window closes; then the token is used, and a subscription before a one-time token."""
    world.load(WRITES, ASKS, SUBSCRIBES)

    inside = world.plan(campaign())[ANNA]
    assert (inside.lane, inside.token_key, inside.permission_ends_at) == ("standard_window", None, MORNING + DAY)
    assert world.outcomes(campaign(), MORNING + DAY - timedelta(microseconds=1)) == {ANNA: "standard_window"}
    after = world.plan(campaign(), MORNING + DAY)[ANNA]
    assert (after.lane, after.token_key) == ("marketing", key("s1"))
    assert world.outcomes(campaign(lanes=("standard_window", "otn")), MORNING + DAY) == {ANNA: "otn"}


def test_who_rests_after_a_marketing_message_may_have_a_one_time_token(world: World) -> None:
    """48 hours by the rule book of the day, to the moment."""
    world.load(SUBSCRIBES, ASKS)
    world.accept(ANNA, "s1", "marketing", NOW)

    assert world.outcomes(campaign(), NOW + 48 * HOUR - timedelta(seconds=1)) == {ANNA: "otn"}
    assert world.outcomes(campaign(), NOW + 48 * HOUR) == {ANNA: "marketing"}


@pytest.mark.parametrize(("echoes", "outcome"), [(0, "otn"), (1, "otn"), (2, "frequency_cap"), (3, "frequency_cap")])
def test_a_cap_counts_this_message_too(world: World, echoes: int, outcome: str) -> None:
    """Two in a week: after one there is room for this one; what is older than the week does not count."""
    old = echo(ANNA, NOW - 7 * DAY, "m_old")
    world.load(ASKS, old, *(echo(ANNA, NOW - number * DAY, f"m_{number}") for number in range(1, echoes + 1)))

    assert world.outcomes(campaign(cap=Cap(2, 7 * DAY))) == {ANNA: outcome}


def test_a_send_and_its_echo_are_one_message(world: World) -> None:
    """And a send that waits counts as one that will come."""
    world.load(ASKS, message(ANNA, NOW - 2 * DAY, "m_a"), message(BEN, NOW - 2 * DAY, "m_b"))
    world.accept(ANNA, None, "standard_window", NOW - HOUR)
    world.load(echo(ANNA, NOW - HOUR, "m_1"))
    world.reserve(BEN, None, "standard_window", "another")

    assert world.outcomes(campaign(cap=Cap(2, DAY))) == {ANNA: "otn", BEN: "no_permission"}
    assert world.outcomes(campaign(cap=Cap(1, DAY))) == {ANNA: "frequency_cap", BEN: "frequency_cap"}


def test_a_plan_for_a_past_day_knows_nothing_of_later(world: World) -> None:
    """Neither people nor tokens, messages or spends."""
    world.load(ASKS, SPENDS, message(BEN, MORNING, "m_b"))

    assert world.outcomes(campaign(), LAST_WEEK - HOUR) == {}
    assert world.outcomes(campaign(), LAST_WEEK) == {ANNA: "otn"}
    assert world.outcomes(campaign(), NOW) == {ANNA: "token_spent", BEN: "standard_window"}


def test_a_plan_for_a_later_start_knows_what_will_have_ended(world: World) -> None:
    """Windows will have closed, and tokens expired."""
    world.load(WRITES, otn(BEN, NOW - 364 * DAY + HOUR, "t2"))

    assert world.outcomes(campaign()) == {ANNA: "standard_window", BEN: "otn"}
    assert world.outcomes(campaign(), NOW + DAY) == {ANNA: "no_permission", BEN: "token_expired"}


def test_the_closing_of_marketing_is_by_region_and_day(world: World) -> None:
    """Before 10 February 2026 any token is free; from then on those of the five regions."""
    given = NOW - 320 * DAY
    world.load(marketing(ANNA, given, "s1", days=400, **BERLIN), marketing(BEN, given, "s2", days=400, **TAIPEI))
    before, after = NOW.replace(month=2, day=9), NOW.replace(month=2, day=10)

    assert world.outcomes(campaign(), before) == {ANNA: "marketing", BEN: "marketing"}
    assert world.outcomes(campaign(), after) == {ANNA: "marketing", BEN: "token_stranded"}


def test_hold_out_and_wordings_are_drawn_once_for_each_person(world: World) -> None:
    """The same in every plan of the campaign, by chance in another, and about as many as was asked for."""
    world.load(*(message(f"77{number:05}", MORNING, f"m_{number}") for number in range(2000)))
    split: Campaign = campaign(
        variants=(Variant("A", "a", 0.2), Variant("B", "b", 0.3), Variant("C", "c", 0.5)), holdout=0.25
    )
    first, again = world.plan(split), world.plan(split, NOW + HOUR)
    other = world.plan(split, name="another campaign")

    assert first == again
    assert first != other
    held = {psid for psid, choice in first.items() if choice.reason == "holdout"}
    assert 420 < len(held) < 580
    shares = [sum(choice.variant == name for choice in first.values()) / (2000 - len(held)) for name in "ABC"]
    assert shares == pytest.approx([0.2, 0.3, 0.5], abs=0.04)
    assert all(choice.variant is None for psid, choice in first.items() if psid in held)


def test_the_counts_are_those_of_the_rows(world: World) -> None:
    """By lane, topic, wording and reason; only a one-time token is spent."""
    world.load(
        WRITES, otn(BEN, LAST_WEEK, "t2"), message("5", LAST_WEEK, "m_5"), marketing("6", LAST_WEEK, "s6", **BERLIN)
    )
    counts = world.counts(campaign())

    assert (counts.audience, counts.people, counts.tokens) == (4, 3, 1)
    assert {each["lane"]: each["people"] for each in counts.lanes} == dict.fromkeys(ALL_LANES, 1)
    assert {(each["topic"], each["lane"]) for each in counts.topics} == {(SHOES, "otn"), (SHOES, "marketing")}
    assert counts.variants == [{"variant": "A", "people": 3}]
    assert counts.left_out == [{"reason": "no_permission", "people": 1}]
