"""What the sample logs tell: every kind of event, and each true to the others from opt-in to last read."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipelines import DATA
from tests.sample_logs import Item, content_key, deliveries, read_items, read_lines

ENDS_AT = datetime(2026, 11, 20, tzinfo=UTC)
DAYS = 429
HOUR_MS = 3_600_000
ENDS_MS = int(ENDS_AT.timestamp() * 1000)
TAIPEI_PAGE = "108444444444444"
METADATA = re.compile(r"clear-to-send/1 send=\S+ lane=otn token=([0-9a-f]{32})")
FOLLOW_UP = re.compile(r"clear-to-send/1 send=f\S+ lane=(tag:[A-Z_]+)")
KINDS = {
    *("message", "text", "attachments", "quick_reply", "reply_to", "message_edit", "pass_thread_control", "postback"),
    *("echo", "metadata", "delivery", "read", "reaction", "react", "unreact", "referral", "SHORTLINK", "ADS"),
    *("one_time_notif_req", "notification_messages", "NOT_REFRESHED", "REFRESHED"),
    *("STOP NOTIFICATIONS", "RESUME NOTIFICATIONS", "policy_enforcement", "warning", "block", "unblock"),
    *("messaging", "standby", "changes", "page", "instagram"),
}


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """The committed sample, which is what the generator writes (see test_samples)."""
    return read_lines((DATA / "samples" / "logs").glob("*.jsonl.zst"))


@pytest.fixture(scope="module")
def items(lines: list[str]) -> list[Item]:
    """Every event of the committed sample."""
    return list(read_items(lines))


@pytest.fixture(scope="module")
def one_time_optins(items: list[Item]) -> dict[str, tuple[str, str, int]]:
    """{md5 of the token: (psid, topic, moment in ms)} of every one-time opt-in."""
    given = {}
    for content in (item.content for item in items):
        if token := content.get("optin", {}).get("one_time_notif_token"):
            key = hashlib.md5(token.encode(), usedforsecurity=False).hexdigest()
            given[key] = (content["sender"]["id"], content["optin"]["payload"], content["timestamp"])
    return given


@pytest.fixture(scope="module")
def spent_tokens(items: list[Item]) -> dict[str, list[tuple[str, int]]]:
    """{md5 of the token: [(psid, moment in ms)]} of every send of a past campaign, repeats left out."""
    spent: dict[str, set[tuple[str, int]]] = {}
    for content in (item.content for item in items):
        if metadata := content.get("message", {}).get("metadata"):
            match = METADATA.fullmatch(metadata)
            assert match or FOLLOW_UP.fullmatch(metadata), metadata
            if not match:
                continue
            spent.setdefault(match[1], set()).add((content["recipient"]["id"], content["timestamp"]))
    return {key: sorted(sends) for key, sends in spent.items()}


def test_times_lie_within_the_days_asked_for(items: list[Item]) -> None:
    """Everything happened, and arrived, between the first moment and the last."""
    starts_ms = ENDS_MS - DAYS * 24 * HOUR_MS
    moments = [item.content["timestamp"] for item in items if "timestamp" in item.content]
    assert starts_ms <= min(moments)
    assert max(item.received_ms for item in items) < ENDS_MS
    assert all(item.received_ms > item.content["timestamp"] for item in items if "timestamp" in item.content)


def test_lines_come_in_order_of_arrival_but_for_seconds(lines: list[str]) -> None:
    """Within and across files no line comes more than six seconds out of order, and some do."""
    arrivals = [body["entry"][0]["time"] for body in deliveries(lines)]
    latest, out_of_order = 0, []
    for arrival in (each for each in arrivals if each > 10**11):
        out_of_order.append(max(0, latest - arrival))
        latest = max(latest, arrival)
    assert 0 < max(out_of_order) <= 6_000
    assert sum(each > 0 for each in out_of_order) < len(arrivals) * 0.02


def kinds_of(item: Item) -> Iterator[str]:
    """Every name under which the specification lists this event."""
    content = item.content
    message, optin = content.get("message", {}), content.get("optin", {})
    yield from (item.object, item.channel)
    yield from ("echo" if message.get("is_echo") else key for key in content)
    yield from (key for key in message if key in {"text", "attachments", "quick_reply", "reply_to", "metadata"})
    yield from (optin[key] for key in ("type", "user_token_status", "notification_messages_status") if key in optin)
    yield content.get("referral", {}).get("source", "")
    yield content.get("policy_enforcement", {}).get("action", "")
    yield content.get("reaction", {}).get("action", "")


def test_every_kind_of_event_is_there(items: list[Item]) -> None:
    """20,000 events hold each kind that a log of fourteen months would."""
    assert {name for item in items for name in kinds_of(item)} >= KINDS


def test_some_deliveries_hold_several_items_or_entries(lines: list[str]) -> None:
    """Mostly one event a delivery, but not always."""
    shapes = Counter(
        (
            len(body["entry"]),
            max(len(entry[key]) for entry in body["entry"] for key in entry if key not in {"id", "time"}),
        )
        for body in deliveries(lines)
    )
    assert shapes[1, 1] > 0.98 * sum(shapes.values())
    assert shapes[1, 2] > 0
    assert shapes[2, 1] > 0


def test_tokens_are_spent_once_after_their_optin_and_within_a_year(
    items: list[Item], one_time_optins: dict[str, tuple[str, str, int]], spent_tokens: dict[str, list[tuple[str, int]]]
) -> None:
    """Every send of a past campaign names a token that the same person had given within the year before."""
    for token, sends in spent_tokens.items():
        psid, _, opted_in_ms = one_time_optins[token]
        [(recipient, sent_ms)] = sends
        assert recipient == psid
        assert 0 < sent_ms - opted_in_ms < 365 * 24 * HOUR_MS
    assert 0.3 < len(spent_tokens) / len(one_time_optins) < 0.4
    assert 12 < len({content_key(item) for item in items}) / len(one_time_optins) < 15


def test_deliveries_and_reads_follow_a_message_of_the_page(items: list[Item]) -> None:
    """A receipt is later than its watermark, and at the watermark the Page had written what it confirms."""
    sent: dict[str, dict[str, int]] = {}
    for item in items:
        message = item.content.get("message", {})
        if message.get("is_echo"):
            sent.setdefault(item.content["recipient"]["id"], {})[message["mid"]] = item.content["timestamp"]
    for item in items:
        receipt = item.content.get("delivery") or item.content.get("read")
        if receipt and "watermark" in receipt:
            mine = sent[item.content["sender"]["id"]]
            assert item.content["timestamp"] > receipt["watermark"] >= min(mine.values())
            assert all(mine[mid] <= receipt["watermark"] for mid in receipt.get("mids", []))


def test_marketing_optins_taper_after_the_product_ends(items: list[Item]) -> None:
    """Most marketing opt-ins came before February 2026, each with its expiry in milliseconds and a time zone."""
    contents = [item.content for item in items if "notification_messages_token" in item.content.get("optin", {})]
    given = [content for content in contents if "notification_messages_status" not in content["optin"]]
    before = [each for each in given if each["timestamp"] < datetime(2026, 2, 10, tzinfo=UTC).timestamp() * 1000]
    assert len(before) > 0.7 * len(given)
    assert all(content["optin"]["token_expiry_timestamp"] > content["timestamp"] for content in given)
    assert len({content["optin"]["notification_messages_timezone"] for content in given}) > 5


def test_topics_differ_in_size_and_in_what_is_left(
    one_time_optins: dict[str, tuple[str, str, int]], spent_tokens: dict[str, list[tuple[str, int]]]
) -> None:
    """Some topics are nearly run dry, the newest is nearly untouched."""
    given = Counter(topic for _, topic, _ in one_time_optins.values())
    spent = Counter(one_time_optins[token][1] for token in spent_tokens)
    assert len(given) >= 12
    assert max(given.values()) > 4 * min(given.values())
    assert spent["launch:summit-pack"] > 0.8 * given["launch:summit-pack"]
    assert spent["launch:autumn-collection"] < 0.3 * given["launch:autumn-collection"]


def test_people_write_in_the_evening_and_more_from_month_to_month(items: list[Item]) -> None:
    """The Page in Taipei hears far more at eight to eleven than at two to five, and more in its last quarter."""
    moments = [
        datetime.fromtimestamp(item.content["timestamp"] / 1000, ZoneInfo("Asia/Taipei"))
        for item in items
        if "message" in item.content and item.content["recipient"]["id"] == TAIPEI_PAGE
    ]
    by_hour = Counter(moment.hour for moment in moments)
    assert sum(by_hour[hour] for hour in (20, 21, 22)) > 8 * sum(by_hour[hour] for hour in (2, 3, 4))
    quarter = timedelta(days=DAYS / 4)
    first = sum(moment < ENDS_AT - 3 * quarter for moment in moments)
    assert sum(moment >= ENDS_AT - quarter for moment in moments) > 1.5 * first


def test_follow_ups_name_the_lane_they_went_by(items: list[Item]) -> None:
    """Some go under a tag, a day or more after the conversation: what the compliance page has to judge."""
    named = [content.get("message", {}).get("metadata", "") for content in (item.content for item in items)]
    lanes = {match[1] for metadata in named if (match := FOLLOW_UP.fullmatch(metadata))}

    assert {"tag:POST_PURCHASE_UPDATE", "tag:HUMAN_AGENT"} <= lanes
