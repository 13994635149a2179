"""Which conditions hold: each from the state of a ledger, a warehouse or a rule book, at a moment."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from pipelines.alerts.watch import Seen, Watched, watch
from pipelines.dispatch.run import ACTOR
from pipelines.ledger import brakes, campaigns, queue, subscriptions
from pipelines.ledger.alerts import Condition
from pipelines.policy import Policy
from pipelines.settings import Settings
from pipelines.settings_alerts import Alerts
from pipelines.warehouse import Warehouse
from tests.alerts.raised import NOW
from tests.ledger.broadcasts import check, launched, row, send_ids, written
from tests.synthetic import count_days

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOON = datetime(2026, 11, 22, 12, 30)  # the rule book is verified on that day


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[Settings, Warehouse]]:
    """Return the settings of a home, and its empty warehouse."""
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        yield Settings(home=tmp_path), warehouse


def seen(
    ledger: Engine, policy: Policy, home: tuple[Settings, Warehouse], now: datetime = SOON, **limits: Any
) -> Seen:  # fmt: skip
    """Look at all."""
    settings, warehouse = home
    settings = settings.model_copy(update={"alerts": Alerts(**limits)})
    return watch(Watched(settings, policy, ledger, warehouse.cursor(), now))


def of(found: Seen, kind: str) -> list[Condition]:
    """Return the conditions of a kind; everything could be looked at."""
    assert found.says == ""
    return [each for each in found.conditions if each.kind == kind]


def give(warehouse: Warehouse, count: int, topic: str, days_left: float, state: str = "available") -> None:
    """Put tokens into the warehouse that end, or were spent, so many days from now."""
    span = "INSERT INTO token_spans SELECT uuid(), '1084', 'otn', $topic, i, $state, $since, $until, $since, $until"
    held = "INSERT INTO tokens SELECT i::VARCHAR, 'otn', '1084', '7', $topic, $since, $until, $until, $state"
    moment = SOON + timedelta(days=days_left)
    since, until = (moment, datetime(9999, 12, 31)) if state == "spent" else (SOON - 10 * DAY, moment)
    values = {"topic": topic, "state": state, "since": since, "until": until, "count": count}
    cursor = warehouse.cursor()
    cursor.execute(f"{span} FROM range($count) AS n(i)", values)
    cursor.execute(f"{held}, NULL, NULL, 'unknown', uuid(), uuid() FROM range($count) AS n(i)", values)


def test_nothing_is_wrong_in_an_empty_home(ledger: Engine, policy: Policy, home: tuple[Settings, Warehouse]) -> None:
    """And everything was looked at."""
    found = seen(ledger, policy, home)

    assert (found.conditions, found.says) == ((), "")
    assert len(found.kinds) == 9


def test_tokens_about_to_die(ledger: Engine, policy: Policy, home: tuple[Settings, Warehouse]) -> None:
    """By topic, from the number on that is set, within the days that are set; what is spent does not die."""
    give(home[1], 60, "boots & co", 3)
    give(home[1], 49, "socks", 3)
    give(home[1], 80, "coats", 15)
    give(home[1], 80, "hats", -1, "spent")

    (found,) = of(seen(ledger, policy, home), "tokens_die")
    fewer = of(seen(ledger, policy, home, tokens_die=49, tokens_die_days=15), "tokens_die")
    assert found.says.startswith("60 tokens of boots & co on Page 1084 die unused within 14 days")
    assert found.path == "/inventory?page=1084&topic=boots+%26+co&state=available"
    assert {each.topic for each in fewer} == {"coats", "boots & co", "socks"}


@pytest.mark.parametrize(
    ("held", "given", "spent", "is_dry"),
    [(40, 10, 150, True), (400, 10, 150, False), (0, 30, 60, True), (40, 200, 150, False), (10, 0, 150, False)],
    ids=["days", "months", "gone", "grows", "nobody joins"],
)
def test_a_topic_about_to_run_dry(
    ledger: Engine, policy: Policy, home: tuple[Settings, Warehouse], held: int, given: int, spent: int, is_dry: bool
) -> None:
    """At the pace of four weeks what is held does not last; a topic that nobody joins any more is over."""
    cursor = home[1].cursor()
    give(home[1], held, "boots", 200)
    cursor.execute("UPDATE tokens SET opted_in_at = opted_in_at - INTERVAL 90 DAY")
    give(home[1], spent, "boots", -5, "spent")
    cursor.execute("UPDATE tokens SET opted_in_at = opted_in_at - INTERVAL 90 DAY WHERE state = 'spent'")
    cursor.execute(
        "UPDATE tokens SET opted_in_at = $at WHERE token_key IN (SELECT token_key FROM tokens LIMIT $given)",
        {"at": SOON - 8 * DAY, "given": given},
    )

    count_days(cursor)

    found = of(seen(ledger, policy, home), "topic_dry")

    assert [each.topic for each in found] == (["boots"] if is_dry else [])
    assert not is_dry or f"({spent} used, {given} given)" in found[0].says


def act(warehouse: Warehouse, action: str, ago: timedelta, page_id: str = "1084") -> None:
    """Let Meta act against a Page."""
    told = json.dumps({"policy_enforcement": {"action": action, "reason": "Spam"}})
    cursor = warehouse.cursor()
    cursor.execute(
        "INSERT INTO events (event_id, page_id, psid, kind, occurred_at, payload, source_file, source_line) "
        "VALUES (uuid(), $page, '', 'policy_enforcement', $at, $told, 'a', 1)",
        {"page": page_id, "at": SOON - ago, "told": told},
    )
    cursor.execute(
        "INSERT INTO event_hourly VALUES (date_trunc('hour', $at::TIMESTAMP), $page, 'policy_enforcement', 1, 0, 0, 0)",
        {"page": page_id, "at": SOON - ago},
    )


@pytest.mark.parametrize(
    ("acts", "kind"),
    [
        ([("block", 60 * DAY)], "blocked"),
        ([("block", 60 * DAY), ("unblock", 2 * DAY)], ""),
        ([("unblock", 3 * DAY), ("block", 2 * HOUR)], "blocked"),
        ([("warning", 6 * DAY)], "warned"),
        ([("warning", 8 * DAY)], ""),
        ([("block", 9 * DAY), ("warning", 8 * DAY)], ""),
    ],
)
def test_what_meta_does_to_a_page(
    ledger: Engine, policy: Policy, home: tuple[Settings, Warehouse], acts: list[tuple[str, timedelta]], kind: str
) -> None:
    """A block stands until it is lifted, a warning for a week; the last act counts, and each Page for itself."""
    act(home[1], "unblock", 70 * DAY, "2095")
    for action, ago in acts:
        act(home[1], action, ago)

    found = seen(ledger, policy, home)

    assert [each.kind for each in found.conditions] == ([kind] if kind else [])
    assert not kind or ("Page 1084: Meta" in found.conditions[0].says and "(Spam)" in found.conditions[0].says)


def test_a_page_that_may_not_be_called_for_long(
    ledger: Engine, policy: Policy, home: tuple[Settings, Warehouse]
) -> None:
    """Throttling of some minutes is nobody's business."""
    with ledger.begin() as connection:
        brakes.put_on(connection, "1084", SOON + 5 * HOUR, "Too many calls.", SOON - HOUR)
        brakes.put_on(connection, "2095", SOON + HOUR / 4, "Too many calls.", SOON)

    (found,) = of(seen(ledger, policy, home), "page_held")
    assert found.says == "Page 1084 may not be called until 22 Nov, 17:30 UTC. Too many calls."


def test_webhooks_that_do_not_arrive(ledger: Engine, policy: Policy, home: tuple[Settings, Warehouse]) -> None:
    """What the page Data health calls an alarm is one here."""
    with ledger.begin() as connection:
        subscriptions.record(connection, subscriptions.Look("1084", False, (), "Not subscribed."), SOON - 3 * HOUR)

    (found,) = of(seen(ledger, policy, home), "webhook")
    assert found.says == "Page 1084: Not subscribed for 3 hours: Meta delivers nothing of this Page."
    assert found.path == "/data-health?page=1084"


def test_a_campaign_that_stopped_by_itself(ledger: Engine, policy: Policy, home: tuple[Settings, Warehouse]) -> None:
    """One that a person paused is that person's. What stopped it is told without ids or tokens."""
    for campaign_id, by in (("shoes", ACTOR), ("boots", "Mei")):
        launched(ledger, row("24"), campaign_id=campaign_id)
        why = "Refused for 240000000000000001 with EAAGabcdefghijklmnopqrstu."
        campaigns.change(ledger, campaign_id, "paused", by, NOW, why, "campaign_paused")

    (found,) = of(seen(ledger, policy, home), "refused")
    assert (
        found.says == "The campaign Back in stock stopped by itself 30 minutes ago: Refused for [hidden] with [hidden]."
    )
    assert (found.campaign_id, found.path) == ("shoes", "/campaigns?campaign=shoes")


@pytest.mark.parametrize(("refused", "accepted", "is_told"), [(3, 22, True), (2, 22, False), (9, 3, False)])
def test_a_campaign_that_is_refused_much(
    ledger: Engine, policy: Policy, home: tuple[Settings, Warehouse], refused: int, accepted: int, is_told: bool
) -> None:
    """Before the dispatcher stops it; a handful of answers proves nothing."""
    launched(ledger, *(row(str(number)) for number in range(refused + accepted + 5)))
    ids = send_ids(ledger)[: refused + accepted]
    with ledger.begin() as connection:
        queue.start(connection, ids, NOW, "standard_window")
        results = [
            queue.Result(send_id, "refused" if number < refused else "accepted", NOW, attempts=1)
            for number, send_id in enumerate(ids)
        ]
        queue.record(connection, results)

    assert len(of(seen(ledger, policy, home), "refused")) == is_told


@pytest.mark.parametrize(
    ("verdict", "hours", "is_told"), [("pass", 4.5, True), ("warn", 30, True), ("block", 30, False), ("pass", 3, False)]
)
def test_a_campaign_that_waits_for_its_approval(
    ledger: Engine, policy: Policy, home: tuple[Settings, Warehouse], verdict: Any, hours: float, is_told: bool
) -> None:
    """From so many hours on; one that cannot be approved waits for nobody, nor one whose time is over."""
    written(ledger)
    check(ledger, "shoes", verdict, at=SOON - timedelta(hours=hours))

    assert len(of(seen(ledger, policy, home), "approval")) == is_told
    assert not of(seen(ledger, policy, home, SOON + 2 * DAY), "approval")


def test_rules_that_nobody_verified(ledger: Engine, policy: Policy, home: tuple[Settings, Warehouse]) -> None:
    """One alert for all of them, and only for those in force."""
    late = SOON + 400 * DAY
    (found,) = of(seen(ledger, policy, home, late), "rules")

    count = sum(rule.in_force(late.date()) for rule in policy.stale(late))
    assert found.says.startswith(f"{count} rules that are in force were not verified for 90 days")


def test_what_cannot_be_looked_at_is_said_and_keeps_nothing_else(
    ledger: Engine, policy: Policy, home: tuple[Settings, Warehouse]
) -> None:
    """A broken table of the warehouse hides no campaign; without a warehouse only its kinds are left out."""
    written(ledger)
    check(ledger, "shoes", at=SOON - 9 * HOUR)
    home[1].cursor().execute("DROP TABLE token_spans")

    broken = seen(ledger, policy, home)
    without = watch(Watched(home[0], policy, ledger, None, SOON))

    assert "tokens_die" in broken.says
    assert "approval" in {each.kind for each in broken.conditions}
    assert "tokens_die" not in broken.kinds
    assert (without.says, {"blocked", "tokens_die"} & set(without.kinds)) == ("", set())
    assert [each.kind for each in without.conditions] == ["approval"]
