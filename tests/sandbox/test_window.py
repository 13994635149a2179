"""Who may be written to without a token: the window, tags, comments, people who are not there."""

from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.sandbox.conftest import QUIET
from tests.sandbox.serving import START, Clock, Sandbox, sandbox

PAGE, ANNA = "108444444444444", "24000000000000001"


def refusal(answer: httpx.Response) -> tuple[int, int | None]:
    """Return a refusal's code and subcode."""
    error = answer.json()["error"]
    assert answer.status_code >= 400
    assert error["type"] == "OAuthException"
    assert error["message"]
    assert error["fbtrace_id"]
    return error["code"], error.get("error_subcode")


def hours_ago(hours: float) -> str:
    """Return a moment before the start."""
    return (START - timedelta(hours=hours)).isoformat()


@pytest.mark.parametrize("messaging_type", ["", "RESPONSE", "UPDATE"])
def test_the_open_window_takes_a_message(box: Sandbox, messaging_type: str) -> None:
    """The answer names person and message."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(23))

    answer = box.send(PAGE, {"id": ANNA}, "Hello", **({"messaging_type": messaging_type} if messaging_type else {}))

    assert answer.status_code == 200
    assert answer.json()["recipient_id"] == ANNA
    (received,) = box.truth()
    assert received["mid"] == answer.json()["message_id"]
    assert (received["psid"], received["lane"], received["text"]) == (ANNA, "standard_window", "Hello")


def test_the_window_closes_after_its_hours(box: Sandbox, clock: Clock) -> None:
    """24 hours after the person's last action the Page is outside."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(23))
    assert box.send(PAGE, {"id": ANNA}).status_code == 200

    clock.advance(hours=1)

    answer = box.send(PAGE, {"id": ANNA})
    assert refusal(answer) == (10, 2018278)
    assert answer.status_code == 403
    assert len(box.truth()) == 1


def test_nobody_is_reached_who_never_wrote(box: Sandbox) -> None:
    """A psid that the Page has never met is no user."""
    box.add(PAGE, ANNA)

    assert refusal(box.send(PAGE, {"id": "404"})) == (100, 2018001)
    assert refusal(box.send(PAGE, {"id": ANNA})) == (10, 2018278)


@pytest.mark.parametrize("tag", ["CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE", "ACCOUNT_UPDATE"])
def test_a_retired_tag_is_refused_even_inside_the_window(box: Sandbox, tag: str) -> None:
    """The error is about the tag, not about the person."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(1))

    assert refusal(box.send(PAGE, {"id": ANNA}, messaging_type="MESSAGE_TAG", tag=tag)) == (100, 1893061)


@pytest.mark.parametrize(("day", "works"), [("2026-04-26T23:00", True), ("2026-04-27T00:00", False)])
def test_a_tag_works_until_the_day_of_its_end(tmp_path: Path, day: str, works: bool) -> None:
    """The day is the rule book's."""
    clock = Clock(datetime.fromisoformat(day))
    with sandbox(tmp_path / "home", clock=clock, people=QUIET) as box:
        box.add(PAGE, ANNA)
        answer = box.send(PAGE, {"id": ANNA}, messaging_type="MESSAGE_TAG", tag="ACCOUNT_UPDATE")

        assert (answer.status_code == 200) == works
        assert [each["lane"] for each in box.truth()] == (["tag:ACCOUNT_UPDATE"] if works else [])


@pytest.mark.parametrize("tag", ["NO_SUCH_TAG", "ONE_TIME_NOTIFICATION", "human_agent", "HUMAN_AGENT.DAYS", "LEGACY"])
def test_what_is_no_tag_is_a_bad_parameter(box: Sandbox, tag: str) -> None:
    """Neither an invented tag nor a rule's id passes for one."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(1))

    assert refusal(box.send(PAGE, {"id": ANNA}, messaging_type="MESSAGE_TAG", tag=tag)) == (100, None)


def test_message_tag_names_its_tag(box: Sandbox) -> None:
    """The type without a tag says nothing."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(1))

    assert refusal(box.send(PAGE, {"id": ANNA}, messaging_type="MESSAGE_TAG")) == (100, None)


def test_human_agent_holds_seven_days(box: Sandbox, clock: Clock) -> None:
    """Counted from the person's last action."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(24 * 7 - 1))
    tagged = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    assert box.send(PAGE, {"id": ANNA}, **tagged).status_code == 200

    clock.advance(hours=1)

    assert refusal(box.send(PAGE, {"id": ANNA}, **tagged)) == (10, 2018278)
    assert [each["lane"] for each in box.truth()] == ["human_agent"]


def test_feedback_and_news_tags_have_conditions(box: Sandbox) -> None:
    """One carries its template alone, the other is for Pages in the news index."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(30))
    template = {"template_type": "customer_feedback", "title": "How was it?", "feedback_screens": [{"questions": []}]}
    feedback = {"messaging_type": "MESSAGE_TAG", "tag": "CUSTOMER_FEEDBACK"}
    news = {"messaging_type": "MESSAGE_TAG", "tag": "NON_PROMOTIONAL_SUBSCRIPTION"}

    assert refusal(box.send(PAGE, {"id": ANNA}, **feedback)) == (100, None)
    attached = {"attachment": {"type": "template", "payload": template}}
    assert box.send(PAGE, {"id": ANNA}, message=attached, **feedback).status_code == 200
    assert refusal(box.send(PAGE, {"id": ANNA}, **news)) == (10, 2018065)


def test_a_blocked_page_reaches_nobody(box: Sandbox) -> None:
    """The window does not help."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(1), blocked=True)

    assert refusal(box.send(PAGE, {"id": ANNA})) == (551, 1545041)
    action = box.post(f"/v25.0/{PAGE}/messages", {"recipient": {"id": ANNA}, "sender_action": "typing_on"})
    assert refusal(action) == (551, 1545041)
    assert box.truth() == []


def test_a_comment_allows_one_private_reply_within_a_week(box: Sandbox, clock: Clock) -> None:
    """A second reply, an old comment and an unknown one are refused."""
    box.add(PAGE, ANNA, comment_id="c1")
    box.add(PAGE, ANNA, comment_id="c2")

    assert box.send(PAGE, {"comment_id": "c1"}).json()["recipient_id"] == ANNA
    assert refusal(box.send(PAGE, {"comment_id": "c1"})) == (100, None)
    assert refusal(box.send(PAGE, {"comment_id": "unknown"})) == (100, 33)
    clock.advance(days=7)
    assert refusal(box.send(PAGE, {"comment_id": "c2"})) == (10, 2018278)
    assert [each["lane"] for each in box.truth()] == ["private_reply"]


def test_an_answer_by_another_name_names_no_recipient(box: Sandbox) -> None:
    """user_ref and phone_number find the person, and their answers do not tell the psid."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(1), user_ref="checkbox-7", phone_number="+15550100")

    for recipient in ({"user_ref": "checkbox-7"}, {"phone_number": "+15550100"}):
        assert box.send(PAGE, recipient).json().keys() == {"message_id"}
    assert refusal(box.send(PAGE, {"phone_number": "+15550199"})) == (100, 2018001)


def test_sender_actions_are_shown(box: Sandbox) -> None:
    """They are no messages, and one that does not exist is refused."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(1))
    call = {"recipient": {"id": ANNA}, "sender_action": "typing_on"}

    assert box.post(f"/v25.0/{PAGE}/messages", call).json() == {"recipient_id": ANNA}
    assert refusal(box.post(f"/v25.0/{PAGE}/messages", {**call, "sender_action": "dance"})) == (100, None)
    assert box.truth() == []
