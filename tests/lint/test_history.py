"""Everything that went out, judged by the rules of its own day, however it was loaded."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

from pipelines.lint.history import HistoryAudit, audit_history
from pipelines.lint.linter import Linter
from pipelines.policy import Policy
from pipelines.warehouse import Warehouse
from tests.conftest import IS_DEEP, NOW, Home
from tests.deliveries import ANNA, BEN, NOON, PAGE, Item, delivery, echo, message, ms, otn, write_lines

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LONG_BEFORE = NOON - 60 * DAY
"""The log begins here, so that what opened a window is known."""
CARA = "24000000000000003"
Audit = Callable[..., set[tuple[str, str]]]


def under(lane: str) -> str:
    """Return the metadata of a send that names its lane."""
    return f"clear-to-send/1 send=1 lane={lane}"


def spending(token: str) -> str:
    """Return the metadata of a send that names the token it spent."""
    return f"clear-to-send/1 send=1 lane=otn token={md5(token.encode(), usedforsecurity=False).hexdigest()}"


def judge(home: Home, policy: Policy, linter: Linter, now: datetime = NOW) -> HistoryAudit:
    """Bring the findings of a home up to date."""
    with Warehouse.open(home.folder / "warehouse.duckdb") as warehouse:
        return audit_history(warehouse, policy, linter, now)


@pytest.fixture
def found(home: Home, policy: Policy, linter: Linter, tmp_path: Path) -> Audit:
    """Return a function that loads items and gives the (rule, severity) found about them."""

    def load(*items: Item, now: datetime = NOW) -> set[tuple[str, str]]:
        begins = message("24000000000000009", LONG_BEFORE, "first")
        home.load(write_lines(tmp_path / "log.jsonl", *(delivery(each) for each in (begins, *items))), now=now)
        judge(home, policy, linter, now)
        return set(home.rows("SELECT rule, severity FROM findings"))

    return load


@pytest.mark.parametrize(
    ("after", "rules"),
    [(24 * HOUR - SECOND, set()), (24 * HOUR, {("window.outside", "block")}), (9 * DAY, {("window.outside", "block")})],
)
def test_a_message_without_a_permission_is_found(found: Audit, after: timedelta, rules: set[tuple[str, str]]) -> None:
    """Inside the window all is well; at its last moment and later there must be a token, a tag or a template."""
    assert found(message(ANNA, NOON - 10 * DAY, "a"), echo(ANNA, NOON - 10 * DAY + after, "b")) == rules


def test_a_message_to_somebody_who_never_wrote_is_found(found: Audit) -> None:
    """The log goes back far enough to know."""
    assert found(echo(ANNA, NOON, "b")) == {("window.outside", "block")}


def test_nothing_is_held_against_messages_from_before_the_log(found: Audit) -> None:
    """What opened the window may have happened before the log begins."""
    assert found(echo(ANNA, LONG_BEFORE + DAY, "b")) == set()


def test_a_lane_that_the_sender_names_is_held_to_it(found: Audit) -> None:
    """A message sent as of the window goes out inside it."""
    items = message(ANNA, NOON - 3 * DAY, "a"), echo(ANNA, NOON, "b", metadata=under("standard_window"))

    assert found(*items) == {("window.outside", "block")}


@pytest.mark.parametrize(
    ("after", "rules"),
    [
        (7 * DAY - SECOND, set()),
        (7 * DAY + SECOND, {("tag.human_agent.days", "block")}),
        (5 * HOUR, {("tag.human_agent.inside_window", "warn")}),
    ],
)
def test_a_human_agent_has_seven_days(found: Audit, after: timedelta, rules: set[tuple[str, str]]) -> None:
    """After them the tag is closed; inside the window it is not needed."""
    answer = echo(ANNA, NOON - 9 * DAY + after, "b", "Your chair can be repaired.", metadata=under("tag:HUMAN_AGENT"))

    assert found(message(ANNA, NOON - 9 * DAY, "a"), answer) == rules


def test_an_answer_within_a_second_was_not_typed(found: Audit) -> None:
    """HUMAN_AGENT is for people."""
    answer = echo(ANNA, NOON + SECOND / 2, "b", "Your chair can be repaired.", metadata=under("tag:HUMAN_AGENT"))

    assert ("tag.human_agent.disallows.automated", "block") in found(message(ANNA, NOON, "a"), answer)


@pytest.mark.parametrize(("people", "is_bulk"), [((ANNA, BEN), False), ((ANNA, BEN, CARA), True)])
def test_the_same_text_to_many_at_once_is_no_human_answer(found: Audit, people: tuple[str, ...], is_bulk: bool) -> None:
    """Three people within a minute make a burst; two may be chance."""
    items = [message(psid, NOON - 2 * DAY, f"in{psid}") for psid in people]
    sent = [
        echo(psid, NOON + 10 * nth * SECOND, f"out{psid}", "It is repaired.", metadata=under("tag:HUMAN_AGENT"))
        for nth, psid in enumerate(people)
    ]

    assert (("tag.human_agent.disallows.bulk", "block") in found(*items, *sent)) is is_bulk


@pytest.mark.parametrize(
    ("later", "text", "is_found"),
    [
        (2 * DAY, "We are closed on Monday!", True),
        (2 * DAY, "we are closed on monday 🎉", True),
        (2 * DAY, "We are closed on Tuesday.", False),
        (7 * DAY + HOUR, "We are closed on Monday!", False),
    ],
)
def test_the_same_text_to_one_person_again_is_a_repetition(
    found: Audit, later: timedelta, text: str, is_found: bool
) -> None:
    """Case, signs and numbers do not make it another text; a week later it is none."""
    first = echo(ANNA, NOON - 9 * DAY, "b", "We are closed on Monday!", metadata=under("tag:ACCOUNT_UPDATE"))
    again = echo(ANNA, NOON - 9 * DAY + later, "c", text, metadata=under("tag:ACCOUNT_UPDATE"))
    rules = {rule for rule, _ in found(message(ANNA, NOON - 20 * DAY, "a"), first, again)}

    assert ("frequency.repeated.days" in rules) is is_found


def test_answering_the_same_question_twice_is_no_repetition(found: Audit) -> None:
    """The person asked again in between."""
    asked = [message(ANNA, NOON + nth * HOUR, f"a{nth}", "Open today?") for nth in (0, 1)]
    answered = [echo(ANNA, NOON + nth * HOUR + 5 * SECOND, f"b{nth}", "Until six.") for nth in (0, 1)]

    assert found(*asked, *answered) == set()


def test_a_token_is_spent_once_and_not_inside_the_window(found: Audit) -> None:
    """The second message by the same token is found, and so is a token spent where none was needed."""
    text = "The trail shoes are back in your size."
    once = echo(ANNA, NOON, "b", text, metadata=spending("t"))
    again = echo(ANNA, NOON + 9 * HOUR, "c", text + " Really.", metadata=spending("t"))
    given = otn(ANNA, NOON - 30 * DAY, "t")

    assert found(given, once, again) == {("otn.uses", "block")}
    assert ("otn.inside_window", "warn") in found(given, message(ANNA, NOON - HOUR, "a"), once, again)


def test_a_request_for_a_token_goes_out_inside_the_window(found: Audit) -> None:
    """Its title is judged as a prompt too."""
    payload = {"template_type": "one_time_notif_req", "title": "Get updates", "payload": "x"}
    request = echo(ANNA, NOON, "b", "", attachments=[{"type": "template", "payload": payload}])

    assert found(message(ANNA, NOON - 2 * DAY, "a"), request) == {
        ("otn.request.inside_window", "block"),
        ("otn.prompt.disallows.vague", "warn"),
    }


@pytest.mark.parametrize(
    ("on", "severity"),
    [(datetime(2026, 2, 9, 23, 59), None), (datetime(2026, 2, 10), "warn"), (datetime(2026, 4, 27), "block")],
)
def test_a_tag_is_judged_by_the_rules_of_its_day(found: Audit, on: datetime, severity: str | None) -> None:
    """The same message was right, doubtful and wrong in turn."""
    first = message(BEN, on - 60 * DAY, "old")
    sent = echo(ANNA, on, "b", "Your order has shipped.", metadata=under("tag:POST_PURCHASE_UPDATE"))
    rules = dict(found(first, message(ANNA, on - 3 * DAY, "a"), sent))

    assert rules.get("tag.post_purchase_update") == severity


def test_meta_s_own_acts_are_findings(found: Audit) -> None:
    """With Meta's reason, and about the Page rather than a person."""
    act = {
        "recipient": {"id": PAGE}, "timestamp": ms(NOON),
        "policy_enforcement": {"action": "block", "reason": "Too many reports"},
    }  # fmt: skip

    assert found(act) == {("page.enforcement.block", "block")}


def test_loading_in_parts_finds_what_loading_at_once_finds(
    new_home: Callable[[], Home], policy: Policy, linter: Linter, tmp_path: Path
) -> None:
    """The audit goes on where it was, also when an older log is loaded later and opens a window after all."""
    items = [
        message(CARA, LONG_BEFORE, "first"),
        message(ANNA, NOON - 40 * HOUR, "a"),
        echo(ANNA, NOON - 20 * HOUR, "b", "We open at nine."),
        echo(BEN, NOON, "c", "Flash sale! 50% off everything, shop now", metadata=under("tag:ACCOUNT_UPDATE")),
        echo(BEN, NOON + HOUR, "d", "Flash sale! 50% off everything, shop now!", metadata=under("tag:ACCOUNT_UPDATE")),
    ]
    late = message(ANNA, NOON - 21 * HOUR, "e")
    columns = "rule, severity, psid, sent_at, lane, span_from, span_to, reason"
    told: list[list[tuple[Any, ...]]] = []
    singly = [[[each] for each in [*items, late]]] if IS_DEEP else []
    for parts in ([[*items, late]], [items[2:], items[:2], [late]], *singly):
        home = new_home()
        for nth, part in enumerate(parts):
            home.load(write_lines(tmp_path / f"{len(parts)}-{nth}.jsonl", *map(delivery, part)))
            judge(home, policy, linter)
        told.append(home.rows(f"SELECT {columns} FROM findings ORDER BY ALL"))

    assert all(each == told[0] for each in told)
    assert {row[0] for row in told[0]} >= {"tag.account_update.disallows.promotion", "frequency.repeated.days"}


def test_an_audit_without_news_reads_nothing_again(home: Home, policy: Policy, linter: Linter, tmp_path: Path) -> None:
    """Texts are linted once, however many people got them."""
    sent = [
        echo(psid, NOON, f"m{psid}", "We open at nine.", metadata=under("tag:ACCOUNT_UPDATE")) for psid in (ANNA, BEN)
    ]
    home.load(write_lines(tmp_path / "log.jsonl", *map(delivery, sent)))

    assert judge(home, policy, linter).texts == 1
    assert judge(home, policy, linter).texts == 0


def test_spans_point_into_the_text_that_was_sent(home: Home, policy: Policy, linter: Linter, tmp_path: Path) -> None:
    """The page marks them."""
    text = "🎉 您的 flash sale: use code TRAIL85, 50% off everything, shop now!"
    home.load(
        write_lines(tmp_path / "l.jsonl", delivery(echo(ANNA, NOON, "b", text, metadata=under("tag:ACCOUNT_UPDATE"))))
    )
    judge(home, policy, linter)
    spans = home.rows("SELECT span_from, span_to FROM findings WHERE rule LIKE '%promotion' AND span_from IS NOT NULL")

    assert spans
    assert {text[start:end] for start, end in spans} <= {"flash sale", "use code", "code TRAIL85", "% off"}
