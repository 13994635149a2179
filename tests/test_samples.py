"""What the sample logs promise: the same by seed, shaped as Meta's, and true to themselves from opt-in to last read."""

import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
import zstandard

from pipelines.resources import data_path
from pipelines.samples import SampleSummary, write_logs

ENDS_AT = datetime(2026, 11, 20, tzinfo=UTC)
DAYS = 429
TAIPEI_PAGE = "108444444444444"
METADATA = re.compile(r"clear-to-send/1 send=\S+ lane=otn token=([0-9a-f]{32})")


class Item(NamedTuple):
    """One event of one delivery."""

    object: str
    channel: str
    received_ms: int
    content: dict[str, Any]


class Sample(NamedTuple):
    """A written sample: its summary, its lines, and the events in them."""

    summary: SampleSummary
    lines: list[str]
    items: list[Item]


def read_lines(files: tuple[Path, ...]) -> list[str]:
    """Lines of all files in the order of their names, .zst or plain."""
    lines: list[str] = []
    for path in sorted(files):
        raw = path.read_bytes()
        if path.suffix == ".zst":
            raw = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(raw)).read()
        lines += raw.decode("ascii").splitlines()
    return lines


def deliveries(lines: list[str]) -> Iterator[dict[str, Any]]:
    """The lines that are JSON with an object and at least one entry."""
    for line in lines:
        try:
            body = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(body, dict) and body.get("object") and body.get("entry"):
            yield body


def read_items(lines: list[str]) -> Iterator[Item]:
    """Every event of every delivery; moments in milliseconds."""
    for body in deliveries(lines):
        for entry in body["entry"]:
            for channel in ("messaging", "standby", "changes"):
                received_ms = entry["time"] * (1000 if channel == "changes" else 1)
                for content in entry.get(channel, []):
                    yield Item(body["object"], channel, received_ms, content)


def text_of(content: dict[str, Any]) -> str:
    """An event's content, to be compared."""
    return json.dumps(content, sort_keys=True)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """20,000 events written exactly as the committed sample was."""
    folder = tmp_path_factory.mktemp("sample") / "logs"
    summary = write_logs(folder, events=20_000, seed=7, ends_at=ENDS_AT, days=DAYS, segments=4)
    lines = read_lines(summary.files)
    return Sample(summary, lines, list(read_items(lines)))


@pytest.fixture(scope="module")
def one_time_optins(sample: Sample) -> dict[str, tuple[str, str, int]]:
    """{md5 of the token: (psid, topic, moment in ms)} of every one-time opt-in."""
    return {
        hashlib.md5(optin["one_time_notif_token"].encode(), usedforsecurity=False).hexdigest(): (
            item.content["sender"]["id"],
            optin["payload"],
            item.content["timestamp"],
        )
        for item in sample.items
        if (optin := item.content.get("optin", {})).get("type") == "one_time_notif_req"
    }


def test_committed_sample_is_what_the_generator_writes(sample: Sample) -> None:
    """The logs under data/samples are these 20,000 events, line by line, and small enough to commit."""
    committed = tuple(data_path("samples", "logs").glob("*.jsonl.zst"))
    assert read_lines(committed) == sample.lines
    assert sum(path.stat().st_size for path in committed) < 620_000


def test_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    """Neither a second run nor the number of threads changes a byte."""
    once, again = (
        write_logs(tmp_path / str(threads), events=3_000, seed=11, ends_at=ENDS_AT, segments=2, threads=threads)
        for threads in (1, 3)
    )
    assert [path.read_bytes() for path in once.files] == [path.read_bytes() for path in again.files]
    assert [path.name for path in once.files] == [path.name for path in again.files]


def test_another_seed_gives_another_sample(tmp_path: Path) -> None:
    """Two seeds share neither people nor tokens, though their shape is the same."""
    mine, other = (
        write_logs(tmp_path / str(seed), events=2_000, seed=seed, ends_at=ENDS_AT, segments=1) for seed in (1, 2)
    )
    tokens = [re.findall(r'one_time_notif_token":"(\d+)"', "\n".join(read_lines(part.files))) for part in (mine, other)]
    assert set(tokens[0]).isdisjoint(tokens[1])
    assert mine.events == pytest.approx(other.events, rel=0.15)


def test_every_line_is_a_delivery_torn_or_junk(sample: Sample) -> None:
    """The summary counts the lines; what is not a delivery with entries was counted as torn or junk."""
    summary = sample.summary
    assert summary.lines == len(sample.lines)
    assert len(sample.lines) - sum(1 for _ in deliveries(sample.lines)) == summary.torn_lines + summary.junk_lines
    assert summary.torn_lines > 0
    assert summary.junk_lines > 0


def test_torn_lines_stand_before_the_whole_line(sample: Sample) -> None:
    """A torn line is the beginning of the line after it: Meta sent that delivery again."""
    pairs = zip(sample.lines, sample.lines[1:], strict=False)
    torn = [line for line, following in pairs if line != following and following.startswith(line)]
    assert len(torn) == sample.summary.torn_lines


def test_events_and_duplicates_add_up(sample: Sample) -> None:
    """Distinct events and those that came before, as counted, are all the events in the files."""
    distinct = {text_of(item.content) for item in sample.items}
    assert len(distinct) == sample.summary.events
    assert len(sample.items) - len(distinct) == sample.summary.duplicates


def test_events_are_about_as_many_as_asked_for(sample: Sample) -> None:
    """20,000 asked for are met within 3 %."""
    assert sample.summary.events == pytest.approx(20_000, rel=0.03)


def test_repeats_come_later_within_36_hours(sample: Sample) -> None:
    """Meta's redelivery is the very same event under a later entry.time; some are copies on the standby channel."""
    first: dict[str, Item] = {}
    gaps, copies = [], 0
    for item in sorted(sample.items, key=lambda item: item.received_ms):
        before = first.setdefault(text_of(item.content), item)
        if before is not item:
            gaps.append(item.received_ms - before.received_ms)
            copies += (before.channel, item.channel) == ("messaging", "standby")
    assert min(gaps) > 0
    assert max(gaps) <= timedelta(hours=36) / timedelta(milliseconds=1)
    assert copies == sample.summary.standby_copies > 0


def test_times_lie_within_the_days_asked_for(sample: Sample) -> None:
    """Everything happened, and arrived, between the first moment and the last."""
    starts_ms = (ENDS_AT - timedelta(days=DAYS)).timestamp() * 1000
    moments = [item.content["timestamp"] for item in sample.items if "timestamp" in item.content]
    assert starts_ms <= min(moments)
    assert max(item.received_ms for item in sample.items) < ENDS_AT.timestamp() * 1000
    assert all(item.received_ms > item.content["timestamp"] for item in sample.items if "timestamp" in item.content)


def test_lines_come_in_order_of_arrival_but_for_seconds(sample: Sample) -> None:
    """Within and across files no line comes more than six seconds out of order, and some do."""
    arrivals = [body["entry"][0]["time"] for body in deliveries(sample.lines)]
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


@pytest.fixture(scope="module")
def kinds_found(sample: Sample) -> set[str]:
    """The names of all events in the sample."""
    return {name for item in sample.items for name in kinds_of(item)}


@pytest.mark.parametrize(
    "kind",
    [
        "message", "text", "attachments", "quick_reply", "reply_to", "echo", "metadata", "postback", "delivery", "read",
        "reaction", "react", "unreact", "referral", "SHORTLINK", "ADS", "message_edit", "pass_thread_control",
        "one_time_notif_req", "notification_messages", "NOT_REFRESHED", "REFRESHED", "STOP NOTIFICATIONS",
        "RESUME NOTIFICATIONS", "policy_enforcement", "warning", "block", "unblock", "standby", "changes", "instagram",
    ],
)  # fmt: skip
def test_every_kind_of_event_is_there(kinds_found: set[str], kind: str) -> None:
    """20,000 events hold each kind that a log of fourteen months would."""
    assert kind in kinds_found


def test_some_deliveries_hold_several_items_or_entries(sample: Sample) -> None:
    """Mostly one event a delivery, but not always."""
    shapes = Counter(
        (
            len(body["entry"]),
            max(len(entry[key]) for entry in body["entry"] for key in entry if key not in {"id", "time"}),
        )
        for body in deliveries(sample.lines)
    )
    assert shapes[1, 1] > 0.98 * sum(shapes.values())
    assert shapes[1, 2] > 0
    assert shapes[2, 1] > 0


def test_tokens_are_spent_once_after_their_optin_and_within_a_year(
    sample: Sample, one_time_optins: dict[str, tuple[str, str, int]]
) -> None:
    """Every echo of a past campaign names a token that the same person had given within the year before."""
    spent: dict[str, int] = {}
    for item in sample.items:
        message = item.content.get("message", {})
        if "metadata" in message:
            match = METADATA.fullmatch(message["metadata"])
            assert match
            psid, _, opted_in_ms = one_time_optins[match[1]]
            assert item.content["recipient"]["id"] == psid
            assert 0 < item.content["timestamp"] - opted_in_ms < timedelta(days=365) / timedelta(milliseconds=1)
            assert spent.setdefault(match[1], item.content["timestamp"]) == item.content["timestamp"]
    assert 0.3 < len(spent) / len(one_time_optins) < 0.4
    assert 12 < sample.summary.events / len(one_time_optins) < 15


def test_deliveries_and_reads_follow_a_message_of_the_page(sample: Sample) -> None:
    """A receipt is later than its watermark, and at the watermark the Page had written what it confirms."""
    sent: dict[str, dict[str, int]] = {}
    for item in sample.items:
        message = item.content.get("message", {})
        if message.get("is_echo"):
            sent.setdefault(item.content["recipient"]["id"], {})[message["mid"]] = item.content["timestamp"]
    for item in sample.items:
        receipt = item.content.get("delivery") or item.content.get("read")
        if receipt and "watermark" in receipt:
            mine = sent[item.content["sender"]["id"]]
            assert item.content["timestamp"] > receipt["watermark"] >= min(mine.values())
            assert all(mine[mid] <= receipt["watermark"] for mid in receipt.get("mids", []))


def test_marketing_optins_taper_after_the_product_ends(sample: Sample) -> None:
    """Most marketing opt-ins came before February 2026, each with its expiry in milliseconds and a time zone."""
    given = [
        (item.content["timestamp"], item.content["optin"])
        for item in sample.items
        if item.content.get("optin", {}).get("type") == "notification_messages"
        and "notification_messages_status" not in item.content["optin"]
    ]
    before = [moment for moment, _ in given if moment < datetime(2026, 2, 10, tzinfo=UTC).timestamp() * 1000]
    assert len(before) > 0.7 * len(given)
    assert all(optin["token_expiry_timestamp"] > moment for moment, optin in given)
    assert len({optin["notification_messages_timezone"] for _, optin in given}) > 5


def test_topics_differ_in_size_and_in_what_is_left(
    sample: Sample, one_time_optins: dict[str, tuple[str, str, int]]
) -> None:
    """Some topics are nearly run dry, the newest is nearly untouched."""
    given = Counter(topic for _, topic, _ in one_time_optins.values())
    spent = Counter(
        one_time_optins[match[1]][1]
        for match in {METADATA.search(line.replace("\\/", "/")) for line in sample.lines if "clear-to-send" in line}
        if match
    )
    assert len(given) >= 12
    assert max(given.values()) > 4 * min(given.values())
    assert spent["launch:summit-pack"] > 0.8 * given["launch:summit-pack"]
    assert spent["launch:autumn-collection"] < 0.3 * given["launch:autumn-collection"]


def test_people_write_in_the_evening_and_more_from_month_to_month(sample: Sample) -> None:
    """The Page in Taipei hears far more at eight to eleven than at two to five, and more in its last quarter."""
    moments = [
        datetime.fromtimestamp(item.content["timestamp"] / 1000, ZoneInfo("Asia/Taipei"))
        for item in sample.items
        if "message" in item.content and item.content["recipient"]["id"] == TAIPEI_PAGE
    ]
    by_hour = Counter(moment.hour for moment in moments)
    assert sum(by_hour[hour] for hour in (20, 21, 22)) > 8 * sum(by_hour[hour] for hour in (2, 3, 4))
    quarter = timedelta(days=DAYS / 4)
    first = sum(moment < ENDS_AT - 3 * quarter for moment in moments)
    assert sum(moment >= ENDS_AT - quarter for moment in moments) > 1.5 * first


def test_compressed_segments_hold_the_same_lines(tmp_path: Path) -> None:
    """Compression changes the names and nothing else, and no plain file stays behind."""
    plain = write_logs(tmp_path / "plain", events=1_000, seed=3, ends_at=ENDS_AT, segments=2)
    packed = write_logs(tmp_path / "packed", events=1_000, seed=3, ends_at=ENDS_AT, segments=2, compression=3)
    assert read_lines(packed.files) == read_lines(plain.files)
    assert {path.name for path in (tmp_path / "packed").iterdir()} == {f"{path.name}.zst" for path in plain.files}
    assert replace(packed, files=()) == replace(plain, files=())


@pytest.mark.parametrize("events", [1, 500])
def test_tiny_samples_work(tmp_path: Path, events: int) -> None:
    """A handful of events is a sample too, and nothing but the segments is left in the folder's parent."""
    summary = write_logs(tmp_path / "logs", events=events, seed=5, ends_at=ENDS_AT, segments=2)
    assert summary.events > 0
    assert len(read_lines(summary.files)) == summary.lines
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


def test_a_sample_may_end_at_any_moment_and_last_any_number_of_days(tmp_path: Path) -> None:
    """The last event lies just before the end, also in the middle of a day; segments are named by their first moment."""
    ends_at = datetime(2027, 3, 2, 20, 17, 5, 120_000, tzinfo=UTC)
    summary = write_logs(tmp_path, events=4_000, seed=5, ends_at=ends_at, days=30, segments=2)
    arrived = [item.received_ms for item in read_items(read_lines(summary.files))]
    assert 0 < ends_at.timestamp() * 1000 - max(arrived) < timedelta(hours=12) / timedelta(milliseconds=1)
    assert summary.files[0].name == "2027-01-31T20-17-05Z.jsonl"
