"""What tokens allow: one-time notifications and marketing messages."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.conftest import QUIET
from tests.sandbox.serving import START, Clock, Sandbox, sandbox
from tests.sandbox.test_window import ANNA, PAGE, hours_ago, refusal

OTN = {"one_time_notif_token": "T1"}
MARKETING = {"notification_messages_token": "M1"}


def days_ago(days: float) -> str:
    """Return a moment before the start."""
    return (START - timedelta(days=days)).isoformat()


def test_a_token_is_good_for_one_message(box: Sandbox) -> None:
    """Also far outside the window; then it is spent."""
    box.add(PAGE, ANNA, otn_token="T1", opted_in_at=days_ago(90))

    answer = box.send(PAGE, OTN, "Back in stock")

    assert answer.json()["recipient_id"] == ANNA
    assert refusal(box.send(PAGE, OTN)) == (100, None)
    assert [(each["lane"], each["token"], each["text"]) for each in box.truth()] == [("otn", "T1", "Back in stock")]


def test_inside_the_window_a_token_is_spent_all_the_same(box: Sandbox) -> None:
    """The open window spares it nothing, and sending to the psid does not spend it."""
    box.add(PAGE, ANNA, otn_token="T1", wrote_at=hours_ago(1))

    assert box.send(PAGE, {"id": ANNA}).status_code == 200
    assert box.send(PAGE, OTN).status_code == 200
    assert refusal(box.send(PAGE, OTN)) == (100, None)


@pytest.mark.parametrize("token", ["garbage", "M1"])
def test_what_is_no_one_time_token_is_invalid(box: Sandbox, token: str) -> None:
    """Neither garbage nor a token of the other kind."""
    box.add(PAGE, ANNA, otn_token="T1", marketing_token="M1", timezone="Europe/Berlin")

    assert refusal(box.send(PAGE, {"one_time_notif_token": token})) == (100, None)


def test_a_token_of_another_page_is_invalid(box: Sandbox) -> None:
    """The Page that was given it may use it, and no other."""
    box.add(PAGE, ANNA, otn_token="T1")
    box.add("2", "77")

    assert refusal(box.send("2", OTN)) == (100, None)


def test_a_token_dies_with_its_lifetime(box: Sandbox, clock: Clock) -> None:
    """To the hour, by the rule book."""
    box.add(PAGE, ANNA, otn_token="T1", opted_in_at=days_ago(363))
    box.add(PAGE, ANNA, otn_token="T2", opted_in_at=days_ago(363))
    clock.advance(hours=23)
    assert box.send(PAGE, OTN).status_code == 200

    clock.advance(hours=1)

    assert refusal(box.send(PAGE, {"one_time_notif_token": "T2"})) == (100, None)


@pytest.mark.parametrize("extra", [{"tag": "HUMAN_AGENT"}, {"messaging_type": "UTILITY"}])
def test_a_one_time_notification_carries_no_tag(box: Sandbox, extra: dict[str, Any]) -> None:
    """None is needed, none is provided for; the token is not spent."""
    box.add(PAGE, ANNA, otn_token="T1")

    assert refusal(box.send(PAGE, OTN, **extra)) == (100, None)
    assert box.send(PAGE, OTN).status_code == 200


@pytest.mark.parametrize(("psid", "code"), [("24000000000000002", 551), ("24000000000000001", 200)])
def test_a_blocked_person_spends_no_token(box: Sandbox, psid: str, code: int) -> None:
    """Two codes are known for it; once the person is back the token works."""
    box.add(PAGE, psid, otn_token="T1", blocked=True)
    assert refusal(box.send(PAGE, OTN)) == (code, 1545041)

    box.add(PAGE, psid, blocked=False)

    assert box.send(PAGE, OTN).status_code == 200


def test_a_refused_message_spends_no_token(box: Sandbox) -> None:
    """A text that is too long, then one that is not."""
    box.add(PAGE, ANNA, otn_token="T1")

    assert refusal(box.send(PAGE, OTN, "x" * 2000)) == (100, None)
    assert box.send(PAGE, OTN, "x" * 1999).status_code == 200


def test_marketing_keeps_its_distance(box: Sandbox, clock: Clock) -> None:
    """48 hours for a person, whichever of their tokens; the follow-ups to an opt-in are over by then."""
    for token in ("M1", "M2"):
        box.add(PAGE, ANNA, marketing_token=token, timezone="Europe/Berlin", opted_in_at=days_ago(30))

    assert box.send(PAGE, MARKETING).status_code == 200
    assert refusal(box.send(PAGE, MARKETING)) == (4, 2018354)
    assert refusal(box.send(PAGE, {"notification_messages_token": "M2"})) == (4, 2018354)
    clock.advance(hours=48)
    assert box.send(PAGE, MARKETING).status_code == 200
    assert {each["lane"] for each in box.truth()} == {"marketing"}


def test_a_weekly_token_has_its_own_pace(box: Sandbox, clock: Clock) -> None:
    """48 hours are not enough for it."""
    box.add(PAGE, ANNA, marketing_token="M1", timezone="Asia/Tokyo", frequency="WEEKLY", opted_in_at=days_ago(9))
    assert box.send(PAGE, MARKETING).status_code == 200

    clock.advance(hours=49)

    assert refusal(box.send(PAGE, MARKETING)) == (4, 2018354)
    clock.advance(days=5)
    assert box.send(PAGE, MARKETING).status_code == 200


def test_an_opt_in_may_be_followed_up_at_once(box: Sandbox) -> None:
    """Three times within two minutes."""
    box.add(PAGE, ANNA, marketing_token="M1", timezone="Europe/London", opted_in_at=START.isoformat())

    assert [box.send(PAGE, MARKETING).status_code for _ in range(4)] == [200, 200, 200, 403]


def test_whoever_stopped_gets_none(box: Sandbox) -> None:
    """The stop has a code of its own."""
    box.add(PAGE, ANNA, marketing_token="M1", timezone="Europe/Berlin", opted_in_at=days_ago(3), stopped=True)

    assert refusal(box.send(PAGE, MARKETING)) == (10, 1893015)


@pytest.mark.parametrize(
    ("zone", "given", "works"),
    [
        ("Europe/Berlin", "2026-01-01", True),
        ("America/New_York", "2026-01-01", False),
        ("America/New_York", "2026-03-01", True),
        ("", "2026-03-01", False),
    ],
)
def test_the_marketing_lane_is_open_by_region(box: Sandbox, zone: str, given: str, works: bool) -> None:
    """Free ones go on in five regions; a region that nobody knows is a refusal."""
    expiry = "2027-01-01T00:00:00"
    box.add(PAGE, ANNA, marketing_token="M1", timezone=zone, opted_in_at=f"{given}T00:00:00", expires_at=expiry)

    answer = box.send(PAGE, MARKETING)

    assert (answer.status_code == 200) == works
    assert works or refusal(answer) == (100, None)


def test_an_expired_marketing_token_is_invalid(box: Sandbox, clock: Clock) -> None:
    """By the expiry that its opt-in named."""
    expiry = (START + timedelta(hours=1)).isoformat()
    box.add(PAGE, ANNA, marketing_token="M1", timezone="Europe/Paris", opted_in_at=days_ago(9), expires_at=expiry)

    clock.advance(hours=1)

    assert refusal(box.send(PAGE, MARKETING)) == (100, None)


def test_marketing_tokens_can_be_listed(box: Sandbox) -> None:
    """One-time tokens cannot."""
    box.add(PAGE, ANNA, marketing_token="M1", otn_token="T1")

    (listed,) = box.client.get(f"/v25.0/{PAGE}/notification_message_tokens?access_token=x").json()["data"]

    assert (listed["notification_messages_token"], listed["recipient_id"]) == ("M1", ANNA)


def test_one_time_notifications_were_off_in_japan(tmp_path: Path) -> None:
    """The lane's closing days are the rule book's."""
    with sandbox(tmp_path / "home", clock=Clock(datetime(2021, 5, 1)), people=QUIET) as box:
        zone = {"marketing_token": "M1", "timezone": "Asia/Tokyo", "opted_in_at": "2021-01-01T00:00:00"}
        box.add(PAGE, ANNA, **zone)
        box.add(PAGE, ANNA, otn_token="T1", opted_in_at="2021-02-01T00:00:00")

        assert refusal(box.send(PAGE, OTN)) == (100, None)
